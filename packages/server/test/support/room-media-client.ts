import type { RequestOf } from '@sangam/protocol'
import type { TestClient } from './test-client.ts'

const rtpCapabilities: NonNullable<RequestOf<'room.connectMedia'>['rtpCapabilities']> = {
  codecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 }],
}
const rtpParameters: RequestOf<'room.publish'>['rtpParameters'] = {
  codecs: [{ mimeType: 'audio/opus', payloadType: 100, clockRate: 48_000, channels: 2 }],
  encodings: [{ ssrc: 1 }],
}
const dtlsParameters: RequestOf<'room.connectMedia'>['dtlsParameters'] = {
  role: 'client',
  fingerprints: [{ algorithm: 'sha-256', value: 'AA:BB' }],
}

type Source = RequestOf<'room.publish'>['source']

/** Opens and connects the one transport of somebody who is in a room. Gives its id. */
export const connectMedia = async (client: TestClient, roomId: string): Promise<string> => {
  const { transport } = await client.ask('room.openMedia', { roomId })
  const { transportId } = transport
  await client.ask('room.connectMedia', { roomId, transportId, dtlsParameters, rtpCapabilities, tracks: [] })
  return transportId
}

/** The request that publishes a source. */
export const publishRequest = (
  roomId: string,
  transportId: string,
  source: Source,
): RequestOf<'room.publish'> => ({
  roomId,
  transportId,
  kind: source === 'microphone' || source === 'screenAudio' ? 'audio' : 'video',
  source,
  rtpParameters,
})

/** Publishes a source. Gives the producer's id. */
export const publish = async (
  client: TestClient,
  roomId: string,
  transportId: string,
  source: Source,
): Promise<string> =>
  (await client.ask('room.publish', publishRequest(roomId, transportId, source))).producerId
