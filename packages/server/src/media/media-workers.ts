import { setPriority } from 'node:os'
import * as z from 'zod'
import type { LocalAddresses } from '../config/network-addresses.ts'
import type { Logger } from '../observability/log.ts'
import { startErrors } from '../start-errors.ts'
import type { Engine, EngineRouter, EngineWebRtcServer, EngineWorker } from './engine.ts'
import { listenInfosFor } from './listen-infos.ts'
import { mediaCodecs } from './media-codecs.ts'
import { chooseWorker } from './placement.ts'

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
  /** Niceness of the processes; 0: as they are started. */
  readonly nice: number
  readonly addresses: LocalAddresses
  readonly announced: readonly string[]
  /** Participants of one room on one worker before the next ones go to another. */
  readonly roomSpread: number
  readonly log: Logger
  readonly onDied: () => void
}

/** One media worker as an operator sees it. */
export type MediaWorkerState = {
  readonly index: number
  /** Process id; undefined while it is down. */
  readonly pid: number | undefined
  /** `draining`: takes nobody, and its participants moved away. */
  readonly state: 'running' | 'draining' | 'down'
  readonly participants: number
  /** CPU seconds per second over the last seconds. */
  readonly cpuShare: number
}

type Slot = {
  readonly index: number
  worker: EngineWorker | undefined
  webRtcServer: EngineWebRtcServer | undefined
  isDraining: boolean
  /** Participants of the rooms placed here. */
  participants: number
  cpuShare: number
  cpuSeconds: number
  failures: number
}

/** A router with the port that its transports share. */
export type PlacedRouter = { readonly router: EngineRouter; readonly webRtcServer: EngineWebRtcServer }

/** Who hears of workers. */
export type WorkerListener = {
  /** A worker takes people (again). */
  readonly onAvailable?: () => void
  /** A worker shall be emptied. */
  readonly onDrain?: (index: number) => void
}

const firstRetryMs = 100
const longestRetryMs = 5000
const cpuIntervalMs = 2000
/** How much of a worker's last CPU share stays in the next one. */
const cpuMemory = 0.5

/** The media processes: started together, each on its port, replaced when one dies. */
export class MediaWorkers {
  readonly #options: MediaWorkersOptions
  readonly #slots: Slot[]
  readonly #listeners = new Set<WorkerListener>()
  readonly #retries = new Set<NodeJS.Timeout>()
  #cpuTimer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: MediaWorkersOptions) {
    this.#options = options
    this.#slots = Array.from({ length: options.count }, (_, index) => ({
      index,
      worker: undefined,
      webRtcServer: undefined,
      isDraining: false,
      participants: 0,
      cpuShare: 0,
      cpuSeconds: 0,
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
    // One worker leaves nothing to choose.
    if (this.#slots.length < 2) return
    this.#cpuTimer = setInterval(() => void this.#measureCpu(), cpuIntervalMs)
    this.#cpuTimer.unref()
  }

  /** Live workers. */
  get size(): number {
    return this.#slots.filter((slot) => slot.worker !== undefined).length
  }

