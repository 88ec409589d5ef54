import type { RoomMediaEvents } from '../media/room-media.ts'
import { transportParametersOf } from '../media/transport-parameters.ts'
import type { Logger } from '../observability/log.ts'
import type { Room } from './room.ts'
import type { RoomNotices } from './room-notices.ts'

/** What a room's media tells of, as its people are told. */
export const mediaNotices = (room: Room, notices: RoomNotices, log: Logger): RoomMediaEvents => {
  const { roomId } = room
  return {
    onProducerClosed: (participantId, producerId) => {
      if (!room.unpublish(participantId, producerId)) return
      notices.tell(room, 'room.trackUnpublished', { roomId, participantId, producerId }, participantId)
    },
    onConsumersAdded: (participantId, { transportId, batch, consumers }) => {
      const payload = { roomId, transportId, batch, consumers: [...consumers] }
      notices.tellOne(room, participantId, 'room.consumersAdded', payload)
    },
    onConsumersRemoved: (participantId, consumerIds) => {
      const payload = { roomId, consumerIds: [...consumerIds] }
      notices.tellOne(room, participantId, 'room.consumersRemoved', payload)
    },
    onConsumeFailed: (participantId, producerId, err) => {
      log.error({ roomId, participantId, producerId, err }, 'a stream could not be forwarded')
    },
    onStreamStates: (participantId, states) => {
      notices.tellOne(room, participantId, 'room.streamStates', { roomId, states: [...states] })
    },
    onLayersWanted: (participantId, producerId, spatialLayer) => {
      notices.tellOne(room, participantId, 'room.layersWanted', { roomId, producerId, spatialLayer })
    },
    onMoved: (participantId, reason, engineTransport) => {
      const transport = transportParametersOf(engineTransport)
      notices.tellOne(room, participantId, 'room.mediaMoved', { roomId, reason, transport })
      log.info({ roomId, participantId, reason }, 'media moved')
    },
    onLeft: (participantId, transportId) => {
      notices.tellOne(room, participantId, 'room.transportClosed', { roomId, transportId })
    },
  }
}
