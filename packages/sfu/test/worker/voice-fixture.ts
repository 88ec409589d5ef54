import type { RtpParameters } from '@sangam/ortc'
import { writeRtpPacket } from '@sangam/rtp'
import { EngineFixture } from './engine-fixture.ts'

const AUDIO: RtpParameters = {
  mid: 'a',
  codecs: [
    {
      mimeType: 'audio/opus',
      payloadType: 111,
      clockRate: 48000,
      channels: 2,
      parameters: {},
      rtcpFeedback: [],
    },
  ],
  headerExtensions: [],
  encodings: [{ ssrc: 4444 }],
  rtcp: { cname: 'publisher' },
}
export const VOICE = new Uint8Array(40).fill(1)
export const SILENCE = Uint8Array.of(8)

/** A voice that one viewer consumes. */
export function room(ignoreDtx: boolean, direct = false) {
  const fixture = new EngineFixture()
  const publisher = fixture.connected('publisher', 40001)
  if (direct) fixture.engine.createDirectTransport({ routerId: 'router', transportId: 'viewer' })
  else fixture.connected('viewer', 40002)
  fixture.engine.produce({
    transportId: 'publisher',
    producerId: 'producer',
    kind: 'audio',
    rtpParameters: AUDIO,
    rtpMapping: { codecs: [{ payloadType: 111, mappedPayloadType: 100 }], encodings: [] },
    keyFrameRequestDelay: 0,
    paused: false,
  })
  fixture.engine.consume({
    transportId: 'viewer',
    consumerId: 'consumer',
    producerId: 'producer',
    kind: 'audio',
    rtpParameters: {
      ...AUDIO,
      codecs: [{ ...AUDIO.codecs[0]!, payloadType: 100 }],
      encodings: [{ ssrc: 5555 }],
    },
    type: 'simple',
    consumableRtpEncodings: [],
    paused: false,
    ignoreDtx,
  })
  const send = (sequenceNumber: number, payload: Uint8Array): void => {
    const bytes = new Uint8Array(200)
    const fields = { payloadType: 111, sequenceNumber, timestamp: sequenceNumber * 960, ssrc: 4444, payload }
    fixture.port.addRtp(publisher.session, bytes.slice(0, writeRtpPacket(bytes, 0, fields)))
    fixture.run()
  }
  return { fixture, publisher, send }
}
