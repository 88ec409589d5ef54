import type { RoomSummary, Store } from '../api.ts'
import type { Signalling } from '../connection/signalling.ts'
import { isSangamError } from '../errors.ts'
import { WritableStore } from '../store.ts'

/** The rooms that somebody is in and that this person may join, kept up to date. */
export class RoomList {
  readonly #signalling: Signalling
  readonly #store = new WritableStore<readonly RoomSummary[]>([])

  constructor(signalling: Signalling) {
    this.#signalling = signalling
    signalling.on('room.listed', ({ room }) => this.#change(room.roomId, room))
    signalling.on('room.unlisted', ({ roomId }) => this.#change(roomId, undefined))
  }

  get store(): Store<readonly RoomSummary[]> {
    return this.#store
  }

  /** Asks for the whole list, after each connection. */
  async refresh(): Promise<void> {
    try {
      const { rooms } = await this.#signalling.request('room.list', {}, { offline: 'fail' })
      this.#store.set(rooms.toSorted(byName))
    } catch (error) {
      if (!isSangamError(error)) throw error
    }
  }

  #change(roomId: string, room: RoomSummary | undefined): void {
    const others = this.#store.get().filter((one) => one.roomId !== roomId)
    this.#store.set(room ? [...others, room].sort(byName) : others)
  }
}

function byName(a: RoomSummary, b: RoomSummary): number {
  return a.name.localeCompare(b.name) || (a.roomId < b.roomId ? -1 : 1)
}
