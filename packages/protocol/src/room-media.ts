import * as z from 'zod'
import { limits } from './limits.ts'
import {
  dtlsParametersSchema,
  iceCandidateSchema,
  iceParametersSchema,
  mediaKindSchema,
  rtpCapabilitiesSchema,
  rtpParametersSchema,
  sctpParametersSchema,
} from './media.ts'
import {
  consumerIdSchema,
  emptySchema,
  iceServersSchema,
  participantIdSchema,
  producerIdSchema,
  roomIdSchema,
  transportIdSchema,
} from './primitives.ts'
import { notice, request } from './registry.ts'
import { trackSourceSchema } from './track.ts'

const roomId = { roomId: roomIdSchema }
const onTransport = { ...roomId, transportId: transportIdSchema }
const producer = z.strictObject({ ...roomId, producerId: producerIdSchema })

/** What a client needs to know of its one transport: both directions and the data channels travel over it. */
export const transportParametersSchema = z
  .strictObject({
    transportId: transportIdSchema,
    iceParameters: iceParametersSchema,
    iceCandidates: z.array(iceCandidateSchema).max(64),
    dtlsParameters: dtlsParametersSchema,
    sctpParameters: sctpParametersSchema.optional(),
    iceServers: iceServersSchema,
  })
  .describe("The server's end of a participant's one transport")
export type TransportParameters = z.output<typeof transportParametersSchema>

/** A stream that a participant wants to publish. */
export const publishedTrackSchema = z
  .strictObject({
    kind: mediaKindSchema,
    rtpParameters: rtpParametersSchema,
    source: trackSourceSchema,
    paused: z.boolean().optional(),
  })
  .describe('A stream to publish')
export type PublishedTrack = z.output<typeof publishedTrackSchema>

/** A stream that the server forwards to a participant. */
export const consumerSchema = z
  .strictObject({
    consumerId: consumerIdSchema,
    producerId: producerIdSchema,
    participantId: participantIdSchema.describe('Who publishes it'),
    kind: mediaKindSchema,
    source: trackSourceSchema,
    rtpParameters: rtpParametersSchema,
  })
  .describe('A stream that the server forwards to you')
export type Consumer = z.output<typeof consumerSchema>

const sctpStreamIdSchema = z.number().int().min(0).max(65_534)

const pixels = z.number().int().min(0).max(16_384)

/** One stream on a receiver's screen. */
export const tileSchema = z
  .strictObject({
    producerId: producerIdSchema,
    width: pixels.describe('Device pixels'),
    height: pixels.describe('Device pixels'),
    visible: z.boolean(),
    pinned: z.boolean().describe('The person wants this one before others'),
  })
  .describe("One stream on a receiver's screen")
export type Tile = z.output<typeof tileSchema>

/** What a receiver shows. Streams without a tile are not seen; before the first view every stream is wanted. */
export const viewSchema = z
  .strictObject({
    tiles: z.array(tileSchema).max(limits.tiles),
    maxVideos: z.number().int().min(0).max(limits.tiles).optional().describe('At most so many videos'),
    audioOnly: z.boolean().optional().describe('No video at all'),
  })
  .describe('What a receiver shows')
export type View = z.output<typeof viewSchema>

/** Why a stream is forwarded to somebody, or not. */
export const streamReasonSchema = z
  .enum([
    'wanted',
    'pinned',
    'speaking',
    'screenShare',
    'notVisible',
    'lastN',
    'quiet',
    'audioOnly',
    'bandwidth',
    'distress',
  ])
  .describe(
    'Why a stream is forwarded (`wanted`, `pinned`, `speaking`, `screenShare`) or not: `notVisible` no tile shows it; `lastN` others spoke later; `quiet` not among the loudest voices; `audioOnly` the receiver asked for it; `bandwidth` the network carries no more; `distress` the network is so bad that it carries one small picture beside sound, if any',
  )
export type StreamReason = z.output<typeof streamReasonSchema>

/** What becomes of one stream of a receiver. */
export const streamStateSchema = z
  .strictObject({
    consumerId: consumerIdSchema,
    forwarded: z.boolean(),
    reason: streamReasonSchema,
    spatialLayer: z.number().int().min(0).max(7).optional(),
    temporalLayer: z.number().int().min(0).max(7).optional(),
  })
  .describe('What becomes of one stream')
export type StreamState = z.output<typeof streamStateSchema>

