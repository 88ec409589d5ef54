/**
 * What ten times its load in garbage does to an honest stream: packets lost between a publisher and a viewer, alone and with
 * garbage of several kinds at the same port, and the worker's CPU time in both. Real sockets, DTLS and SRTP.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createWorker, type types } from '@sangam/sfu'
import { MediaPeer, PeerPort } from '@sangam/testkit'

export const description = 'Packets that an honest stream loses at ten times its load in garbage'

const SSRC = 1234
const PAYLOAD_TYPE = 100
const PAYLOAD = new Uint8Array(160).fill(0x55)
const PACKETS_PER_TURN = 10
const TURN_MS = 10
const AUDIO: types.RtpParameters = {
  codecs: [{ mimeType: 'audio/opus', payloadType: PAYLOAD_TYPE, clockRate: 48000, channels: 2 }],
  encodings: [{ ssrc: SSRC }],
  rtcp: { cname: 'bench' },
}

interface Row {
  readonly garbage: string
  readonly sent: number
  readonly garbageSent: number
  readonly lost: number
  readonly lossPercent: number
  readonly cpuMs: number
}

/** What a kind of garbage sends: its n-th datagram, from the address of a stranger or of the publisher itself. */
interface Garbage {
  readonly name: string
  readonly fromMember: boolean
  datagram(index: number): Uint8Array
}

/** Runs every kind. `--seconds 5` and `--times 10` choose less or more. */
export async function run(args: readonly string[]): Promise<readonly Row[]> {
  const { values } = parseArgs({
    args: [...args],
    options: { seconds: { type: 'string', default: '5' }, times: { type: 'string', default: '10' } },
  })
  const rows: Row[] = []
  for (const garbage of [undefined, ...KINDS]) {
    rows.push(await measure(garbage, Number(values.seconds), Number(values.times)))
  }
  const alone = rows[0]?.cpuMs ?? 1
  console.table(
    rows.map((row) => ({
      garbage: row.garbage,
      'honest packets': row.sent,
      'garbage packets': row.garbageSent,
      lost: row.lost,
      'loss %': row.lossPercent.toFixed(2),
      'worker CPU / alone': (row.cpuMs / alone).toFixed(2),
    })),
  )
  return rows
}

function random(bytes: number, first?: number): Uint8Array {
  const datagram = crypto.getRandomValues(new Uint8Array(bytes))
  if (first !== undefined) datagram[0] = first
  return datagram
}

/** A STUN header (RFC 8489 section 5) and a USERNAME that nobody here has. */
function strangeCheck(): Uint8Array {
  const datagram = Buffer.alloc(44)
  datagram.writeUInt16BE(1, 0)
  datagram.writeUInt16BE(24, 2)
  datagram.writeUInt32BE(0x2112a442, 4)
  datagram.set(random(12), 8)
  datagram.writeUInt16BE(6, 20)
  datagram.writeUInt16BE(20, 22)
  datagram.write('nobodyofthis:stranger', 24, 'latin1')
  return datagram
}

/** A DTLS handshake record with a ClientHello's type and no sense (RFC 6347 section 4.2.2). */
function clientHello(): Uint8Array {
  const datagram = random(200, 22)
  datagram.set([22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 187, 1])
  return datagram
}

/** RTP of the honest stream's own SSRC, under no key. */
function forgedRtp(index: number): Uint8Array {
  const datagram = Buffer.from(random(190))
  datagram.set([0x80, PAYLOAD_TYPE])
  datagram.writeUInt16BE(index & 0xffff, 2)
  datagram.writeUInt32BE(SSRC, 8)
  return datagram
}

const KINDS: readonly Garbage[] = [
  { name: 'random bytes, stranger', fromMember: false, datagram: () => random(200) },
  { name: 'checks of nobody, stranger', fromMember: false, datagram: strangeCheck },
  { name: 'ClientHellos, stranger', fromMember: false, datagram: clientHello },
  { name: 'forged RTP, stranger', fromMember: false, datagram: forgedRtp },
  { name: 'forged RTP, member', fromMember: true, datagram: forgedRtp },
  { name: 'ClientHellos, member', fromMember: true, datagram: clientHello },
]

