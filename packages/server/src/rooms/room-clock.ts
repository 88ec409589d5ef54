import { runAt } from '../socket/long-timer.ts'

/** How long before its end a room is told of it, in milliseconds. */
const warningsMs = [5 * 60_000, 60_000]

/** What a {@link RoomClock} tells. */
export type RoomClockEvents = {
  /** A room ends at this time, by its length. */
  readonly onEndingSoon: (roomId: string, endsAtMs: number) => void
  /** A room's time is over. */
  readonly onOver: (roomId: string) => void
}

/** Watches the ends of rooms whose length is limited. */
export class RoomClock {
  readonly #now: () => number
  readonly #events: RoomClockEvents
  readonly #watched = new Map<string, { readonly endsAtMs: number; readonly cancel: () => void }>()

  constructor(now: () => number, events: RoomClockEvents) {
    this.#now = now
    this.#events = events
  }

  /** A room ends at this time; undefined: not at all. Warnings whose time is past are not given. */
  watch(roomId: string, endsAtMs: number | undefined): void {
    if (this.#watched.get(roomId)?.endsAtMs === endsAtMs) return
    this.forget(roomId)
    if (endsAtMs === undefined) return
    const now = this.#now
    const cancels = warningsMs
      .map((beforeMs) => endsAtMs - beforeMs)
      .filter((atMs) => atMs > now())
      .map((atMs) => runAt(atMs, now, () => this.#events.onEndingSoon(roomId, endsAtMs)))
    cancels.push(
      runAt(endsAtMs, now, () => {
        this.#watched.delete(roomId)
        this.#events.onOver(roomId)
      }),
    )
    const cancel = (): void => {
      for (const stop of cancels) stop()
    }
    this.#watched.set(roomId, { endsAtMs, cancel })
  }

  /** The room is gone. */
  forget(roomId: string): void {
    this.#watched.get(roomId)?.cancel()
    this.#watched.delete(roomId)
  }
}
