import type { ParsedRequestOf, ReplyOf } from '@sangam/protocol'
import type { Session } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import type { RoomService } from './room-service.ts'

type Consumer = { roomId: string; consumerId: string }
type Producer = { roomId: string; producerId: string }

/** The requests of a participant about media: each finds the participant of the connection, then asks the room's media. */
export class RoomMediaRequests {
  readonly #rooms: RoomService

  constructor(rooms: RoomService) {
    this.#rooms = rooms
  }

  /** `room.createTransport`. The engine is reachable itself, so it needs no further ICE server. */
  async createTransport(
    session: Session,
    { roomId, direction }: ParsedRequestOf<'room.createTransport'>,
  ): Promise<ReplyOf<'room.createTransport'>> {
    const { media, member } = this.#rooms.seat(session, roomId)
    const transport = await media.createTransport(member.participantId, direction)
    return {
      transportId: transport.id,
      iceParameters: transport.iceParameters,
      iceCandidates: [...transport.iceCandidates],
      dtlsParameters: transport.dtlsParameters,
      iceServers: [],
    }
  }

  /** `room.connectTransport` */
  async connectTransport(
    session: Session,
    { roomId, transportId, dtlsParameters }: ParsedRequestOf<'room.connectTransport'>,
  ): Promise<ReplyOf<'room.connectTransport'>> {
    const { media, member } = this.#rooms.seat(session, roomId)
    await media.connectTransport(member.participantId, transportId, dtlsParameters)
    return {}
  }

  /** `room.restartIce` */
  async restartIce(
    session: Session,
    { roomId, transportId }: ParsedRequestOf<'room.restartIce'>,
  ): Promise<ReplyOf<'room.restartIce'>> {
    const { media, member } = this.#rooms.seat(session, roomId)
    return { iceParameters: await media.restartIce(member.participantId, transportId) }
  }

  /** `room.produce`. One stream per source: a new one replaces the older. */
  async produce(
    session: Session,
    request: ParsedRequestOf<'room.produce'>,
  ): Promise<ReplyOf<'room.produce'>> {
    const { roomId, transportId, kind, rtpParameters, source, paused = false } = request
    const seat = this.#rooms.seat(session, roomId)
    const { media, member } = seat
    const isAudioSource = source === 'microphone' || source === 'screenAudio'
    if (isAudioSource !== (kind === 'audio')) throw requestErrors.wrongState(`A ${source} is not ${kind}.`)
    const producerId = await media.produce(member.participantId, transportId, {
      kind,
      rtpParameters,
      paused,
      source,
    })
    for (const track of [...member.tracks.values()]) {
      if (track.source === source)
        await media.controlProducer(member.participantId, track.producerId, 'close')
    }
    this.#rooms.published(seat, producerId, { kind, source, paused })
    return { producerId }
  }

  /** `room.pauseProducer` */
  async pauseProducer(session: Session, { roomId, producerId }: Producer): Promise<Record<never, never>> {
    const seat = this.#rooms.seat(session, roomId)
    await seat.media.controlProducer(seat.member.participantId, producerId, 'pause')
    this.#rooms.paused(seat, producerId, true)
    return {}
  }

  /** `room.resumeProducer` */
  async resumeProducer(session: Session, { roomId, producerId }: Producer): Promise<Record<never, never>> {
    const seat = this.#rooms.seat(session, roomId)
    await seat.media.controlProducer(seat.member.participantId, producerId, 'resume')
    this.#rooms.paused(seat, producerId, false)
    return {}
  }

  /** `room.closeProducer` */
  async closeProducer(session: Session, { roomId, producerId }: Producer): Promise<Record<never, never>> {
    const { media, member } = this.#rooms.seat(session, roomId)
    await media.controlProducer(member.participantId, producerId, 'close')
    return {}
  }

  /** `room.consume` */
  async consume(
    session: Session,
    { roomId, transportId, producerId, rtpCapabilities }: ParsedRequestOf<'room.consume'>,
  ): Promise<ReplyOf<'room.consume'>> {
    const { media, member } = this.#rooms.seat(session, roomId)
    const consumer = await media.consume(member.participantId, transportId, { producerId, rtpCapabilities })
    return {
      consumerId: consumer.id,
      producerId: consumer.producerId,
      kind: consumer.kind,
      rtpParameters: consumer.rtpParameters,
      paused: true,
      producerPaused: consumer.producerPaused,
    }
  }

  /** `room.pauseConsumer`, `room.resumeConsumer`, `room.closeConsumer`, `room.requestKeyFrame` */
  async controlConsumer(
    session: Session,
    { roomId, consumerId }: Consumer,
    action: 'pause' | 'resume' | 'requestKeyFrame' | 'close',
  ): Promise<Record<never, never>> {
    const { media, member } = this.#rooms.seat(session, roomId)
    await media.controlConsumer(member.participantId, consumerId, action)
    return {}
  }
}
