import * as z from 'zod'
import type { LocalAddresses } from '../config/network-addresses.ts'
import type { Logger } from '../observability/log.ts'
import { startErrors } from '../start-errors.ts'
import type { Engine, EngineRouter, EngineWebRtcServer, EngineWorker } from './engine.ts'
import { listenInfosFor } from './listen-infos.ts'
import { mediaCodecs } from './media-codecs.ts'

/** The part of an engine's dump that is counted; another engine's dump has none of it. */
const counters = z.record(z.string(), z.number()).optional()
const dumpSchema = z.object({ packetPort: counters, packetPath: counters })

/** What {@link MediaWorkers} needs. */
export type MediaWorkersOptions = {
  readonly engine: Engine
  readonly count: number
  /** Port of the first worker; 0: any free ones. */
  readonly mediaPort: number
  /** Whether to listen for TCP besides UDP. */
  readonly mediaTcp: boolean
  readonly addresses: LocalAddresses
  readonly announced: readonly string[]
  readonly log: Logger
  readonly onDied: () => void
}

type Slot = {
  readonly index: number
  worker: EngineWorker | undefined
  webRtcServer: EngineWebRtcServer | undefined
  /** Participants of the rooms placed here. */
  load: number
  failures: number
}

/** A room's place: its router, and the port that its transports share. */
export type RouterPlace = {
  readonly router: EngineRouter
  readonly webRtcServer: EngineWebRtcServer
  /** Adds to the load of the worker: +1 when a participant comes, −1 when one goes. */
  readonly addLoad: (participants: number) => void
}

const firstRetryMs = 100
const longestRetryMs = 5000

/** The media processes: started together, each on its port, replaced when one dies. */
export class MediaWorkers {
  readonly #options: MediaWorkersOptions
  readonly #slots: Slot[]
  readonly #retries = new Set<NodeJS.Timeout>()
  #closed = false

  constructor(options: MediaWorkersOptions) {
    this.#options = options
    this.#slots = Array.from({ length: options.count }, (_, index) => ({
      index,
      worker: undefined,
      webRtcServer: undefined,
      load: 0,
      failures: 0,
    }))
  }

  /** @throws StartError `portInUse` or `engineUnavailable` */
  async start(): Promise<void> {
    try {
      await Promise.all(this.#slots.map((slot) => this.#startSlot(slot)))
    } catch (cause) {
      this.close()
      throw this.#startErrorOf(cause)
    }
  }

  /** Live workers. */
  get size(): number {
    return this.#slots.filter((slot) => slot.worker !== undefined).length
  }

  /** Makes a router on the least loaded worker; undefined when no worker lives. */
  async place(): Promise<RouterPlace | undefined> {
    const slot = this.#slots
      .filter((candidate) => candidate.worker !== undefined)
      .sort((a, b) => a.load - b.load)[0]
    const { worker, webRtcServer } = slot ?? {}
    if (slot === undefined || worker === undefined || webRtcServer === undefined) return undefined
    // Counted before the router is there, so that rooms made at once spread over the workers.
    slot.load += 1
    try {
      const router = await worker.createRouter({ mediaCodecs })
      return {
        router,
        webRtcServer,
        addLoad: (participants) => {
          if (slot.worker === worker) slot.load += participants
        },
      }
    } finally {
      if (slot.worker === worker) slot.load -= 1
    }
  }

  /** CPU seconds of each live worker. A worker that gives no answer is left out. */
  cpuSeconds(): Promise<{ pid: number; seconds: number }[]> {
    return this.#askAll(async (worker) => {
      const { ru_utime, ru_stime } = await worker.getResourceUsage()
      return { pid: worker.pid, seconds: (ru_utime + ru_stime) / 1000 }
    })
  }

  /** Each live worker's packets by what became of them. A worker that gives no answer is left out. */
  packetCounts(): Promise<{ pid: number; counts: Readonly<Record<string, number>> }[]> {
    return this.#askAll(async (worker) => {
      const { packetPort, packetPath } = dumpSchema.parse(await worker.dump())
      return { pid: worker.pid, counts: { ...packetPort, ...packetPath } }
    })
  }

  async #askAll<Answer>(ask: (worker: EngineWorker) => Promise<Answer>): Promise<Answer[]> {
    const workers = this.#slots.flatMap(({ worker }) => (worker === undefined ? [] : [worker]))
    const answers = await Promise.allSettled(workers.map(ask))
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  }

  /** Ends all workers. */
  close(): void {
    this.#closed = true
    for (const timer of this.#retries) clearTimeout(timer)
    for (const slot of this.#slots) {
      slot.worker?.close()
      slot.worker = undefined
    }
  }

  async #startSlot(slot: Slot): Promise<void> {
    const { engine, mediaPort, mediaTcp, addresses, announced, log } = this.#options
    const worker = await engine.createWorker({ logLevel: 'warn' })
    if (this.#closed) {
      worker.close()
      return
    }
    worker.on('died', () => this.#handleDied(slot, worker))
    const port = mediaPort === 0 ? 0 : mediaPort + slot.index
    try {
      slot.webRtcServer = await worker.createWebRtcServer({
        listenInfos: listenInfosFor(addresses, announced, port, mediaTcp),
      })
    } catch (error) {
      worker.close()
      throw error
    }
    slot.worker = worker
    slot.load = 0
    log.info({ worker: slot.index, pid: worker.pid, port }, 'media worker started')
  }

  #handleDied(slot: Slot, worker: EngineWorker): void {
    if (slot.worker !== worker) return
    slot.worker = undefined
    slot.webRtcServer = undefined
    this.#options.log.error({ worker: slot.index, pid: worker.pid }, 'media worker died')
    this.#options.onDied()
    this.#restart(slot)
  }

  #restart(slot: Slot): void {
    if (this.#closed) return
    const delayMs = Math.min(longestRetryMs, firstRetryMs * 2 ** slot.failures)
    const timer = setTimeout(() => {
      this.#retries.delete(timer)
      this.#startSlot(slot).then(
        () => {
          slot.failures = 0
        },
        (error: unknown) => {
          slot.failures += 1
          this.#options.log.error({ worker: slot.index, err: error }, 'media worker does not start')
          this.#restart(slot)
        },
      )
    }, delayMs)
    this.#retries.add(timer)
  }

  #startErrorOf(cause: unknown): Error {
    const message = cause instanceof Error ? cause.message : String(cause)
    return /EADDRINUSE|in use/i.test(message)
      ? startErrors.mediaPortInUse(this.#options.mediaPort, this.#options.count)
      : startErrors.engineUnavailable(cause)
  }
}
