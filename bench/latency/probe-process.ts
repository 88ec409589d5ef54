/**
 * Sends a packet each few milliseconds through the worker and through the echo in turn, and says how long each was under
 * way: from the call that encrypts and sends it to the end of the read that brings it back. In a process of its own, so that
 * neither load nor API stand in its way.
 */
import {
  ADDRESS_BYTES,
  createPacketPort,
  PLAN_WORDS,
  PlanWord,
  RECORD_WORDS,
  RecordWord,
  RING_SLOTS,
  writePacketAddress,
} from '@sangam/sfu/packet-port'
import { MediaPeer, PeerPort, type ServerTransport } from '@sangam/testkit'
import { rtpParameters } from '../forward/media.ts'

/** What the parent tells: the server's transports, where the echo is, and how many packets go each way. */
export interface ProbeOptions {
  readonly sender: ServerTransport
  readonly receiver: ServerTransport
  readonly echoPort: number
  readonly packets: number
  readonly intervalMs: number
}

const HEADER_BYTES = 12
const PAYLOAD = new Uint8Array(160).fill(0x55)
const SSRC = rtpParameters('audio', 0).encodings?.[0]?.ssrc ?? 0
const PAYLOAD_TYPE = 96
/** AES-128-GCM: key and salt (RFC 7714). */
const KEY = new Uint8Array(28).fill(7)

/** Round trips by sequence number, microseconds. */
class Times {
  readonly us: number[] = []
  readonly #sentUs = new Map<number, number>()

  sent(sequence: number, nowUs: number): void {
    this.#sentUs.set(sequence & 0xffff, nowUs)
  }

  received(sequence: number, nowUs: number): void {
    const sentUs = this.#sentUs.get(sequence)
    if (sentUs === undefined) return
    this.us.push(nowUs - sentUs)
    this.#sentUs.delete(sequence)
  }
}

/** The way through the echo. What comes back has the key that it left with: both ends do what they do on the other way. */
class EchoWay {
  readonly times = new Times()
  readonly #port = createPacketPort({
    onBatch: (count) => this.#received(count),
    onSessionEvent: () => undefined,
  })
  readonly #sink: number
  readonly #bytes = new Uint8Array(HEADER_BYTES + PAYLOAD.length)

  constructor(echoPort: number) {
    const { socket } = this.#port.openUdp({ ip: '127.0.0.1', port: 0 })
    const session = this.#port.createSession()
    const address = writePacketAddress({ socket, ip: '127.0.0.1', port: echoPort })
    this.#port.setSrtpKeys(session, 'AEAD_AES_128_GCM', KEY, KEY)
    this.#port.addAddress(session, address.subarray(0, ADDRESS_BYTES))
    this.#port.setDestination(session, address)
    this.#sink = this.#port.createSink({
      session,
      ssrc: SSRC,
      payloadType: PAYLOAD_TYPE,
      headerExtensions: [],
    })
  }

  send(sequence: number): void {
    const port = this.#port
    const packetId = port.injectPacket(this.#bytes)
    const record = (packetId & (RING_SLOTS - 1)) * RECORD_WORDS
    port.records[record + RecordWord.payloadOffset] = HEADER_BYTES
    port.records[record + RecordWord.payloadLength] = PAYLOAD.length
    port.plan.fill(0, 0, PLAN_WORDS)
    port.plan[PlanWord.sink] = this.#sink
    port.plan[PlanWord.packetId] = packetId
    port.plan[PlanWord.sequenceNumber] = sequence
    this.times.sent(sequence, port.nowUs())
    port.execute(1, 0)
  }

  close(): void {
    this.#port.close()
  }

  #received(count: number): void {
    const { memory, batch } = this.#port
    for (let row = 0; row < count; row++) {
      const at = batch.offset[row] as number
      const sequence = ((memory[at + 2] as number) << 8) | (memory[at + 3] as number)
      this.times.received(sequence, batch.arrivalUs[row] as number)
    }
  }
}

async function measure(options: ProbeOptions): Promise<{ worker: number[]; echo: number[] }> {
  const peers = new PeerPort()
  const sender = new MediaPeer(peers, options.sender)
  const receiver = new MediaPeer(peers, options.receiver)
  process.send?.({ connect: sender.dtlsParameters })
  await Promise.all([sender.connect(), receiver.connect()])
  const echo = new EchoWay(options.echoPort)
  const times = new Times()
  const sink = sender.openStream(SSRC, PAYLOAD_TYPE)
  let sequence = 1
  // The worker gives its own numbers: ours goes along as payload.
  const payload = new Uint8Array(PAYLOAD)
  const view = new DataView(payload.buffer)
  receiver.on('rtp', ({ header, memory, arrivalUs }) => {
    const at = header.payloadOffset
    times.received(((memory[at] as number) << 8) | (memory[at + 1] as number), arrivalUs)
  })
  const sendOne = (): void => {
    view.setUint16(0, sequence)
    sender.send(sink, sequence, sequence * 960, payload)
    times.sent(sequence, peers.port.nowUs())
    peers.flush()
  }
  for (let i = 0; i < options.packets; i++) {
    if (i % 2 === 0) sendOne()
    else {
      echo.send(sequence)
      sequence++
    }
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs))
  }
  peers.close()
  echo.close()
  return { worker: times.us, echo: echo.times.us }
}

process.once('message', async (options: ProbeOptions) => {
  process.send?.(await measure(options))
  process.disconnect()
})
