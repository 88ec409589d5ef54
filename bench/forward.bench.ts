/**
 * What forwarding costs: CPU time of the worker process per packet that it sent, beside the floor that a bare C++ loop
 * (encrypt per receiver, sendmmsg) reaches in the same run, sending as many packets of the same size to the same sockets at
 * the same pace. Real sockets, real DTLS and SRTP (GCM); the worker's figure includes everything else that it does meanwhile.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { createWorker, type types } from '@sangam/sfu'
import type { FloorOptions, FloorResult } from '@sangam/sfu/packet-port'
import { MediaPeer, PeerPort } from '@sangam/testkit'

export const description =
  'CPU µs per forwarded packet at fan-out 1-500, beside encrypt + sendmmsg in a bare C++ loop'

interface Media {
  readonly name: string
  readonly kind: types.MediaKind
  readonly payloadBytes: number
  readonly packetsPerSecond: number
  /** Packets that come back to back: a video frame. */
  readonly burst: number
}

const MEDIA: readonly Media[] = [
  { name: 'audio', kind: 'audio', payloadBytes: 160, packetsPerSecond: 50, burst: 1 },
  { name: 'video', kind: 'video', payloadBytes: 1100, packetsPerSecond: 230, burst: 8 },
]
const CODECS: types.RouterRtpCodecCapability[] = [
  { kind: 'audio', mimeType: 'audio/opus', clockRate: 48000, channels: 2 },
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90000 },
]
const FLOOR_PROCESS = join(import.meta.dirname, 'floor-process.ts')
/** RTP header and AES-GCM tag. */
const HEADER_AND_TAG_BYTES = 28
const SSRC = 1234
const PAYLOAD_TYPE = 96

interface Row {
  readonly media: string
  readonly receivers: number
  readonly forwarded: number
  readonly expected: number
  readonly cpuUsPerPacket: number
  readonly floorUsPerPacket: number
  readonly segmentedFloorUsPerPacket: number
  readonly ratio: number
}

/** Runs every case. `--seconds 5`, `--receivers 1,10,100,500`, `--media audio,video` choose less or more. */
export async function run(args: readonly string[]): Promise<readonly Row[]> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '5' },
      receivers: { type: 'string', default: '1,10,100,500' },
      media: { type: 'string', default: 'audio,video' },
    },
  })
  const names = values.media.split(',')
  const rows: Row[] = []
  for (const media of MEDIA.filter(({ name }) => names.includes(name))) {
    for (const receivers of values.receivers.split(',').map(Number)) {
      console.log(`${media.name}: ${receivers} receivers, ${values.seconds} s …`)
      rows.push(await measure(media, receivers, Number(values.seconds)))
    }
  }
  console.table(
    rows.map((row) => ({
      media: row.media,
      N: row.receivers,
      forwarded: `${row.forwarded} of ${row.expected}`,
      'worker µs/packet': row.cpuUsPerPacket.toFixed(2),
      'floor µs/packet': row.floorUsPerPacket.toFixed(2),
      'UDP_SEGMENT floor': row.segmentedFloorUsPerPacket.toFixed(2),
      'worker / floor': row.ratio.toFixed(2),
      'worker / UDP_SEGMENT': (row.cpuUsPerPacket / row.segmentedFloorUsPerPacket).toFixed(2),
    })),
  )
  return rows
}