  /** All workers, by index. */
  states(): MediaWorkerState[] {
    return this.#slots.map(({ index, worker, isDraining, participants, cpuShare }) => ({
      index,
      pid: worker?.pid,
      state: worker === undefined ? 'down' : isDraining ? 'draining' : 'running',
      participants,
      cpuShare,
    }))
  }

  /** Hears of workers from now on. Call the result to stop. */
  listen(listener: WorkerListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * The worker for somebody who comes to a room.
   * @param ofRoom how many participants of that room a worker has
   * @returns its index; undefined when none takes people
   */
  choose(ofRoom: (index: number) => number): number | undefined {
    const workers = this.#slots.map(({ index, worker, isDraining, participants, cpuShare }) => ({
      index,
      // Its rooms hear of a worker's death before `died` comes.
      takesPeople: worker?.closed === false && !isDraining,
      participants,
      cpuShare,
      ofRoom: ofRoom(index),
    }))
    return chooseWorker(workers, this.#options.roomSpread)
  }

  /** Counts a participant at a worker until the result is called, or the worker dies. */
  count(index: number): () => void {
    const slot = this.#slots[index]
    const worker = slot?.worker
    if (slot === undefined) return () => undefined
    slot.participants += 1
    let isCounted = true
    return () => {
      if (isCounted && slot.worker === worker) slot.participants -= 1
      isCounted = false
    }
  }

  /** Makes a router on a worker. @throws Error when it is down */
  async createRouter(index: number): Promise<PlacedRouter> {
    const { worker, webRtcServer } = this.#slots[index] ?? {}
    if (worker === undefined || webRtcServer === undefined) throw new Error(`media worker ${index} is down`)
    return { router: await worker.createRouter({ mediaCodecs }), webRtcServer }
  }

  /**
   * Empties a worker: it takes nobody, and its participants move to the others without joining again. With no other worker they stay.
   * @throws RangeError when there is no such worker
   */
  drain(index: number): void {
    const slot = this.#slotAt(index)
    if (slot.isDraining) return
    slot.isDraining = true
    this.#options.log.info({ worker: index }, 'media worker draining')
    for (const { onDrain } of [...this.#listeners]) onDrain?.(index)
  }

  /** Has a drained worker take people again. @throws RangeError when there is no such worker */
  undrain(index: number): void {
    const slot = this.#slotAt(index)
    if (!slot.isDraining) return
    slot.isDraining = false
    this.#options.log.info({ worker: index }, 'media worker takes people again')
    this.#tellAvailable()
  }

  /** CPU seconds of each live worker. A worker that gives no answer is left out. */
  cpuSeconds(): Promise<{ pid: number; seconds: number }[]> {
    return this.#askAll(async (worker) => ({ pid: worker.pid, seconds: await cpuSecondsOf(worker) }))
  }

  /** Each live worker's packets by what became of them. A worker that gives no answer is left out. */
  packetCounts(): Promise<{ pid: number; counts: Readonly<Record<string, number>> }[]> {
    return this.#askAll(async (worker) => {
      const { packetPort, packetPath } = dumpSchema.parse(await worker.dump())
      return { pid: worker.pid, counts: { ...packetPort, ...packetPath } }
    })
  }

  /** Ends all workers. */
  close(): void {
    this.#closed = true
    clearInterval(this.#cpuTimer)
    for (const timer of this.#retries) clearTimeout(timer)
    for (const slot of this.#slots) {
      slot.worker?.close()
      slot.worker = undefined
    }
  }

  #slotAt(index: number): Slot {
    const slot = this.#slots[index]
    if (slot === undefined) throw new RangeError(`there is no media worker ${index}`)
    return slot
  }

  async #askAll<Answer>(ask: (worker: EngineWorker) => Promise<Answer>): Promise<Answer[]> {
    const workers = this.#slots.flatMap(({ worker }) => (worker === undefined ? [] : [worker]))
    const answers = await Promise.allSettled(workers.map(ask))
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  }

  async #measureCpu(): Promise<void> {
    await Promise.allSettled(
      this.#slots.map(async (slot) => {
        if (slot.worker === undefined) return
        const seconds = await cpuSecondsOf(slot.worker)
        const share = ((seconds - slot.cpuSeconds) * 1000) / cpuIntervalMs
        slot.cpuSeconds = seconds
        slot.cpuShare = cpuMemory * slot.cpuShare + (1 - cpuMemory) * Math.max(0, share)
      }),
    )
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
    this.#setNice(worker.pid)
    slot.worker = worker
    slot.participants = 0
    slot.cpuShare = 0
    slot.cpuSeconds = 0
    log.info({ worker: slot.index, pid: worker.pid, port }, 'media worker started')
    if (!slot.isDraining) this.#tellAvailable()
  }

  /** A worker that may not have its priority works without. */
  #setNice(pid: number): void {
    const { nice, log } = this.#options
    if (nice === 0) return
    try {
      setPriority(pid, nice)
    } catch (err) {
      log.warn({ err, pid, nice }, 'the media worker keeps its priority: MEDIA_NICE is not allowed here')
    }
  }

  #tellAvailable(): void {
    for (const { onAvailable } of [...this.#listeners]) onAvailable?.()
  }

  #handleDied(slot: Slot, worker: EngineWorker): void {
    if (slot.worker !== worker) return
    slot.worker = undefined
    slot.webRtcServer = undefined
    slot.participants = 0
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

const cpuSecondsOf = async (worker: EngineWorker): Promise<number> => {
  const { ru_utime, ru_stime } = await worker.getResourceUsage()
  return (ru_utime + ru_stime) / 1000
}
