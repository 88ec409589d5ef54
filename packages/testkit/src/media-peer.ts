import { EventEmitter } from 'node:events'
import {
  parseRtpPacket,
  parseStunMessage,
  RTP_FIXED_HEADER_BYTES,
  RtpHeader,
  StunMessage,
  StunType,
  verifyStunIntegrity,
  writeStunMessage,
} from '@sangam/rtp'
import {
  type Fingerprint,
  PLAN_WORDS,
  PlanFlag,
  PlanWord,
  RECORD_WORDS,
  RecordWord,
  RING_SLOTS,
  type SessionEvent,
  type SinkHeaderExtension,
  SLOT_BYTES,
  writePacketAddress,
} from '@sangam/sfu/packet-port'
import { hmacSha1, type PeerPort } from './peer-port.ts'

const CONSENT_INTERVAL_MS = 4000
const RETRY_INTERVAL_MS = 200
const encoder = new TextEncoder()

/** What signalling tells a peer of the server's transport. */
export interface ServerTransport {
  readonly iceParameters: { readonly usernameFragment: string; readonly password: string }
  readonly iceCandidates: readonly {
    readonly address: string
    readonly port: number
    readonly protocol: string
  }[]
  readonly dtlsParameters: {
    readonly fingerprints: readonly Fingerprint[]
  }
}

/** What a peer received so far of one SSRC. */
export interface PeerCounts {
  packets: number
  bytes: number
  firstSequence: number
  lastSequence: number
}

/** Events of a `MediaPeer`. */
export interface MediaPeerEvents {
  connected: []
  failed: [reason: string]
  closed: []
  rtp: [
    packet: {
      readonly header: RtpHeader
      readonly memory: Uint8Array
      readonly offset: number
      readonly length: number
      /** Microseconds of the port's clock, `PacketPort.nowUs()`. */
      readonly arrivalUs: number
    },
  ]
  rtcp: [packet: Uint8Array]
}

/**
 * A WebRTC peer without a browser: real ICE checks, DTLS and SRTP over a UDP socket of its own, as the controlling side
 * against an ICE-lite server. It sends what it is told and counts what it gets.
 */
export class MediaPeer extends EventEmitter<MediaPeerEvents> {
  readonly socket: number
  readonly session: number
  /** Of its UDP socket. */
  readonly localPort: number
  /** Where it sends to, as `PeerPort.sendRaw()` takes it. */
  readonly serverAddress: Uint8Array
  readonly counts = new Map<number, PeerCounts>()
  readonly #port: PeerPort
  readonly #server: ServerTransport
  readonly #message = new StunMessage()
  readonly #header = new RtpHeader()
  readonly #outgoing = new Uint8Array(SLOT_BYTES)
  #dtlsStarted = false
  #timer: NodeJS.Timeout | undefined

  constructor(port: PeerPort, server: ServerTransport, ip = '127.0.0.1') {
    super()
    this.#port = port
    this.#server = server
    const candidate = server.iceCandidates.find((c) => c.protocol === 'udp' && c.address === ip)
    if (candidate === undefined) throw new Error(`the server has no UDP candidate at ${ip}`)
    const bound = port.port.openUdp({ ip, port: 0 })
    this.socket = bound.socket
    this.localPort = bound.port
    this.session = port.port.createSession()
    this.serverAddress = writePacketAddress({ socket: this.socket, ip, port: candidate.port })
    port.port.addAddress(this.session, this.serverAddress)
    port.port.setDestination(this.session, this.serverAddress)
    port.add(this)
  }

