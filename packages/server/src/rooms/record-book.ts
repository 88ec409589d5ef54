import type { Logger } from '../observability/log.ts'
import type { Clock } from '../ports.ts'
import { RoomRecord } from './room-record.ts'
import type { RoomChange, RoomStore, SeatRow } from './store/room-store.ts'

/** A room's record, with the places that wait for their participants since the server or its media went down. */
export type RecordEntry = {
  readonly record: RoomRecord
  /** Whether nothing of the room was known before. */
  readonly isFresh: boolean
  /** Places of an earlier run, until {@link RecordEntry.seatsUntilMs}. */
  seats: readonly SeatRow[]
  seatsUntilMs: number
  /** Whether the store may hold something of it. */
  isStored: boolean
}

/** What {@link RecordBook} needs. */
export type RecordBookOptions = {
  readonly store: RoomStore
  readonly now: Clock
  readonly log: Logger
  /** How long after the start the places of an earlier run wait. */
  readonly returnWindowMs: number
}

/** The records of rooms that are in use, and the way to the store. */
export class RecordBook {
  readonly #options: RecordBookOptions
  readonly #startedAtMs: number
  readonly #entries = new Map<string, RecordEntry>()
  readonly #loading = new Map<string, Promise<RecordEntry>>()

  constructor(options: RecordBookOptions) {
    this.#options = options
    this.#startedAtMs = options.now()
  }

  /** How many records are held. */
  get size(): number {
    return this.#entries.size
  }

  /** The record of a room in use. */
  get(roomId: string): RecordEntry | undefined {
    return this.#entries.get(roomId)
  }

  /**
   * The record of a room, from the store when it is not in use; a fresh one when nothing is known of it.
   * @param name of the room if it is fresh
   */
  open(roomId: string, name: string): Promise<RecordEntry> {
    const known = this.#entries.get(roomId)
    if (known !== undefined) return Promise.resolve(known)
    let loading = this.#loading.get(roomId)
    if (loading === undefined) {
      loading = this.#load(roomId, name).finally(() => this.#loading.delete(roomId))
      this.#loading.set(roomId, loading)
    }
    return loading
  }

  /** Stores changes. @throws StoreError */
  async save(roomId: string, changes: readonly RoomChange[]): Promise<void> {
    const entry = this.#entries.get(roomId)
    if (entry !== undefined && changes.length > 0) entry.isStored = true
    await this.#options.store.write(roomId, changes)
  }

  /** Stores changes that nobody waits for; a failure is logged. */
  saveLater(roomId: string, changes: readonly RoomChange[]): void {
    this.save(roomId, changes).catch((error: unknown) => {
      this.#options.log.error({ err: error, roomId }, 'a room could not be stored')
    })
  }

  /** Nobody needs the record any more: it is forgotten, or stays in the store alone. */
  release(roomId: string): void {
    const entry = this.#entries.get(roomId)
    if (entry === undefined) return
    this.#entries.delete(roomId)
    // Asking about a room leaves nothing behind: there is nothing to delete either.
    if (entry.isStored && !entry.record.isWorthKeeping(this.#options.now())) {
      this.saveLater(roomId, [{ type: 'roomGone' }])
    }
  }

  /** The record is gone for good; the caller says so to the store. */
  forget(roomId: string): void {
    this.#entries.delete(roomId)
  }

  /** Forgets a person in every room, in memory and on disk. @throws StoreError */
  async forgetPerson(identity: string): Promise<void> {
    // What is being read may hold them still.
    await Promise.allSettled(this.#loading.values())
    for (const entry of this.#entries.values()) {
      entry.record.forgetPerson(identity)
      entry.seats = entry.seats.filter((seat) => seat.identity !== identity)
    }
    await this.#options.store.forgetPerson(identity)
  }

  async #load(roomId: string, name: string): Promise<RecordEntry> {
    const { store, now, returnWindowMs } = this.#options
    const stored = await store.load(roomId)
    const nowMs = now()
    const seatsUntilMs = this.#startedAtMs + returnWindowMs
    const seats = stored !== undefined && nowMs < seatsUntilMs ? stored.seats : []
    const entry = entryOf(roomId, name, stored && new RoomRecord(stored), seats, seatsUntilMs, nowMs)
    if (stored !== undefined && entry.isFresh) this.saveLater(roomId, [{ type: 'roomGone' }])
    else if (stored !== undefined && seats.length === 0) {
      this.saveLater(
        roomId,
        stored.seats.map(({ participantId }) => ({ type: 'seatGone', participantId })),
      )
    }
    this.#entries.set(roomId, entry)
    return entry
  }
}

/** What was stored, unless nothing of it is worth remembering and nobody is to come back to it. */
const entryOf = (
  roomId: string,
  name: string,
  stored: RoomRecord | undefined,
  seats: readonly SeatRow[],
  seatsUntilMs: number,
  nowMs: number,
): RecordEntry =>
  stored !== undefined && (seats.length > 0 || stored.isWorthKeeping(nowMs))
    ? { record: stored, isFresh: false, seats, seatsUntilMs, isStored: true }
    : {
        record: RoomRecord.fresh(roomId, name, nowMs),
        isFresh: true,
        seats: [],
        seatsUntilMs,
        isStored: false,
      }
