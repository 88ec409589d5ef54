import type { LogLevel, RequestMethod, TraceEvent, WorkerEventName } from '../channel/messages.ts'

const ORDER: readonly LogLevel[] = ['debug', 'warn', 'error', 'none']

/** Under which of the public API's log tags an event is a line of the log. Those that are absent never are. */
const TAGS_OF_EVENT: Partial<Record<WorkerEventName, readonly string[]>> = {
  'transport.iceState': ['ice'],
  'transport.iceSelectedTuple': ['ice'],
  'transport.tuple': ['info'],
  'transport.rtcpTuple': ['info'],
  'transport.dtlsState': ['dtls', 'srtp'],
  'transport.sctpState': ['sctp'],
  'transport.trace': ['bwe'],
  'producer.score': ['score'],
  'producer.trace': ['rtp', 'rtcp'],
  'consumer.score': ['score'],
  'consumer.layers': ['simulcast', 'svc'],
  'consumer.trace': ['rtp', 'rtcp', 'rtx'],
  'dataConsumer.sctpSendBufferFull': ['message', 'sctp'],
  'dataConsumer.bufferedAmountLow': ['message', 'sctp'],
}

/** What a worker is told to log. */
export interface LogSettings {
  readonly logLevel?: LogLevel
  readonly logTags?: readonly string[]
}

/**
 * The worker's log: warnings and errors by level; at level `debug` also what happens, by subject, as far as its tag is on.
 * Never what a request carries: that may be a key.
 */
export class WorkerLog {
  #level: LogLevel = 'error'
  #tags: ReadonlySet<string> = new Set()
  readonly #write: (level: 'debug' | 'warn' | 'error', text: string) => void

  constructor(settings: LogSettings, write: (level: 'debug' | 'warn' | 'error', text: string) => void) {
    this.#write = write
    this.update(settings)
  }

  /** Changes what is given, and leaves the rest. */
  update({ logLevel, logTags }: LogSettings): void {
    this.#level = logLevel ?? this.#level
    if (logTags !== undefined) this.#tags = new Set(logTags)
  }

  write(level: 'debug' | 'warn' | 'error', text: string): void {
    if (ORDER.indexOf(level) >= ORDER.indexOf(this.#level)) this.#write(level, text)
  }

  /** A request came; subject `info`. */
  request(method: RequestMethod): void {
    if (this.#isOn(['info'])) this.#write('debug', `request ${method}`)
  }

  /** The application is being told something. */
  event(event: WorkerEventName, target: string, data: unknown): void {
    const tags = TAGS_OF_EVENT[event]
    if (tags === undefined || !this.#isOn(event.endsWith('.trace') ? tagsOfTrace(data as TraceEvent) : tags))
      return
    this.#write('debug', `${event} of ${target}: ${JSON.stringify(data)}`)
  }

  #isOn(tags: readonly string[]): boolean {
    return this.#level === 'debug' && tags.some((tag) => this.#tags.has(tag))
  }
}

/** Packets are of `rtp`, repairs of `rtx` as well, the estimate of `bwe`; everything else that is traced is RTCP. */
function tagsOfTrace({ type, info }: TraceEvent): readonly string[] {
  if (type === 'bwe' || type === 'probation') return ['bwe']
  if (type === 'rtp' || type === 'keyframe') return info.isRtx === true ? ['rtp', 'rtx'] : ['rtp']
  return ['rtcp']
}
