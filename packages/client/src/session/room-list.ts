import type { RoomSummary, Store } from '../api.ts'
import type { Signalling } from '../connection/signalling.ts'
import { isSangamError } from '../errors.ts'
import { NoticedList } from '../noticed-list.ts'

/** The rooms that somebody is in and that this person may join, kept up to date. */
export class RoomList {
  readonly #signalling: Signalling
  readonly #list = new NoticedList<RoomSummary>(({ roomId }) => roomId, byName)

  constructor(signalling: Signalling) {
    this.#signalling = signalling
    signalling.on('room.listed', ({ room }) => this.#list.told(room))
    signalling.on('room.unlisted', ({ roomId }) => this.#list.toldGone(roomId))
  }

  get store(): Store<readonly RoomSummary[]> {
    return this.#list.store
  }

  /** Asks for the whole list, after each connection. */
  async refresh(): Promise<void> {
    try {
      await this.#list.refresh(async () => {
        const { rooms } = await this.#signalling.request('room.list', {}, { offline: 'fail' })
        return rooms
      })
    } catch (error) {
      if (!isSangamError(error)) throw error
    }
  }
}

function byName(a: RoomSummary, b: RoomSummary): number {
  return a.name.localeCompare(b.name) || (a.roomId < b.roomId ? -1 : 1)
}
