import type { RtpParameters } from '@sangam/ortc'
import { parseRtpPacket, RtpHeader, writeRtpPacket } from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
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
const VOICE = new Uint8Array(40).fill(1)
const SILENCE = Uint8Array.of(8)

function room(ignoreDtx: boolean, direct = false) {
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
  return { fixture, send }
}

function speak(send: (sequenceNumber: number, payload: Uint8Array) => void): void {
  const payloads = [VOICE, VOICE, SILENCE, SILENCE, VOICE, SILENCE, VOICE]
  for (const [i, payload] of payloads.entries()) send(i, payload)
}

describe('ignoreDtx', () => {
  test('leaves the packets of silence out, without a gap in the numbers; timestamps stay', () => {
    const { fixture, send } = room(true)
    speak(send)
    expect(fixture.port.sent.map((s) => [s.sequenceNumber, s.timestamp])).toEqual([
      [1001, 0],
      [1002, 960],
      [1003, 4 * 960],
      [1004, 6 * 960],
    ])
    expect(fixture.events.some((e) => e.event === 'consumer.layers')).toBe(false)
  })

  test('is off by default', () => {
    const { fixture, send } = room(false)
    speak(send)
    expect(fixture.port.sent).toHaveLength(7)
  })

  test('works on a DirectTransport as well', () => {
    const { fixture, send } = room(true, true)
    speak(send)
    const header = new RtpHeader()
    const numbers = fixture.events
      .filter((e) => e.event === 'consumer.rtp')
      .map((e) => {
        const { packet } = e.data as { packet: Uint8Array }
        expect(parseRtpPacket(packet, 0, packet.length, header)).toBe(true)
        expect(header).toMatchObject({ ssrc: 5555, payloadType: 100, payloadLength: VOICE.length })
        return header.sequenceNumber
      })
    expect(numbers).toEqual([1001, 1002, 1003, 1004])
  })
})
