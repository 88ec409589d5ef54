import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What is read at each scrape. */
export type MetricSources = {
  readonly connections: () => number
  readonly calls: () => number
  readonly rooms: () => number
  readonly participants: () => number
  readonly transports: () => number
  readonly producers: () => number
  readonly consumers: () => number
  readonly mediaWorkers: () => number
  /** Copies of streams on their way from one media worker to another. */
  readonly pipes: () => number
  /** Streams of receivers by why they are forwarded, or not. */
  readonly streamReasons: () => ReadonlyMap<string, number>
  /** Participants by the index of their media worker. */
  readonly workerParticipants: () => readonly number[]
  /** CPU seconds used by each live media worker, by its process id. */
  readonly workerCpuSeconds: () => Promise<readonly { readonly pid: number; readonly seconds: number }[]>
  /** Packets of each live media worker by what became of them, by its process id. */
  readonly workerPackets: () => Promise<
    readonly { readonly pid: number; readonly counts: Readonly<Record<string, number>> }[]
  >
}

/** The server's metrics in Prometheus's text format. */
export type Metrics = {
  readonly registry: Registry
  readonly messageStored: (ackMs: number) => void
  readonly requestAnswered: (event: string, outcome: string) => void
  readonly connectionRefused: (code: string) => void
  readonly workerDied: () => void
  /** Binds the gauges; before that they read 0. */
  readonly bind: (sources: MetricSources) => void
}

const gauges: {
  readonly [Key in keyof Omit<
    MetricSources,
    'workerCpuSeconds' | 'workerPackets' | 'streamReasons' | 'workerParticipants'
  >]: readonly [string, string]
} = {
  connections: ['sangam_connections', 'Socket connections'],
  calls: ['sangam_calls', 'Calls that ring or run'],
  rooms: ['sangam_rooms', 'Rooms that somebody is in'],
  participants: ['sangam_participants', 'Participants of rooms'],
  transports: ['sangam_transports', 'WebRTC transports of the media engine'],
  producers: ['sangam_producers', 'Streams published to the media engine'],
  consumers: ['sangam_consumers', 'Streams forwarded by the media engine'],
  mediaWorkers: ['sangam_media_workers', 'Live media workers'],
  pipes: ['sangam_media_pipes', 'Copies of streams that go from one media worker to another'],
}

/** Creates a registry of its own, so that several servers in one process stay apart. */
export const createMetrics = (): Metrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'sangam_process_' })
  const registers = [registry]
  let sources: MetricSources | undefined

  for (const [key, [name, help]] of Object.entries(gauges) as [
    keyof typeof gauges,
    readonly [string, string],
  ][]) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(sources?.[key]() ?? 0)
      },
    })
  }
  new Gauge({
    name: 'sangam_media_worker_cpu_seconds',
    help: 'CPU seconds used by a media worker',
    labelNames: ['pid'],
    registers,
    async collect() {
      this.reset()
      for (const { pid, seconds } of (await sources?.workerCpuSeconds()) ?? [])
        this.set({ pid: String(pid) }, seconds)
    },
  })
  new Gauge({
    name: 'sangam_streams',
    help: 'Streams of receivers by why they are forwarded, or not (docs/forwarding.md)',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset()
      for (const [reason, count] of sources?.streamReasons() ?? []) this.set({ reason }, count)
    },
  })
  new Gauge({
    name: 'sangam_media_worker_participants',
    help: 'Participants of rooms on a media worker',
    labelNames: ['worker'],
    registers,
    collect() {
      this.reset()
      for (const [worker, count] of (sources?.workerParticipants() ?? []).entries())
        this.set({ worker: String(worker) }, count)
    },
  })
  new Gauge({
    name: 'sangam_media_packets',
    help: "What became of a media worker's packets, bytes and system calls since it started (docs/packet-path.md)",
    labelNames: ['pid', 'count'],
    registers,
    async collect() {
      this.reset()
      for (const { pid, counts } of (await sources?.workerPackets()) ?? [])
        for (const [count, value] of Object.entries(counts)) this.set({ pid: String(pid), count }, value)
    },
  })
  const messages = new Counter({ name: 'sangam_messages_total', help: 'Messages stored', registers })
  const ackSeconds = new Histogram({
    name: 'sangam_message_ack_seconds',
    help: 'Time from a message to its commit',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  })
  const requests = new Counter({
    name: 'sangam_requests_total',
    help: 'Events answered, by outcome (ok or an error code)',
    labelNames: ['event', 'outcome'],
    registers,
  })
  const refused = new Counter({
    name: 'sangam_connections_refused_total',
    help: 'Handshakes refused, by error code',
    labelNames: ['code'],
    registers,
  })
  const died = new Counter({
    name: 'sangam_media_worker_deaths_total',
    help: 'Media workers that died',
    registers,
  })

  // Both labels are of closed lists; looking a child up by its labels each time would cost more than the counting.
  const children = new Map<string, Counter.Internal>()
  const childOf = (event: string, outcome: string): Counter.Internal => {
    const key = `${event} ${outcome}`
    const child = children.get(key) ?? requests.labels({ event, outcome })
    children.set(key, child)
    return child
  }

  return {
    registry,
    messageStored: (ackMs) => {
      messages.inc()
      ackSeconds.observe(ackMs / 1000)
    },
    requestAnswered: (event, outcome) => childOf(event, outcome).inc(),
    connectionRefused: (code) => refused.inc({ code }),
    workerDied: () => died.inc(),
    bind: (bound) => {
      sources = bound
    },
  }
}
