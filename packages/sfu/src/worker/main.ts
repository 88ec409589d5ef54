/**
 * The worker process: opens the packet port, gives the engine time and randomness, and carries the channel to the
 * application. Everything that decides is in the engine.
 */
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { unixMsToNtpUs } from '@sangam/rtp'
import type {
  ApplicationEvents,
  ToApplication,
  ToWorker,
  WorkerEventName,
  WorkerEvents,
} from '../channel/messages.ts'
import { certificateFingerprints } from './certificate.ts'
import { MAX_TRANSPORTS, type WorkerContext } from './context.ts'
import { Engine } from './engine.ts'
import { toChannelError } from './errors.ts'
import { hmacSha1 } from './packet-port/hmac-sha1.ts'
import { createPacketPort } from './packet-port/load.ts'
import { requestHandlers } from './requests.ts'
import { resourceUsage } from './resource-usage.ts'
import { SendPlan } from './send-plan.ts'
import { type LogSettings, WorkerLog } from './worker-log.ts'

/** While packets come the engine's clock runs with them; this is for when none do. */
const QUIET_TICK_MS = 100
/** While somebody waits for an answer that may not come. */
const IMPATIENT_TICK_MS = 20
/** While a probe of bandwidth is being sent: its packets shall leave evenly. */
const PROBE_TICK_MS = 5

interface WorkerSettings extends LogSettings {
  readonly dtlsCertificateFile?: string
  readonly dtlsPrivateKeyFile?: string
}

function start(settings: WorkerSettings): void {
  const send = (frame: ToApplication): void => {
    if (process.connected) process.send?.(frame)
  }
  const log = new WorkerLog(settings, (level, text) =>
    send({ event: 'worker.log', target: '', data: { level, text } }),
  )
  const emit = <Name extends WorkerEventName>(
    event: Name,
    target: string,
    data: WorkerEvents[Name],
  ): void => {
    log.event(event, target, data)
    send({ event, target, data })
  }

  const port = createPacketPort({
    ...(settings.dtlsCertificateFile === undefined
      ? {}
      : { certificatePem: readFileSync(settings.dtlsCertificateFile, 'utf8') }),
    ...(settings.dtlsPrivateKeyFile === undefined
      ? {}
      : { privateKeyPem: readFileSync(settings.dtlsPrivateKeyFile, 'utf8') }),
    onBatch: (count) => {
      engine.handleBatch(count)
      wind()
    },
    onSessionEvent: (session, event) => engine.handleSessionEvent(session, event),
  })
  const context: WorkerContext = {
    port,
    plan: new SendPlan(port),
    impatient: new Set(),
    transportSequences: new Uint16Array(MAX_TRANSPORTS),
    transportDueUs: new Float64Array(MAX_TRANSPORTS).fill(Number.POSITIVE_INFINITY),
    ntpOffsetUs: unixMsToNtpUs(Date.now()) - port.nowUs(),
    fingerprints: certificateFingerprints(port.certificate),
    nowUs: () => port.nowUs(),
    unixMs: () => Date.now(),
    random: (below) => randomInt(below),
    hmacSha1,
    emit,
    log: (level, text) => log.write(level, text),
  }
  const engine = new Engine(context)
  const end = (): void => {
    clearTimeout(probeTimer)
    clearTimeout(impatientTimer)
    port.close()
    // After the answer to the request that asked for it.
    setImmediate(() => process.exit(0))
  }
  const handlers = requestHandlers(engine, context, {
    resourceUsage,
    updateSettings: (changed) => log.update(changed),
    close: end,
  })
  let probeTimer: NodeJS.Timeout | undefined
  const probe = (): void => {
    probeTimer = undefined
    engine.probe(port.nowUs())
    wind()
  }
  let impatientTimer: NodeJS.Timeout | undefined
  const advance = (): void => {
    impatientTimer = undefined
    engine.advance()
    wind()
  }
  /** Sets the timers that what has just happened wants beside the port's quiet clock. */
  const wind = (): void => {
    if (engine.isProbing && probeTimer === undefined) probeTimer = setTimeout(probe, PROBE_TICK_MS)
    if (context.impatient.size > 0 && impatientTimer === undefined)
      impatientTimer = setTimeout(advance, IMPATIENT_TICK_MS)
  }
  port.startClock(QUIET_TICK_MS)

  process.on('message', (frame: ToWorker) => {
    if ('event' in frame) {
      if (frame.event === 'dataProducer.send') {
        engine.data.send(frame.target, frame.data as ApplicationEvents['dataProducer.send'])
      } else if (frame.event === 'producer.send')
        engine.send(frame.target, frame.data as { packet: Uint8Array })
      else engine.sendRtcp(frame.target, frame.data as { packet: Uint8Array })
      wind()
      return
    }
    try {
      const handler = handlers[frame.method] as ((data: unknown) => unknown) | undefined
      log.request(frame.method)
      if (handler === undefined) throw new Error(`unknown request ${String(frame.method)}`)
      send({ id: frame.id, ok: true, data: handler(frame.data) })
    } catch (error) {
      send({ id: frame.id, ok: false, error: toChannelError(error) })
    }
    context.plan.flush()
    wind()
  })
  // The application is gone, and with it everybody who could close anything here.
  process.on('disconnect', end)
  // A terminal's Ctrl-C reaches the whole process group; the application decides when its workers end.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGPIPE', 'SIGALRM', 'SIGUSR1', 'SIGUSR2'] as const) {
    process.on(signal, () => {})
  }
  emit('worker.running', '', { pid: process.pid })
}

try {
  start(JSON.parse(process.env.SANGAM_WORKER_SETTINGS ?? '{}') as WorkerSettings)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
  process.disconnect?.()
}
