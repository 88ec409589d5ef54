import { parseRtpPacket, RtpHeader } from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
import { room, SILENCE, VOICE } from './voice-fixture.ts'

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