  /** What the server's transport must be connected with. */
  get dtlsParameters() {
    return { role: 'client' as const, fingerprints: [...this.#port.fingerprints] }
  }

  /** Runs ICE, then DTLS. @returns when SRTP keys are there; rejects when DTLS fails */
  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.once('connected', resolve)
      this.once('failed', (reason) => reject(new Error(`DTLS failed: ${reason}`)))
      this.#check()
      this.#timer = setInterval(() => this.#check(), RETRY_INTERVAL_MS)
    })
  }

  /** Opens an outgoing stream. @returns the sink to `send` through */
  openStream(
    ssrc: number,
    payloadType: number,
    headerExtensions: readonly SinkHeaderExtension[] = [],
  ): number {
    return this.#port.port.createSink({ session: this.session, ssrc, payloadType, headerExtensions })
  }

  /**
   * Sends one RTP packet; it leaves at the end of this turn.
   * @param sequenceNumber extended
   * @param audioLevel -dBov, 0 to 127, for a stream that was opened with that extension; -1: none
   */
  send(
    sink: number,
    sequenceNumber: number,
    timestamp: number,
    payload: Uint8Array,
    marker = false,
    transportSequence = 0,
    audioLevel = -1,
  ): void {
    const { port } = this.#port
    const payloadOffset = RTP_FIXED_HEADER_BYTES + 1
    // The packet port copies extension values from the packet that it is given.
    this.#outgoing[RTP_FIXED_HEADER_BYTES] = 0x80 | audioLevel
    this.#outgoing.set(payload, payloadOffset)
    const packetId = port.injectPacket(this.#outgoing.subarray(0, payloadOffset + payload.length))
    const record = (packetId & (RING_SLOTS - 1)) * RECORD_WORDS
    port.records.fill(0, record, record + RECORD_WORDS)
    port.records[record + RecordWord.payloadOffset] = payloadOffset
    if (audioLevel >= 0) port.records[record + RecordWord.audioLevelOffset] = RTP_FIXED_HEADER_BYTES
    port.records[record + RecordWord.payloadLength] = payload.length
    const at = this.#port.reserve() * PLAN_WORDS
    port.plan[at + PlanWord.sink] = sink
    port.plan[at + PlanWord.packetId] = packetId
    port.plan[at + PlanWord.sequenceNumber] = sequenceNumber
    port.plan[at + PlanWord.timestamp] = timestamp
    port.plan[at + PlanWord.flags] = ((transportSequence & 0xffff) << 16) | (marker ? PlanFlag.marker : 0)
    port.plan[at + PlanWord.vp8Patch] = 0
    port.plan[at + PlanWord.extra] = 0
    port.plan[at + PlanWord.reserved] = 0
  }

  /** Sends a compound RTCP packet; it leaves at the end of this turn. */
  sendRtcp(packet: Uint8Array): void {
    this.#port.sendRtcp(this.session, packet)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#port.remove(this)
    this.#port.port.closeSession(this.session)
    this.#port.port.closeSocket(this.socket)
  }

  handleStun(memory: Uint8Array, offset: number, length: number): void {
    const message = this.#message
    if (!parseStunMessage(memory, offset, length, message) || message.type !== StunType.bindingSuccess) return
    const key = encoder.encode(this.#server.iceParameters.password)
    if (!verifyStunIntegrity(memory, message, key, hmacSha1) || this.#dtlsStarted) return
    this.#dtlsStarted = true
    clearInterval(this.#timer)
    this.#timer = setInterval(() => this.#check(), CONSENT_INTERVAL_MS)
    this.#port.port.startDtls(this.session, 'client', this.#server.dtlsParameters.fingerprints)
  }

  handleSessionEvent(event: SessionEvent): void {
    if (event.type === 'failed') this.emit('failed', event.reason)
    else if (event.type === 'connected' || event.type === 'closed') this.emit(event.type)
  }

  handleRtp(memory: Uint8Array, offset: number, length: number, arrivalUs: number): void {
    const header = this.#header
    if (!parseRtpPacket(memory, offset, length, header)) return
    const counts = this.counts.get(header.ssrc)
    if (counts === undefined) {
      const first = header.sequenceNumber
      this.counts.set(header.ssrc, { packets: 1, bytes: length, firstSequence: first, lastSequence: first })
    } else {
      counts.packets++
      counts.bytes += length
      counts.lastSequence = header.sequenceNumber
    }
    if (this.listenerCount('rtp') > 0) this.emit('rtp', { header, memory, offset, length, arrivalUs })
  }

  handleRtcp(memory: Uint8Array, offset: number, length: number): void {
    if (this.listenerCount('rtcp') > 0) this.emit('rtcp', memory.slice(offset, offset + length))
  }

  #check(): void {
    const { usernameFragment, password } = this.#server.iceParameters
    const datagram = new Uint8Array(256)
    const length = writeStunMessage(datagram, 0, {
      type: StunType.bindingRequest,
      transactionId: crypto.getRandomValues(new Uint8Array(12)),
      attributes: [
        { type: 'username', value: `${usernameFragment}:peer` },
        { type: 'priority', value: 1 },
        { type: 'iceControlling', value: 1n },
        { type: 'useCandidate' },
      ],
      integrity: { key: encoder.encode(password), hmacSha1 },
      fingerprint: true,
    })
    this.#port.sendRaw(this.serverAddress, datagram.subarray(0, length))
  }
}
