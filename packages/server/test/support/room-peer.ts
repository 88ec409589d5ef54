import type { RequestOf } from '@sangam/protocol'
import type { TestClient } from './test-client.ts'

/** A stream as a client describes it. */
export type PublishedTrack = RequestOf<'room.connectMedia'>['tracks'][number]

/** What a device can decode. */
export const rtpCapabilities: NonNullable<RequestOf<'room.connectMedia'>['rtpCapabilities']> = {
  codecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 }],
}

/** One stream under one SSRC. */
export const rtpParameters: PublishedTrack['rtpParameters'] = {
  codecs: [{ mimeType: 'audio/opus', payloadType: 100, clockRate: 48_000, channels: 2 }],
  encodings: [{ ssrc: 1 }],
}

/** A client's DTLS end. */
export const dtlsParameters: RequestOf<'room.connectMedia'>['dtlsParameters'] = {
  role: 'client',
  fingerprints: [{ algorithm: 'sha-256', value: 'AA:BB' }],
}

/** A voice. */
export const microphone: PublishedTrack = { kind: 'audio', source: 'microphone', rtpParameters }
/** A picture. */
export const camera: PublishedTrack = { kind: 'video', source: 'camera', rtpParameters }

/** Opens and connects the one transport of somebody who is in the room. */
export const connectMedia = async (client: TestClient, roomId: string, ...tracks: PublishedTrack[]) => {
  const { transport } = await client.ask('room.openMedia', { roomId })
  const { transportId } = transport
  const request = { roomId, transportId, dtlsParameters, rtpCapabilities, tracks }
  const reply = await client.ask('room.connectMedia', request)
  return { transportId, producerIds: reply.tracks.map(({ producerId }) => producerId) }
}
