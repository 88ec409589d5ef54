import type { Track, TrackSource } from '@sangam/protocol'
import type { Clock } from '../ports.ts'
import type { Seat } from './live-rooms.ts'
import type { RecordBook } from './record-book.ts'
import type { RoomNotices } from './room-notices.ts'

/** What {@link RoomTracks} needs. */
export type RoomTracksOptions = {
  readonly notices: RoomNotices
  readonly book: RecordBook
  readonly now: Clock
}

/** Whose track it is. */
type Owner = Pick<Seat, 'room' | 'member'>

/** What people publish, as the others are told of it. The streams themselves are the media's. */
export class RoomTracks {
  readonly #options: RoomTracksOptions

  constructor(options: RoomTracksOptions) {
    this.#options = options
  }

  /** Notes a stream that a participant publishes and tells the others. */
  published({ room, member }: Owner, track: Track): void {
    const { participantId } = member
    const { roomId } = room
    room.publish(participantId, track)
    if (!track.paused) this.#unmuted({ room, member }, track.source)
    this.#options.notices.tell(room, 'room.trackPublished', { roomId, participantId, track }, participantId)
  }

  /** Forgets streams that are no longer published, and tells the others. */
  unpublished({ room, member }: Owner, producerIds: readonly string[]): void {
    const { participantId } = member
    for (const producerId of producerIds) {
      if (!room.unpublish(participantId, producerId)) continue
      const payload = { roomId: room.roomId, participantId, producerId }
      this.#options.notices.tell(room, 'room.trackUnpublished', payload, participantId)
    }
  }

  /** Notes that a stream was paused or goes on, and tells the others. */
  paused({ room, member }: Owner, producerId: string, paused: boolean, mutedBy?: string): void {
    const { notices } = this.#options
    const { participantId } = member
    const { roomId } = room
    if (!room.setPaused(participantId, producerId, paused, mutedBy)) return
    if (paused) {
      const muter = mutedBy === undefined ? {} : { mutedBy }
      notices.tell(room, 'room.trackPaused', { roomId, participantId, producerId, ...muter }, participantId)
      return
    }
    notices.tell(room, 'room.trackResumed', { roomId, participantId, producerId }, participantId)
    this.#unmuted({ room, member }, member.tracks.get(producerId)?.source)
  }

  /** Somebody whom a moderator muted sends again: the muting is over. */
  #unmuted({ room, member }: Owner, source: TrackSource | undefined): void {
    if (source === undefined) return
    const { book, now } = this.#options
    book.saveLater(room.roomId, room.record.setMuted(member.identity, member.name, source, false, now()))
  }
}
