import type { RtpParameters } from '@sangam/ortc'
import {
  ntpToMicroseconds,
  parseRtcpPacket,
  RtcpHeader,
  RtcpType,
  readSenderReport,
  SenderReport,
  writeRtpPacket,
  writeSenderReport,
} from '@sangam/rtp'
import { expect, test } from 'vitest'
import { EngineFixture, VIDEO } from './engine-fixture.ts'

const LAYER_SSRCS = [1000, 2000]
const AUDIO_SSRC = 5000
const VIDEO_OUT = 2222
const AUDIO_OUT = 3333
/** The publisher's clock is a quarter of an hour ahead of ours. */
const CLOCK_AHEAD_US = 900_000_000

const AUDIO: RtpParameters = {
  mid: '1',
  codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48000, channels: 2 }],
  encodings: [{ ssrc: AUDIO_SSRC }],
  rtcp: { cname: 'publisher' },
}

/** A publisher whose streams start their RTP clocks anywhere, and a viewer who gets audio and one of two video layers. */
class Stage extends EngineFixture {
  readonly publisher = this.connected('publisher', 40001)
  readonly viewer = this.connected('viewer', 40002)
  readonly #sequences = new Map<number, number>()
  #picture = 0

  constructor() {
    super()
    const common = { transportId: 'publisher', keyFrameRequestDelay: 0, paused: false }
    this.engine.produce({
      ...common,
      producerId: 'producer',
      kind: 'video',
      rtpParameters: { ...VIDEO, encodings: LAYER_SSRCS.map((ssrc) => ({ ssrc })) },
      rtpMapping: { codecs: [{ payloadType: 96, mappedPayloadType: 101 }], encodings: [] },
    })
    this.engine.produce({
      ...common,
      producerId: 'audio',
      kind: 'audio',
      rtpParameters: AUDIO,
      rtpMapping: { codecs: [{ payloadType: 111, mappedPayloadType: 100 }], encodings: [] },
    })
    const consumed = { transportId: 'viewer', consumableRtpEncodings: [], paused: false, ignoreDtx: false }
    this.engine.consume({
      ...consumed,
      consumerId: 'video-out',
      producerId: 'producer',
      kind: 'video',
      type: 'simulcast',
      rtpParameters: {
        codecs: [{ ...VIDEO.codecs[0]!, payloadType: 101 }],
        encodings: [{ ssrc: VIDEO_OUT }],
      },
    })
    this.engine.consume({
      ...consumed,
      consumerId: 'audio-out',
      producerId: 'audio',
      kind: 'audio',
      type: 'simple',
      rtpParameters: {
        codecs: [{ ...AUDIO.codecs[0]!, payloadType: 100 }],
        encodings: [{ ssrc: AUDIO_OUT }],
      },
    })
  }

  /** The publisher's NTP clock, microseconds. */
  get captureUs(): number {
    return this.port.timeUs + this.context.ntpOffsetUs + CLOCK_AHEAD_US
  }

  /** The RTP timestamp that a stream of the publisher gives to this moment. */
  timestampOf(ssrc: number): number {
    const clockRate = ssrc === AUDIO_SSRC ? 48_000 : 90_000
    const seconds = this.captureUs / 1e6 - 3_900_000_000
    return Math.round(seconds * clockRate + ssrc * 1_234_567) >>> 0
  }

  /** A moment passes: a picture of these layers, sound, and sender reports of everything where `report` says so. */
  moment(layers: readonly number[], { key = false, report = false } = {}): void {
    this.tick(40)
    this.#picture++
    for (const layer of layers) {
      const frame = key ? [0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0] : [0x11, 2, 0, 1, 2, 3]
      const picture = this.#picture + 700 * layer
      const payload = Uint8Array.of(0x90, 0x80, 0x80 | (picture >> 8), picture & 0xff, ...frame)
      this.#send(LAYER_SSRCS[layer] as number, 96, payload)
    }
    this.#send(AUDIO_SSRC, 111, new Uint8Array(80))
    if (report) for (const ssrc of [...LAYER_SSRCS, AUDIO_SSRC]) this.#report(ssrc)
    this.run()
  }

