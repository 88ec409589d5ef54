import {
  parseRtcpPacket,
  RtcpHeader,
  RtcpType,
  readSenderReport,
  SenderReport,
  writeSenderReport,
} from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
import type { EngineFixture } from './engine-fixture.ts'
import { room, VOICE } from './voice-fixture.ts'

/** Sender reports to the viewer so far. */
function reports(fixture: EngineFixture): SenderReport[] {
  const header = new RtcpHeader()
  return fixture.port.rtcp.flatMap(({ bytes }) => {
    const report = new SenderReport()
    const isReport =
      parseRtcpPacket(bytes, 0, bytes.length, header) &&
      header.packetType === RtcpType.senderReport &&
      readSenderReport(bytes, header, report)
    return isReport ? [report] : []
  })
}

/** Speech goes on. */
function speak({ fixture, send }: ReturnType<typeof room>, from: number, seconds: number): void {
  for (let i = 0; i < seconds * 50; i++) {
    send(from + i, VOICE)
    fixture.tick(20)
  }
}

describe('sender reports of a voice', () => {
  test('come within the first second, then every five', () => {
    const voice = room(false)
    speak(voice, 1, 1.1)
    expect(reports(voice.fixture)).toHaveLength(1)
    speak(voice, 56, 3.5)
    expect(reports(voice.fixture)).toHaveLength(1)
    speak(voice, 231, 1.6)
    expect(reports(voice.fixture)).toHaveLength(2)
    speak(voice, 311, 10)
    expect(reports(voice.fixture)).toHaveLength(4)
  })

  test('come again at once when the first report of the publisher told its clock', () => {
    const voice = room(false)
    speak(voice, 1, 1.1)
    const bytes = new Uint8Array(100)
    const own = {
      ssrc: 4444,
      ntpSeconds: 100,
      ntpFraction: 0,
      rtpTimestamp: 7_000_000,
      packetCount: 1,
      octetCount: 40,
    }
    voice.fixture.port.addRtcp(voice.publisher.session, bytes.slice(0, writeSenderReport(bytes, 0, own)))
    speak(voice, 56, 1.1)
    const told = reports(voice.fixture)
    expect(told).toHaveLength(2)
    // By the publisher's clock: about a second after its report.
    const elapsed = (told[1]!.rtpTimestamp - own.rtpTimestamp) / 48_000
    expect(elapsed).toBeGreaterThan(0)
    expect(elapsed).toBeLessThan(1.2)
  })
})

describe('time', () => {
  test('ticks only the transports that have something due', () => {
    const { fixture, publisher } = room(false)
    const viewer = fixture.engine.transports.get('viewer')!
    fixture.tick(20)
    const ticked: string[] = []
    for (const transport of [publisher, viewer]) {
      const tick = transport.tick.bind(transport)
      transport.tick = (nowUs) => {
        ticked.push(transport.id)
        return tick(nowUs)
      }
    }
    for (let i = 0; i < 50; i++) fixture.tick(20)
    const count = (id: string): number => ticked.filter((name) => name === id).length
    expect(count('publisher')).toBe(50)
    expect(count('viewer')).toBeGreaterThanOrEqual(1)
    expect(count('viewer')).toBeLessThanOrEqual(3)
    viewer.wake()
    ticked.length = 0
    fixture.tick(20)
    expect(count('viewer')).toBe(1)
  })
})
