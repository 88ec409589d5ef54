import type { ParsedRequestOf, PublishedTrack, ReplyOf } from '@sangam/protocol'
import { transportParametersOf } from '../media/transport-parameters.ts'
import type { Session } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import type { LiveRooms, Seat } from './live-rooms.ts'
import type { RoomAccess } from './room-access.ts'
import type { RoomTracks } from './room-tracks.ts'

type Producer = { roomId: string; producerId: string }

/** What {@link RoomMediaRequests} needs. */
export type RoomMediaRequestsOptions = {
  readonly live: LiveRooms
  readonly access: RoomAccess
  readonly tracks: RoomTracks
}

/** The requests of a participant about media: each finds the participant of the connection, then asks the room's media. */
export class RoomMediaRequests {
  readonly #live: LiveRooms
  readonly #access: RoomAccess
  readonly #tracks: RoomTracks

  constructor({ live, access, tracks }: RoomMediaRequestsOptions) {
    this.#live = live
    this.#access = access
    this.#tracks = tracks
  }

  /** `room.openMedia` */
  async openMedia(
    session: Session,
    { roomId }: ParsedRequestOf<'room.openMedia'>,
  ): Promise<ReplyOf<'room.openMedia'>> {
    const { media, member } = this.#live.seat(session, roomId)
    return { transport: transportParametersOf(await media.open(member.participantId)) }
  }

  /** `room.connectMedia`. What was published before and is not named any more ends. */
  async connectMedia(
    session: Session,
    request: ParsedRequestOf<'room.connectMedia'>,
  ): Promise<ReplyOf<'room.connectMedia'>> {
    const { roomId, transportId, dtlsParameters, rtpCapabilities, tracks } = request
    const seat = this.#live.seat(session, roomId)
    const { media, member } = seat
    for (const { source, paused = false } of tracks) this.#access.requirePublish(seat, source, paused)
    if (new Set(tracks.map(({ source }) => source)).size < tracks.length) {
      throw requestErrors.wrongState('Each source can be published once.')
    }
    for (const track of tracks) refuseWrongKind(track)
    await media.connect(member.participantId, transportId, { dtlsParameters, rtpCapabilities })
    const data = await media.joinData(member.participantId, transportId)
    const before = [...member.tracks.values()]
    const published = await Promise.all(
      tracks.map(async (track) => {
        const { kind, source } = track
        const known = before.find((one) => one.source === source && one.kind === kind)
        return { source, producerId: await this.#publish(seat, transportId, track, known?.producerId) }
      }),
    )
    const lives = new Set(published.map(({ producerId }) => producerId))
    media.keepOnly(member.participantId, [...lives])
    this.#tracks.unpublished(
      seat,
      before.map(({ producerId }) => producerId).filter((producerId) => !lives.has(producerId)),
    )
    // The answer goes out first: the client knows its own streams before it hears of the others'.
    void media.announce(member.participantId, [...lives])
    void media.offerAll(member.participantId)
    return { tracks: published, ...(data === undefined ? {} : { data }) }
  }

  /** `room.publish`. One stream per source: a new one replaces the older. */
  async publish(
    session: Session,
    request: ParsedRequestOf<'room.publish'>,
  ): Promise<ReplyOf<'room.publish'>> {
    const { roomId, transportId, ...track } = request
    const seat = this.#live.seat(session, roomId)
    const { media, member } = seat
    this.#access.requirePublish(seat, track.source, track.paused ?? false)
    refuseWrongKind(track)
    const older = [...member.tracks.values()].filter(({ source }) => source === track.source)
    const producerId = await this.#publish(seat, transportId, track)
    for (const { producerId: olderId } of older) {
      await media.controlProducer(member.participantId, olderId, 'close')
    }
    void media.announce(member.participantId, [producerId])
    return { producerId }
  }

  /** `room.consumersReady` */
  async consumersReady(
    session: Session,
    { roomId, transportId, batch }: ParsedRequestOf<'room.consumersReady'>,
  ): Promise<ReplyOf<'room.consumersReady'>> {
    const { media, member } = this.#live.seat(session, roomId)
    await media.consumersReady(member.participantId, transportId, batch)
    return {}
  }

  /** `room.setView` */
  setView(session: Session, { roomId, ...view }: ParsedRequestOf<'room.setView'>): ReplyOf<'room.setView'> {
    const { media, member } = this.#live.seat(session, roomId)
    media.setView(member.participantId, view)
    return {}
  }

  /** `room.restartIce` */
  async restartIce(
    session: Session,
    { roomId, transportId }: ParsedRequestOf<'room.restartIce'>,
  ): Promise<ReplyOf<'room.restartIce'>> {
    const { media, member } = this.#live.seat(session, roomId)
    return { iceParameters: await media.restartIce(member.participantId, transportId) }
  }

  /** `room.pauseProducer` */
  async pauseProducer(session: Session, { roomId, producerId }: Producer): Promise<Record<never, never>> {
    const seat = this.#live.seat(session, roomId)
    await seat.media.controlProducer(seat.member.participantId, producerId, 'pause')
    this.#tracks.paused(seat, producerId, true)
    return {}
  }

  /** `room.resumeProducer` */
  async resumeProducer(session: Session, { roomId, producerId }: Producer): Promise<Record<never, never>> {
    const seat = this.#live.seat(session, roomId)
    const source = seat.member.tracks.get(producerId)?.source
    if (source !== undefined) this.#access.requirePublish(seat, source, false)
    await seat.media.controlProducer(seat.member.participantId, producerId, 'resume')
    this.#tracks.paused(seat, producerId, false)
    return {}
  }

  /** `room.closeProducer` */
  async closeProducer(session: Session, { roomId, producerId }: Producer): Promise<Record<never, never>> {
    const { media, member } = this.#live.seat(session, roomId)
    await media.controlProducer(member.participantId, producerId, 'close')
    return {}
  }

  async #publish(seat: Seat, transportId: string, track: PublishedTrack, knownId?: string): Promise<string> {
    const { kind, rtpParameters, source, paused = false } = track
    const { participantId } = seat.member
    const publishing = { kind, rtpParameters, source, paused, streamId: knownId }
    const producerId = await seat.media.publish(participantId, transportId, publishing)
    if (knownId === undefined) this.#tracks.published(seat, { producerId, kind, source, paused })
    else this.#tracks.paused(seat, producerId, paused)
    return producerId
  }
}

const refuseWrongKind = ({ kind, source }: Pick<PublishedTrack, 'kind' | 'source'>): void => {
  const isAudioSource = source === 'microphone' || source === 'screenAudio'
  if (isAudioSource !== (kind === 'audio')) throw requestErrors.wrongState(`A ${source} is not ${kind}.`)
}
