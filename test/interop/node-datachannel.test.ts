import { once } from 'node:events'
import { writeRtpPacket } from '@sangam/rtp'
import { createWorker, type types } from '@sangam/sfu'
import { cleanup } from 'node-datachannel'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LibdatachannelPeer } from './libdatachannel-peer.ts'

const AUDIO = { mimeType: 'audio/opus', clockRate: 48000, channels: 2 }
const VIDEO = { mimeType: 'video/VP8', clockRate: 90000 }
const AUDIO_MID = 'a'
const VIDEO_MID = 'v'
const SEND_STREAM = 100
const MESSAGE_BYTES = 200_000
const PATIENCE = { timeout: 20_000, interval: 20 }
/** A VP8 key frame: descriptor, frame tag, start code, 320 x 240 (RFC 6386 section 9.1). */
const KEY_FRAME = Uint8Array.of(0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00)

/** One of the two in the room. */
interface Member {
  readonly transport: types.WebRtcTransport
  readonly audio: types.Producer
  readonly video: types.Producer
  readonly data: types.DataProducer
  readonly firstSsrc: number
}

let worker: types.Worker
let router: types.Router
let members: [Member, Member]
let peers: LibdatachannelPeer[] = []
/** What each receives: consumers of the other's streams. */
const consumers: types.Consumer[][] = []

function payloadTypeOf(mimeType: string): number {
  const codec = router.rtpCapabilities.codecs?.find((c) => c.mimeType === mimeType)
  if (codec === undefined) throw new Error(`the router has no ${mimeType}`)
  return codec.preferredPayloadType
}

async function join(firstSsrc: number): Promise<Member> {
  const transport = await router.createWebRtcTransport({
    listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
    enableSctp: true,
  })
  const parameters = (codec: typeof AUDIO | typeof VIDEO, ssrc: number): types.RtpParameters => ({
    codecs: [{ ...codec, payloadType: payloadTypeOf(codec.mimeType) }],
    encodings: [{ ssrc }],
  })
  const audio = await transport.produce({ kind: 'audio', rtpParameters: parameters(AUDIO, firstSsrc) })
  const video = await transport.produce({ kind: 'video', rtpParameters: parameters(VIDEO, firstSsrc + 1) })
  const data = await transport.produceData({ sctpStreamParameters: { streamId: SEND_STREAM, ordered: true } })
  return { transport, audio, video, data, firstSsrc }
}

/** Has `self` receive what `other` sends. */
async function receive(self: Member, other: Member): Promise<LibdatachannelPeer> {
  const { transport } = self
  const { rtpCapabilities } = router
  const audio = await transport.consume({ producerId: other.audio.id, rtpCapabilities, mid: AUDIO_MID })
  const video = await transport.consume({ producerId: other.video.id, rtpCapabilities, mid: VIDEO_MID })
  const data = await transport.consumeData({ dataProducerId: other.data.id })
  consumers.push([audio, video])
  return LibdatachannelPeer.connect({
    transport,
    consumers: [audio, video],
    dataStreams: { send: SEND_STREAM, receive: data.sctpStreamParameters?.streamId ?? -1 },
  })
}

/** One packet of sound and one picture from a member. */
function speak(index: number, sequenceNumber: number): void {
  const { firstSsrc } = members[index] as Member
  const bytes = new Uint8Array(200)
  const send = (
    mid: string,
    mimeType: string,
    ssrc: number,
    timestamp: number,
    payload: Uint8Array,
  ): void => {
    const fields = {
      payloadType: payloadTypeOf(mimeType),
      sequenceNumber,
      timestamp,
      ssrc,
      payload,
      marker: true,
    }
    peers[index]?.send(mid, bytes.slice(0, writeRtpPacket(bytes, 0, fields)))
  }
  send(AUDIO_MID, AUDIO.mimeType, firstSsrc, sequenceNumber * 960, Uint8Array.of(0xf8, 0xff, 0xfe))
  send(VIDEO_MID, VIDEO.mimeType, firstSsrc + 1, sequenceNumber * 1800, KEY_FRAME)
}

beforeAll(async () => {
  worker = await createWorker({ logLevel: 'warn' })
  router = await worker.createRouter({
    mediaCodecs: [
      { kind: 'audio', ...AUDIO },
      { kind: 'video', ...VIDEO },
    ],
  })
  members = [await join(1000), await join(2000)]
  peers = [await receive(members[0], members[1]), await receive(members[1], members[0])]
})

afterAll(async () => {
  for (const peer of peers) peer[Symbol.dispose]()
  cleanup()
  const ended = once(worker, 'subprocessclose')
  worker.close()
  await ended
})

test('both are connected, by ICE, DTLS and SCTP', async () => {
  for (const { transport } of members) {
    // The peer knows a moment before the application does.
    await expect.poll(() => transport.sctpState, PATIENCE).toBe('connected')
    expect(transport.dtlsState).toBe('connected')
    expect(transport.iceState).toMatch(/^(connected|completed)$/)
  }
})

test('sound and pictures go both ways', async () => {
  let sequence = 0
  const counts = (): number[] =>
    peers.flatMap(({ received }, i) =>
      (consumers[i] ?? []).map(
        ({ rtpParameters }) => received.get(rtpParameters.encodings?.[0]?.ssrc ?? 0) ?? 0,
      ),
    )
  // Until everybody has twenty of each: the first ones may come before the way is open.
  await expect
    .poll(() => {
      speak(0, sequence)
      speak(1, sequence++)
      return Math.min(...counts())
    }, PATIENCE)
    .toBeGreaterThan(20)
  expect(counts()).toHaveLength(4)
})

test('text and bytes go both ways over data channels', async () => {
  for (const [from, to] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const received: unknown[] = []
    const bytes = Uint8Array.from({ length: MESSAGE_BYTES }, (_, i) => i & 0xff)
    peers[to]?.incoming.onMessage((message) => received.push(message))
    peers[from]?.outgoing.sendMessage('namaste')
    peers[from]?.outgoing.sendMessageBinary(bytes)
    await expect.poll(() => received.length, PATIENCE).toBe(2)
    expect(received[0]).toBe('namaste')
    expect(Buffer.from(received[1] as Buffer).equals(bytes)).toBe(true)
  }
})
