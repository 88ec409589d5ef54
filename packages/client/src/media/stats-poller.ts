import type { MediaStats, Store } from '../api.ts'
import { WritableStore } from '../store.ts'
import {
  NO_STATS,
  type StatsRecord,
  type StatsSample,
  type StreamOwner,
  sampleOf,
  summarizeStats,
} from './stats.ts'

/** How often figures are taken. */
export const STATS_INTERVAL_MS = 1_000

/** Something with statistics: an RTCPeerConnection, a transport. */
export interface StatsSource {
  readonly prefix: string
  getStats(): Promise<RTCStatsReport>
}

/** Takes the statistics of all its sources each second and keeps what flowed since the second before. */
export class StatsPoller {
  readonly #store = new WritableStore<MediaStats>(NO_STATS)
  readonly #sources: () => readonly StatsSource[]
  readonly #ownerOf: (record: StatsRecord) => StreamOwner | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  #previous: StatsSample | undefined

  constructor(
    sources: () => readonly StatsSource[],
    ownerOf: (record: StatsRecord) => StreamOwner | undefined,
  ) {
    this.#sources = sources
    this.#ownerOf = ownerOf
  }

  /** Zeros until started, and after stopped. */
  get store(): Store<MediaStats> {
    return this.#store
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#poll(), STATS_INTERVAL_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#previous = undefined
    this.#store.set(NO_STATS)
  }

  /** Statistics of all sources, now; a source that is just closing gives none. */
  async sample(): Promise<StatsSample> {
    const reports = await Promise.all(
      this.#sources().map(async ({ prefix, getStats }) => ({
        prefix,
        report: await getStats().catch(() => new Map() as RTCStatsReport),
      })),
    )
    return sampleOf(
      reports as { prefix: string; report: Iterable<readonly [string, unknown]> }[],
      performance.now(),
    )
  }

  async #poll(): Promise<void> {
    const current = await this.sample()
    if (this.#timer === undefined) return
    this.#store.set(summarizeStats(this.#previous, current, this.#ownerOf))
    this.#previous = current
  }
}
