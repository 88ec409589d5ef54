import { createHash, createHmac, X509Certificate } from 'node:crypto'
import { setImmediate } from 'node:timers'
import {
  ADDRESS_BYTES,
  CONTROL_WORDS,
  ControlKind,
  ControlWord,
  createPacketPort,
  type Fingerprint,
  PacketKind,
  type PacketPort,
  packetAddressSocket,
} from '@sangam/sfu/packet-port'
import type { MediaPeer } from './media-peer.ts'

/** HMAC-SHA1 as the STUN functions want it. */
export function hmacSha1(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac('sha1', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/**
 * A packet port on the clients' side: many test peers, each with a UDP socket, DTLS and SRTP of its own, share one
 * process and one batch loop.
 */
export class PeerPort {
  /** Peers that one batch loop serves without being what is measured. */
  static readonly maxPeers = 200
  readonly port: PacketPort
  readonly fingerprints: readonly Fingerprint[]
  readonly #peersBySession = new Map<number, MediaPeer>()
  readonly #peersBySocket = new Map<number, MediaPeer>()
  #controlMessages = 0
  #controlUsed = 0
  #planEntries = 0
  #flushing = false

  constructor() {
    this.port = createPacketPort({
      onBatch: (count) => this.#handleBatch(count),
      onSessionEvent: (session, event) => this.#peersBySession.get(session)?.handleSessionEvent(event),
    })
    const digest = createHash('sha256').update(new X509Certificate(this.port.certificate).raw).digest('hex')
    this.fingerprints = [{ algorithm: 'sha-256', value: (digest.toUpperCase().match(/../g) ?? []).join(':') }]
  }

  /** Takes a peer in: its packets are handed to it from now on. */
  add(peer: MediaPeer): void {
    this.#peersBySession.set(peer.session, peer)
    this.#peersBySocket.set(peer.socket, peer)
  }

  remove(peer: MediaPeer): void {
    this.#peersBySession.delete(peer.session)
    this.#peersBySocket.delete(peer.socket)
  }

  /** The index of the next plan entry; it leaves with the next flush, at the end of this turn at the latest. */
  reserve(): number {
    this.#flushSoon()
    return this.#planEntries++
  }

  /** Queues a datagram to an address. */
  sendRaw(address: Uint8Array, datagram: Uint8Array): void {
    this.port.controlBytes.set(address, this.#controlUsed)
    this.port.controlBytes.set(datagram, this.#controlUsed + ADDRESS_BYTES)
    this.#addControl(ControlKind.raw, 0, ADDRESS_BYTES + datagram.length)
  }

  /** Queues a compound RTCP packet to a session's destination. */
  sendRtcp(session: number, packet: Uint8Array): void {
    this.port.controlBytes.set(packet, this.#controlUsed)
    this.#addControl(ControlKind.rtcp, session, packet.length)
  }

  flush(): void {
    this.port.execute(this.#planEntries, this.#controlMessages)
    this.#planEntries = 0
    this.#controlMessages = 0
    this.#controlUsed = 0
  }

  /** Closes the port and every peer on it. */
  close(): void {
    for (const peer of [...this.#peersBySession.values()]) peer.close()
    this.port.close()
  }

  #addControl(kind: number, session: number, length: number): void {
    const at = this.#controlMessages++ * CONTROL_WORDS
    this.port.control[at + ControlWord.kind] = kind
    this.port.control[at + ControlWord.session] = session
    this.port.control[at + ControlWord.offset] = this.#controlUsed
    this.port.control[at + ControlWord.length] = length
    this.#controlUsed += length
    this.#flushSoon()
  }

  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    setImmediate(() => {
      this.#flushing = false
      this.flush()
    })
  }

  #handleBatch(count: number): void {
    const { batch, memory } = this.port
    for (let row = 0; row < count; row++) {
      const offset = batch.offset[row] as number
      const length = batch.length[row] as number
      const kind = batch.kind[row]
      if (kind === PacketKind.stun) {
        const socket = packetAddressSocket(batch.address, row * ADDRESS_BYTES)
        this.#peersBySocket.get(socket)?.handleStun(memory, offset, length)
        continue
      }
      const peer = this.#peersBySession.get(batch.session[row] as number)
      if (kind === PacketKind.rtp) {
        peer?.handleRtp(memory, offset, length, batch.arrivalUs[row] as number)
      } else if (kind === PacketKind.rtcp) peer?.handleRtcp(memory, offset, length)
    }
  }
}