/** What clients ask of their media in a room, by event name. */
export const roomMediaRequests = {
  'room.openMedia': request({
    description:
      'Creates the one WebRTC transport of a participant, which carries both directions and data channels. A new one replaces the older; what the participant publishes keeps its producerId when `room.connectMedia` names its source again.',
    needs: 'to be in the room',
    request: z.strictObject(roomId),
    reply: z.strictObject({ transport: transportParametersSchema }),
    errors: ['notFound', 'unavailable'],
  }),
  'room.connectMedia': request({
    description:
      'Connects the transport and says everything about the client at once: its DTLS parameters, what it can receive, and all that it publishes; a stream published before whose source is not in `tracks` ends. From then on the server creates consumers for what others publish and tells of them with `room.consumersAdded`, where `rooms.subscribe` is granted and `rtpCapabilities` were given. Once per transport.',
    needs: 'to own the transport; `rooms.publish` with tracks',
    request: z.strictObject({
      ...onTransport,
      dtlsParameters: dtlsParametersSchema,
      rtpCapabilities: rtpCapabilitiesSchema.optional().describe('Without: nothing is received'),
      tracks: z.array(publishedTrackSchema).max(4),
    }),
    reply: z.strictObject({
      tracks: z
        .array(z.strictObject({ source: trackSourceSchema, producerId: producerIdSchema }))
        .max(4)
        .describe('In the order of the request'),
      data: z
        .strictObject({ sendStreamId: sctpStreamIdSchema, receiveStreamId: sctpStreamIdSchema })
        .optional()
        .describe(
          'Data channels for messages that may get lost: negotiated, unordered, without retransmission. Sending needs the right `data`.',
        ),
    }),
    errors: ['notFound', 'wrongState', 'unsupported', 'unavailable'],
  }),
  'room.publish': request({
    description: 'Publishes a stream. One per source: a new one replaces the older.',
    needs: '`rooms.publish`, and to own the transport',
    request: z.strictObject({ ...onTransport, ...publishedTrackSchema.shape }),
    reply: z.strictObject({ producerId: producerIdSchema }),
    errors: ['notFound', 'wrongState', 'unsupported', 'unavailable'],
  }),
  'room.consumersReady': request({
    description:
      'The client is set up for all consumers of the batches up to and including this one: they may flow. A video stream begins with a key frame.',
    needs: 'to own the transport',
    request: z.strictObject({ ...onTransport, batch: z.number().int().nonnegative() }),
    reply: emptySchema,
    errors: ['notFound', 'unavailable'],
  }),
  'room.setView': request({
    description:
      'Says what the receiver shows; each replaces the one before. The server chooses which streams and layers to forward by it.',
    needs: 'to be in the room',
    request: z.strictObject({ ...roomId, ...viewSchema.shape }),
    reply: emptySchema,
    errors: ['notFound'],
  }),
  'room.restartIce': request({
    description: 'Gives the transport new ICE credentials.',
    needs: 'to own the transport',
    request: z.strictObject(onTransport),
    reply: z.strictObject({ iceParameters: iceParametersSchema }),
    errors: ['notFound', 'unavailable'],
  }),
  'room.pauseProducer': request({
    description: 'Stops forwarding a stream of your own.',
    needs: 'to own the producer',
    request: producer,
    reply: emptySchema,
    errors: ['notFound', 'unavailable'],
  }),
  'room.resumeProducer': request({
    description: 'Forwards a stream of your own again.',
    needs: '`rooms.publish`, and to own the producer',
    request: producer,
    reply: emptySchema,
    errors: ['notFound', 'unavailable'],
  }),
  'room.closeProducer': request({
    description: 'Unpublishes a stream of your own.',
    needs: 'to own the producer',
    request: producer,
    reply: emptySchema,
    errors: ['notFound', 'unavailable'],
  }),
} as const

/** What the server tells a participant of its media, by event name. */
export const roomMediaNotices = {
  'room.consumersAdded': notice({
    description:
      'Streams that the server forwards to you from now on, paused until you answer with `room.consumersReady`.',
    payload: z.strictObject({
      ...onTransport,
      batch: z.number().int().nonnegative().describe('Rises by one with each of these notices'),
      consumers: z.array(consumerSchema).min(1).max(limits.consumersInBatch),
    }),
  }),
  'room.consumersRemoved': notice({
    description:
      'Consumers of yours are gone, with their producers or because you may no longer receive them.',
    payload: z.strictObject({ ...roomId, consumerIds: z.array(consumerIdSchema).min(1).max(4096) }),
  }),
  'room.streamStates': notice({
    description: 'What became of streams of yours, and why. Only those that changed.',
    payload: z.strictObject({ ...roomId, states: z.array(streamStateSchema).min(1).max(4096) }),
  }),
  'room.layersWanted': notice({
    description:
      'The highest layer of a stream of your own that anybody receives: what lies above need not be encoded.',
    payload: z.strictObject({
      ...roomId,
      producerId: producerIdSchema,
      spatialLayer: z.number().int().min(-1).max(7).describe('-1: nobody receives it'),
      temporalLayer: z.number().int().min(0).max(7).optional(),
    }),
  }),
  'room.transportClosed': notice({
    description:
      'A transport that you moved away from is gone, and the streams that came over it: all of it goes over the newer one.',
    payload: z.strictObject(onTransport),
  }),
  'room.mediaMoved': notice({
    description:
      'Your media goes on at another media worker: connect this transport with `room.connectMedia`. You stay the same participant, producerIds stay. The older transport is gone with a worker that died; with reason `drained` it carries on until `room.transportClosed`, so that nothing is missed.',
    payload: z.strictObject({
      ...roomId,
      reason: z.enum(['workerDied', 'drained']),
      transport: transportParametersSchema,
    }),
  }),
} as const
