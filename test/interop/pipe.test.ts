import { parseRtcpPacket, RtcpHeader, RtcpType, readFeedbackMedia } from '@sangam/rtp'
import type { types } from '@sangam/sfu'
import { describe, expect, test } from 'vitest'
import { EngineRoom, packetsOf, ssrcOf } from './engine-room.ts'

const OPUS_SSRC = 0x11112222
const VP8_SSRC = 0x33334444
/** RFC 7741 section 4.3: the first bytes of a key frame, 320x240; and of a frame that needs it. */
const KEY_FRAME = Uint8Array.of(0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00)
const DELTA_FRAME = Uint8Array.of(0x10, 0x11, 0x02, 0x00, 0x01, 0x02, 0x03)

/** What a peer of the testkit sends: Opus, or VP8 with NACK and PLI. */
function parametersOf(kind: types.MediaKind): types.RtpParameters {
  if (kind === 'audio') {
    const opus = { mimeType: 'audio/opus', payloadType: 111, clockRate: 48000, channels: 2 }
    return { codecs: [opus], encodings: [{ ssrc: OPUS_SSRC }], rtcp: { cname: 'publisher' } }
  }
  const rtcpFeedback = [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }]
  const vp8 = { mimeType: 'video/VP8', payloadType: 96, clockRate: 90000, rtcpFeedback }
  return { codecs: [vp8], encodings: [{ ssrc: VP8_SSRC }], rtcp: { cname: 'publisher' } }
}

describe('pipeToRouter() between two workers, a WebRTC peer at each end', () => {
  test.each([
    ['in the clear', {}],
    ['with SRTP and RTX', { enableSrtp: true, enableRtx: true }],
  ])('%s carries audio and video, every packet in its place', async (_name, options) => {
    await using room = new EngineRoom()
    const [here, there] = [await room.openRouter(), await room.openRouter()]
    const publisher = await room.join(here)
    const viewer = await room.join(there)
    const rtpCapabilities = there.rtpCapabilities
    const consumers: types.Consumer[] = []
    for (const kind of ['audio', 'video'] as const) {
      const producer = await publisher.transport.produce({ kind, rtpParameters: parametersOf(kind) })
      await here.pipeToRouter({ producerId: producer.id, router: there, ...options })
      consumers.push(await viewer.transport.consume({ producerId: producer.id, rtpCapabilities }))
    }
    const [audio, video] = consumers.map(ssrcOf) as [number, number]
    const arrived = Promise.all([packetsOf(viewer.peer, audio, 100), packetsOf(viewer.peer, video, 100)])
    const opus = publisher.peer.openStream(OPUS_SSRC, 111)
    const vp8 = publisher.peer.openStream(VP8_SSRC, 96)
    // Across the wrap of the sequence number.
    for (let n = 0; n < 100; n++) {
      publisher.peer.send(opus, 65500 + n, n * 960, Uint8Array.of(n))
      publisher.peer.send(vp8, 65500 + n, n * 3000, n === 0 ? KEY_FRAME : DELTA_FRAME, true)
    }
    await arrived
    for (const ssrc of [audio, video]) {
      const counts = viewer.peer.counts.get(ssrc)
      expect(counts?.packets).toBe(100)
      expect(((counts?.lastSequence ?? 0) - (counts?.firstSequence ?? 0)) & 0xffff).toBe(99)
    }
  })

  test("a viewer's wish for a key frame reaches the publisher through the pipe", async () => {
    await using room = new EngineRoom()
    const [here, there] = [await room.openRouter(), await room.openRouter()]
    const publisher = await room.join(here)
    const viewer = await room.join(there)
    const producer = await publisher.transport.produce({
      kind: 'video',
      rtpParameters: parametersOf('video'),
    })
    const asked = new Promise<number>((resolve) => {
      publisher.peer.on('rtcp', (packet) => {
        const header = new RtcpHeader()
        for (let at = 0; parseRtcpPacket(packet, at, packet.length, header); at += header.packetLength) {
          if (header.packetType === RtcpType.payloadFeedback) resolve(readFeedbackMedia(packet, header))
        }
      })
    })
    await here.pipeToRouter({ producerId: producer.id, router: there })
    await viewer.transport.consume({ producerId: producer.id, rtpCapabilities: there.rtpCapabilities })
    expect(await asked).toBe(VP8_SSRC)
  })
})