async function measure(media: Media, receivers: number, seconds: number): Promise<Row> {
  const worker = await createWorker()
  const ports: PeerPort[] = []
  const portFor = (peer: number): PeerPort => {
    const index = Math.floor(peer / PeerPort.maxPeers)
    ports[index] ??= new PeerPort()
    return ports[index]
  }
  try {
    const server = await worker.createWebRtcServer({
      listenInfos: [
        { protocol: 'udp', ip: '127.0.0.1', port: 0, sendBufferSize: 4_000_000, recvBufferSize: 4_000_000 },
      ],
    })
    const router = await worker.createRouter({ mediaCodecs: CODECS })
    const sender = await connect(router, server, portFor(0))
    const producer = await sender.transport.produce({
      kind: media.kind,
      rtpParameters: rtpParameters(media.kind),
    })
    const peers: MediaPeer[] = []
    const connecting = Array.from({ length: receivers }, async (_, i) => {
      const { peer, transport } = await connect(router, server, portFor(i + 1))
      await transport.consume({ producerId: producer.id, rtpCapabilities: router.rtpCapabilities })
      peers.push(peer)
    })
    await Promise.all(connecting)
    const sink = sender.peer.openStream(SSRC, PAYLOAD_TYPE)
    const stream = new Stream(media, sender.peer, sink)
    // The first frames start the consumers and warm the code up; they do not count.
    await stream.send(1)
    await wait(300)
    const forwardedBefore = total(peers)
    const before = await cpuUs(worker)
    const sentBefore = stream.sent
    await stream.send(seconds)
    await wait(200)
    const cpu = (await cpuUs(worker)) - before
    const forwarded = total(peers) - forwardedBefore
    const expected = (stream.sent - sentBefore) * receivers
    const floorOptions = {
      packetBytes: media.payloadBytes + HEADER_AND_TAG_BYTES,
      ports: peers.map(({ localPort }) => localPort),
      packets: stream.sent - sentBefore,
      burst: media.burst,
      intervalUs: (media.burst * 1e6) / media.packetsPerSecond,
    }
    const floor = await floorUs({ ...floorOptions, segment: false })
    const segmented = await floorUs({ ...floorOptions, segment: true })
    return {
      media: media.name,
      receivers,
      forwarded,
      expected,
      cpuUsPerPacket: cpu / forwarded,
      floorUsPerPacket: floor,
      segmentedFloorUsPerPacket: segmented,
      ratio: cpu / forwarded / floor,
    }
  } finally {
    for (const port of ports) port.close()
    worker.close()
    if (!worker.subprocessClosed) await once(worker, 'subprocessclose')
  }
}

async function connect(router: types.Router, webRtcServer: types.WebRtcServer, port: PeerPort) {
  const transport = await router.createWebRtcTransport({ webRtcServer })
  const peer = new MediaPeer(port, transport as ConstructorParameters<typeof MediaPeer>[1])
  await transport.connect({ dtlsParameters: peer.dtlsParameters })
  await peer.connect()
  return { transport, peer }
}

function rtpParameters(kind: types.MediaKind): types.RtpParameters {
  const codec =
    kind === 'audio'
      ? { mimeType: 'audio/opus', payloadType: PAYLOAD_TYPE, clockRate: 48000, channels: 2 }
      : { mimeType: 'video/VP8', payloadType: PAYLOAD_TYPE, clockRate: 90000 }
  return { codecs: [codec], encodings: [{ ssrc: SSRC }], rtcp: { cname: 'bench' } }
}

/** Sends media in real time, a burst at a time. */
class Stream {
  sent = 0
  readonly #media: Media
  readonly #peer: MediaPeer
  readonly #sink: number
  readonly #payload: Uint8Array

  constructor(media: Media, peer: MediaPeer, sink: number) {
    this.#media = media
    this.#peer = peer
    this.#sink = sink
    this.#payload = new Uint8Array(media.payloadBytes).fill(0x55)
    // A VP8 key frame's first bytes: descriptor with S, then a frame header whose P bit is 0 (RFC 7741, RFC 6386).
    if (media.kind === 'video')
      this.#payload.set([0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00])
  }

  async send(seconds: number): Promise<void> {
    const { burst, packetsPerSecond } = this.#media
    const startMs = performance.now()
    const target = this.sent + Math.round((seconds * packetsPerSecond) / burst) * burst
    const first = this.sent
    while (this.sent < target) {
      const dueMs = startMs + ((this.sent - first) / packetsPerSecond) * 1000
      await wait(Math.max(0, dueMs - performance.now()))
      for (let i = 0; i < burst; i++) {
        this.#peer.send(this.#sink, 1000 + this.sent, this.sent * 960, this.#payload, i === burst - 1)
        this.sent++
      }
    }
  }
}

function total(peers: readonly MediaPeer[]): number {
  let packets = 0
  for (const peer of peers) for (const counts of peer.counts.values()) packets += counts.packets
  return packets
}

async function cpuUs(worker: types.Worker): Promise<number> {
  const { ru_utime, ru_stime } = await worker.getResourceUsage()
  return (ru_utime + ru_stime) * 1000
}

/** CPU µs per packet of the bare loop, sending the same packets to the same sockets at the same times. */
async function floorUs(options: FloorOptions): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [FLOOR_PROCESS, JSON.stringify(options)])
  const { cpuUs: us, sent } = JSON.parse(stdout) as FloorResult
  return us / sent
}