async function measure(garbage: Garbage | undefined, seconds: number, times: number): Promise<Row> {
  console.log(`${garbage?.name ?? 'no garbage'}, ${seconds} s …`)
  const worker = await createWorker({ logLevel: 'none' })
  const peers = new PeerPort()
  const stranger = createSocket('udp4')
  stranger.bind(0, '127.0.0.1')
  await once(stranger, 'listening')
  try {
    const server = await worker.createWebRtcServer({
      listenInfos: [{ protocol: 'udp', ip: '127.0.0.1', port: 0 }],
    })
    const router = await worker.createRouter({
      mediaCodecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48000, channels: 2 }],
    })
    const publisher = await connect(router, server, peers)
    const viewer = await connect(router, server, peers)
    // The garbage of a member comes from a connection of its own: what it breaks there is its own.
    const member = await connect(router, server, peers)
    const producer = await publisher.transport.produce({ kind: 'audio', rtpParameters: AUDIO })
    await viewer.transport.consume({ producerId: producer.id, rtpCapabilities: router.rtpCapabilities })
    const flood = garbage && new Flood(garbage, member, peers, stranger, times)
    const before = await cpuMs(worker)
    const sent = await stream(publisher.peer, seconds, () => flood?.burst(PACKETS_PER_TURN))
    await wait(300)
    const used = (await cpuMs(worker)) - before
    let received = 0
    for (const { packets } of viewer.peer.counts.values()) received += packets
    const lost = sent - received
    return {
      garbage: garbage?.name ?? 'none',
      sent,
      garbageSent: flood?.sent ?? 0,
      lost,
      lossPercent: (100 * lost) / sent,
      cpuMs: used,
    }
  } finally {
    stranger.close()
    peers.close()
    worker.close()
    if (!worker.subprocessClosed) await once(worker, 'subprocessclose')
  }
}

type Connected = Awaited<ReturnType<typeof connect>>

async function connect(router: types.Router, webRtcServer: types.WebRtcServer, peers: PeerPort) {
  const transport = await router.createWebRtcTransport({ webRtcServer })
  const peer = new MediaPeer(peers, transport)
  await transport.connect({ dtlsParameters: peer.dtlsParameters })
  await peer.connect()
  return { transport, peer }
}

/** Sends garbage beside each honest packet. */
class Flood {
  sent = 0
  readonly #garbage: Garbage
  readonly #member: Connected
  readonly #peers: PeerPort
  readonly #stranger: Socket
  readonly #times: number

  constructor(garbage: Garbage, member: Connected, peers: PeerPort, stranger: Socket, times: number) {
    this.#garbage = garbage
    this.#member = member
    this.#peers = peers
    this.#stranger = stranger
    this.#times = times
  }

  burst(honest: number): void {
    for (let i = 0; i < honest * this.#times; i++) {
      const datagram = this.#garbage.datagram(this.sent++)
      if (this.#garbage.fromMember) this.#peers.sendRaw(this.#member.peer.serverAddress, datagram)
      else this.#stranger.send(datagram, this.#member.transport.iceCandidates[0]?.port, '127.0.0.1')
    }
  }
}

/** Sends 1,000 packets a second; `beside` is called with each ten. */
async function stream(peer: MediaPeer, seconds: number, beside: () => void): Promise<number> {
  const sink = peer.openStream(SSRC, PAYLOAD_TYPE)
  const turns = (seconds * 1000) / TURN_MS
  const startMs = performance.now()
  let sent = 0
  for (let turn = 0; turn < turns; turn++) {
    await wait(Math.max(0, startMs + turn * TURN_MS - performance.now()))
    for (let i = 0; i < PACKETS_PER_TURN; i++) {
      peer.send(sink, 1000 + sent, sent * 960, PAYLOAD)
      sent++
    }
    beside()
  }
  return sent
}

async function cpuMs(worker: types.Worker): Promise<number> {
  const { ru_utime, ru_stime } = await worker.getResourceUsage()
  return ru_utime + ru_stime
}