  /** Sender reports that left for the viewer, the newest of each stream. */
  reports(): Map<number, { ntpUs: number; rtpTimestamp: number }> {
    const header = new RtcpHeader()
    const report = new SenderReport()
    const newest = new Map<number, { ntpUs: number; rtpTimestamp: number }>()
    for (const { session, bytes } of this.port.rtcp) {
      if (session !== this.viewer.session) continue
      for (let at = 0; parseRtcpPacket(bytes, at, bytes.length, header); at += header.packetLength) {
        if (header.packetType !== RtcpType.senderReport || !readSenderReport(bytes, header, report)) continue
        const ntpUs = ntpToMicroseconds(report.ntpSeconds, report.ntpFraction)
        newest.set(report.ssrc, { ntpUs, rtpTimestamp: report.rtpTimestamp })
      }
    }
    return newest
  }

  /** When, by the sender reports, the viewer is to play the newest packet of a stream: NTP, microseconds. */
  playedAtUs(ssrc: number): number {
    const clockRate = ssrc === AUDIO_OUT ? 48_000 : 90_000
    const { ntpUs, rtpTimestamp } = this.reports().get(ssrc)!
    const packet = this.port.sent.findLast(({ sink }) => sink.ssrc === ssrc)!
    return ntpUs + (((packet.timestamp - rtpTimestamp) | 0) * 1e6) / clockRate
  }

  #send(ssrc: number, payloadType: number, payload: Uint8Array): void {
    const sequenceNumber = ((this.#sequences.get(ssrc) ?? ssrc) + 1) & 0xffff
    this.#sequences.set(ssrc, sequenceNumber)
    const bytes = new Uint8Array(1500)
    const fields = {
      payloadType,
      sequenceNumber,
      ssrc,
      payload,
      timestamp: this.timestampOf(ssrc),
      marker: true,
    }
    this.port.addRtp(this.publisher.session, bytes.slice(0, writeRtpPacket(bytes, 0, fields)))
  }

  #report(ssrc: number): void {
    const bytes = new Uint8Array(64)
    const ntpUs = this.captureUs
    const length = writeSenderReport(bytes, 0, {
      ssrc,
      ntpSeconds: Math.floor(ntpUs / 1e6),
      ntpFraction: Math.floor(((ntpUs % 1e6) / 1e6) * 2 ** 32),
      rtpTimestamp: this.timestampOf(ssrc),
      packetCount: 1,
      octetCount: 1,
    })
    this.port.addRtcp(this.publisher.session, bytes.slice(0, length))
  }
}

test('what was captured together is played together, within 1 ms, before and after changes of the layer', () => {
  const stage = new Stage()
  const differences: number[] = []
  const compare = (): void => {
    // Sender reports of both streams, then one more moment whose picture and sound are of the same instant.
    for (let i = 0; i < 30; i++) stage.moment([0, 1], { report: i % 10 === 0 })
    differences.push(stage.playedAtUs(VIDEO_OUT) - stage.playedAtUs(AUDIO_OUT))
  }
  const layer = (): unknown => stage.engine.consumers.get('video-out')!.currentLayers?.spatialLayer
  stage.moment([0, 1], { key: true, report: true })
  compare()
  expect(layer()).toBe(1)
  for (const spatialLayer of [0, 1, 0]) {
    stage.engine.consumers.get('video-out')!.setPreferredLayers({ spatialLayer })
    stage.moment([0, 1], { key: true })
    compare()
    expect(layer()).toBe(spatialLayer)
  }
  for (const differenceUs of differences) expect(Math.abs(differenceUs)).toBeLessThan(1000)
})
