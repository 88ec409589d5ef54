/**
 * The packet port: the one seam between the engine's decisions (TypeScript) and the moving of bytes (C++, `native/`).
 *
 * It knows UDP sockets, TCP connections, DTLS, SRTP and addresses; it knows no room, codec or layer. Per batch of received packets
 * there is one call from C++ (`onBatch`) and one call back (`execute`). Everything else in between is typed arrays that
 * both sides see: no allocation and no call per packet.
 *
 * Life of a packet:
 * 1. `recvmmsg` into staging buffers, demultiplexed by the first byte (RFC 7983).
 * 2. RTP is authenticated and decrypted *into* the packet ring and gets the next packet id. RTCP (decrypted), STUN and
 *    DTLS application data go to a scratch area that is valid only during `onBatch`.
 * 3. `onBatch(count)` tells the engine; it reads the `batch` columns and `memory`.
 * 4. The engine writes a packet record per forwarded packet and a send-plan entry per receiver, and calls `execute`.
 * 5. C++ writes each header, encrypts with the receiver's key and sends (`sendmmsg`, `UDP_SEGMENT`).
 *
 * A TCP connection (RFC 6544) is a socket as well: it carries one peer's datagrams in frames (RFC 4571) and drops what it has no
 * room for. In addresses, destinations and batches it is told by its socket alone.
 */
import type { Fingerprint, SrtpSuite } from '../../channel/dtls-srtp.ts'

export type { Fingerprint, FingerprintAlgorithm, SrtpSuite } from '../../channel/dtls-srtp.ts'

/** The bits of a sink's id that are unique among the open sinks; the others tell earlier tenants of the place apart. */
export const SINK_PLACE_MASK = 0xfffff

/** What a received packet is. Values of `PacketBatch.kind`. */
export const PacketKind = {
  /** A STUN message (RFC 8489), from any address; not authenticated. */
  stun: 0,
  /** An RTP packet, authenticated and decrypted; `packetId` and the ring slot are valid until overwritten. */
  rtp: 1,
  /** A compound RTCP packet, authenticated and decrypted. */
  rtcp: 2,
  /** DTLS application data (SCTP, RFC 8261), after the fingerprint was verified; after `carrySctp` an SCTP packet as it came. */
  applicationData: 3,
} as const

/** Bytes of one address in `PacketBatch.address` and in all address arguments. See `packetAddress`. */
export const ADDRESS_BYTES = 24

/** Slots of the packet ring; a power of two. A packet id's slot is `id & (RING_SLOTS - 1)`. */
export const RING_SLOTS = 16384

/** Bytes of one ring slot; slot `s` starts at byte `s * SLOT_BYTES` of `memory`. */
export const SLOT_BYTES = 2048

/** Packets that one `onBatch` reports at most. */
export const BATCH_CAPACITY = 256

/** Entries that one `execute` takes at most. */
export const PLAN_CAPACITY = 4096

/** Control messages that one `execute` takes at most. */
export const CONTROL_CAPACITY = 1024

/** Bytes that the control messages of one `execute` may fill. */
export const CONTROL_BYTES = 512 * 1024

/**
 * The received packets of one `onBatch`, a column per property, a row per packet.
 * All arrays have `BATCH_CAPACITY` rows and are reused by the next batch.
 */
export interface PacketBatch {
  /** A value of `PacketKind`. */
  readonly kind: Uint8Array
  /** The session that the packet's source address belongs to, or -1 (only STUN comes from unknown addresses). */
  readonly session: Int32Array
  /** Where the packet starts in `memory`. */
  readonly offset: Uint32Array
  /** Bytes, after removal of authentication tag and SRTCP trailer. */
  readonly length: Uint16Array
  /** Counts accepted RTP packets, modulo 2^32; meaningful for `rtp` only. */
  readonly packetId: Uint32Array
  /** Arrival, microseconds of the monotonic clock that `nowUs()` reads. */
  readonly arrivalUs: Float64Array
  /** The source: row `i` is the `ADDRESS_BYTES` bytes from `i * ADDRESS_BYTES`. */
  readonly address: Uint8Array
}

/**
 * Words of one packet record (`Uint16Array`, `RECORD_WORDS` per ring slot): where the parts of a received RTP packet
 * are, as offsets from the packet's first byte. 0 means absent. The engine fills it once per packet, so that any
 * number of receivers and later retransmissions can use it.
 */
export const RecordWord = {
  payloadOffset: 0,
  /** Bytes of payload, padding removed. */
  payloadLength: 1,
  /** Offset of the one data byte of ssrc-audio-level (RFC 6464). */
  audioLevelOffset: 2,
  /** Offset of the one data byte of video-orientation (3GPP TS 26.114). */
  videoOrientationOffset: 3,
  dependencyDescriptorOffset: 4,
  dependencyDescriptorLength: 5,
  /** Offset of the 8 or 16 data bytes of abs-capture-time. */
  absCaptureTimeOffset: 6,
  absCaptureTimeLength: 7,
  /** Offset of the 3 data bytes of playout-delay. */
  playoutDelayOffset: 8,
} as const
/** Words of one packet record. */
export const RECORD_WORDS = 9

/**
 * Words of one send-plan entry (`Uint32Array`, `PLAN_WORDS` per entry). An entry says: take the payload of `packetId`
 * and send it through `sink`, with these header values.
 */
export const PlanWord = {
  sink: 0,
  /** The source packet. An entry whose packet was overwritten in the ring is skipped and counted (`expired`). */
  packetId: 1,
  /** Outgoing sequence number, extended: rollover counter in the upper, RTP sequence number in the lower 16 bits. */
  sequenceNumber: 2,
  timestamp: 3,
  /** `PlanFlag` bits; the upper 16 bits hold the transport-wide sequence number, if the sink carries that extension. */
  flags: 4,
  /** VP8 descriptor patch: lower 16 bits the 15-bit picture id, bits 16-23 TL0PICIDX. Used with `PlanFlag.vp8Patch`. */
  vp8Patch: 5,
  /** RTX (RFC 4588): lower 16 bits the original sequence number. Used with `PlanFlag.rtx`. With `PlanFlag.padding`: the padding's bytes (1-255). */
  extra: 6,
  /** Keep 0. */
  reserved: 7,
} as const
/** Words of one send-plan entry. */
export const PLAN_WORDS = 8

/** Bits of `PlanWord.flags`. */
export const PlanFlag = {
  /** RTP marker bit. */
  marker: 1,
  /** Write picture id and TL0PICIDX into the VP8 payload descriptor (RFC 7741), in place: a 7-bit picture id keeps 7 bits. */
  vp8Patch: 2,
  /** Insert the 2-byte original sequence number before the payload (RFC 4588). */
  rtx: 4,
  /** No payload: padding only; `packetId` is not used. */
  padding: 8,
} as const

/** Kinds of control message (`Uint32Array`, `CONTROL_WORDS` per message). */
export const ControlKind = {
  /** A compound RTCP packet for a session, sent as SRTCP. */
  rtcp: 0,
  /** Raw bytes to an address: `ADDRESS_BYTES` bytes of address, then the datagram (STUN answers). */
  raw: 1,
  /** DTLS application data for a session; after `carrySctp` an SCTP packet, sent as it is. */
  applicationData: 2,
} as const

/** Words of one control message. `offset` and `length` point into `controlBytes`. For `raw`, `session` is not used. */
export const ControlWord = { kind: 0, session: 1, offset: 2, length: 3 } as const
/** Words of one control message. */
export const CONTROL_WORDS = 4

/** Indexes into `PacketPort.counters` (`Float64Array`, since the port was opened). */
export const Counter = {
  receivedPackets: 0,
  receivedBytes: 1,
  sentPackets: 2,
  sentBytes: 3,
  /** Datagrams longer than a slot. */
  droppedOversized: 4,
  /** First byte outside every range of RFC 7983, or shorter than the shortest packet of its kind. */
  droppedMalformed: 5,
  /** DTLS, RTP or RTCP from an address that no session owns. */
  droppedUnknownAddress: 6,
  /** RTP or RTCP before the session has keys. */
  droppedNoKeys: 7,
  /** SRTP or SRTCP authentication failed. */
  droppedAuthentication: 8,
  /** SRTP or SRTCP index seen before, or older than the replay window (RFC 3711 section 3.3.2). */
  droppedReplayed: 9,
  /** More SSRCs than a session may use. */
  droppedTooManySsrcs: 10,
  /** DTLS records that OpenSSL refused, and records over the handshake's budget. */
  droppedDtls: 11,
  /** Plan entries whose packet was no longer in the ring, or whose sink or session was closed. */
  expired: 12,
  /** Sends that the system refused because its buffer was full. */
  sendBufferFull: 13,
  /** Sends that failed for another reason. */
  sendErrors: 14,
  /** `sendmmsg` calls, and messages that carried more than one packet (UDP_SEGMENT). */
  sendCalls: 15,
  segmentedSends: 16,
  receiveCalls: 17,
  /** TCP connections whose peer proved nothing in time, sent too much before, or made room for others. */
  droppedConnections: 18,
} as const
/** Length of `PacketPort.counters`. */
export const COUNTERS = 19

/** One element of a sink's RTP header extension block (RFC 8285), in this order on the wire. */
export type SinkHeaderExtension =
  /** sdes:mid (RFC 9143): the same bytes in every packet. */
  | { readonly type: 'mid'; readonly id: number; readonly value: string }
  /** abs-send-time: 24 bits, 6.18 fixed-point seconds, written at the moment of sending. */
  | { readonly type: 'absSendTime'; readonly id: number }
  /** transport-wide-cc-01: the upper 16 bits of `PlanWord.flags`. */
  | { readonly type: 'transportSequenceNumber'; readonly id: number }
  /** Copied from the source packet where its record says that it has one; otherwise left out (as padding). */
  | {
      readonly type:
        | 'audioLevel'
        | 'videoOrientation'
        | 'dependencyDescriptor'
        | 'absCaptureTime'
        | 'playoutDelay'
      readonly id: number
    }

/** One outgoing RTP stream: to whom, and what is the same in each of its packets. */
export interface SinkOptions {
  readonly session: number
  readonly ssrc: number
  readonly payloadType: number
  readonly headerExtensions: readonly SinkHeaderExtension[]
}

/** Why a DTLS association ended without keys. */
export type DtlsFailure = 'fingerprint-mismatch' | 'no-srtp-profile' | 'timeout' | 'protocol'

/** What a session tells, outside of batches. */
export type SessionEvent =
  /** DTLS is up, the peer's fingerprint matched and SRTP keys are installed. `remoteCertificate` is PEM. */
  | { readonly type: 'connected'; readonly srtpSuite: SrtpSuite; readonly remoteCertificate: string }
  | { readonly type: 'failed'; readonly reason: DtlsFailure }
  /** The peer sent close_notify. */
  | { readonly type: 'closed' }
  /** After `learnAddress`: the session has this address now (`ADDRESS_BYTES` bytes). */
  | { readonly type: 'address'; readonly address: Uint8Array }
  /** The TCP connection of this address ended; its socket is closed. */
  | { readonly type: 'disconnected'; readonly address: Uint8Array }

/** What one session received (authenticated packets only) and sent since it was created. */
export interface SessionStats {
  readonly receivedPackets: number
  readonly receivedBytes: number
  readonly sentPackets: number
  readonly sentBytes: number
}

/** What a packet port holds: sessions, outgoing streams of theirs, and remote addresses that belong to them. */
export interface TableSizes {
  readonly sessions: number
  readonly sinks: number
  readonly addresses: number
}

/** Where a UDP socket is bound and how. Buffers are those of the kernel. */
export interface UdpOptions {
  /** Numeric IPv4 or IPv6 address. */
  readonly ip: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly ipv6Only?: boolean
  readonly udpReusePort?: boolean
  readonly sendBufferBytes?: number
  readonly receiveBufferBytes?: number
}

/** Where a TCP listener is bound and how. Without sizes the buffers are what the kernel chooses. */
export type TcpOptions = Omit<UdpOptions, 'udpReusePort'>

/** What a packet port is opened with. Both callbacks run on the thread that opened it. */
export interface PacketPortOptions {
  /** PEM of the DTLS certificate and key; without them an ECDSA P-256 certificate is made. */
  readonly certificatePem?: string
  readonly privateKeyPem?: string
  /** Called once per batch, and with 0 by the clock (`startClock`); must not throw. Runs before the event loop goes on. */
  readonly onBatch: (count: number) => void
  readonly onSessionEvent: (session: number, event: SessionEvent) => void
}

/** The port. One per worker process. Not thread-safe; every call is made on the worker's event loop. */
export interface PacketPort {
  /** The packet ring (`RING_SLOTS * SLOT_BYTES`), then the scratch area that RTCP, STUN and application data use. */
  readonly memory: Uint8Array
  readonly batch: PacketBatch
  /** `RECORD_WORDS` per ring slot. */
  readonly records: Uint16Array
  /** `PLAN_WORDS` per entry. */
  readonly plan: Uint32Array
  /** `CONTROL_WORDS` per message. */
  readonly control: Uint32Array
  readonly controlBytes: Uint8Array
  readonly counters: Float64Array
  /** The own certificate, PEM. */
  readonly certificate: string

  /** Monotonic clock in microseconds, the one of `PacketBatch.arrivalUs`. */
  nowUs(): number
  /**
   * From now on `onBatch(0)` is called about every `intervalMs` in which no batch came, so that time goes on without
   * packets, too. A timer of JavaScript's would wake the loop whether packets come or not.
   */
  startClock(intervalMs: number): void

  /**
   * Binds a UDP socket.
   * @returns the socket's index and the bound port
   * @throws Error whose `code` is the system's (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, `EINVAL`, `EMFILE`)
   */
  openUdp(options: UdpOptions): { readonly socket: number; readonly port: number }
  /**
   * Listens for TCP connections. Each is a socket of its own, known from the first STUN message that comes over it; it may
   * stay once a session has its address (`addAddress`), and before that neither for long nor for many bytes.
   * @returns the listener's socket index and the bound port
   * @throws Error as `openUdp` does
   */
  openTcp(options: TcpOptions): { readonly socket: number; readonly port: number }
  /** The listener that accepted a TCP connection; any other open socket itself; -1 for one that isn't open. */
  listenerOf(socket: number): number
  /** Nothing comes or leaves by it any longer; a listener takes its connections along. Idempotent. */
  closeSocket(socket: number): void

  /**
   * A peer: one DTLS association, one set of SRTP keys, one destination.
   * @returns its id, a positive int32 that is not used again soon; ids are not dense
   */
  createSession(): number
  /** Ends it: close_notify is sent if DTLS was up, its addresses are forgotten, its sinks become inert. Idempotent. */
  closeSession(session: number): void
  /** Packets from `address` belong to `session` from now on. An address belongs to one session only: the last. */
  addAddress(session: number, address: Uint8Array): void
  removeAddress(address: Uint8Array): void
  /** Where the session's packets are sent. */
  setDestination(session: number, address: Uint8Array): void
  /**
   * RTCP leaves by a way of its own from now on, where it does not share RTP's (RFC 5761): to `address`, or, while that is
   * undefined, nowhere.
   */
  setRtcpDestination(session: number, address: Uint8Array | undefined): void
  /**
   * The next valid RTP or RTCP packet from an unknown address on `socket` ties that address to `session`, which the event
   * `address` tells before the packet is reported: once, whatever comes later from elsewhere is dropped. With SRTP only an
   * authentic packet counts; without, any of the right shape.
   */
  learnAddress(session: number, socket: number): void
  /**
   * RTP and RTCP of this session pass as they are, without SRTP. Forging its source address is then all that it takes to
   * speak for the peer.
   * @throws Error if the session has SRTP keys or DTLS
   */
  setPlain(session: number): void
  /**
   * SCTP packets pass beside this session's RTP, unencrypted even where that is SRTP. They are known by the first byte of
   * their source port, 16-19, which holds for WebRTC's port 5000.
   * @throws Error if the session has DTLS
   */
  carrySctp(session: number): void
  /**
   * Starts DTLS (1.2). As 'client' it sends its ClientHello to the destination at once; as 'server' it waits for one.
   * Handshake records from the session's addresses only. The peer's certificate must match one of `fingerprints`,
   * else the event is `failed` and no key is installed.
   */
  startDtls(session: number, role: 'client' | 'server', fingerprints: readonly Fingerprint[]): void
  /** Installs SRTP keys given elsewhere (SDES, pipes, tests). Keys are master key followed by master salt. */
  setSrtpKeys(session: number, suite: SrtpSuite, sendKey: Uint8Array, receiveKey: Uint8Array): void
  sessionStats(session: number): SessionStats
  /** How many of each are open. */
  tableSizes(): TableSizes

  createSink(options: SinkOptions): number
  closeSink(sink: number): void

  /** Gives the next packet id to bytes that the engine writes itself (DirectTransport): returns the id. */
  injectPacket(bytes: Uint8Array): number

  /**
   * Sends: first the control messages, then the plan's entries. Entries of one sink keep their order; runs of equal
   * size to one destination may leave as one segmented send.
   * @param planEntries how many entries of `plan` are valid, at most `PLAN_CAPACITY`
   * @param controlMessages how many of `control` are valid, at most `CONTROL_CAPACITY`
   */
  execute(planEntries: number, controlMessages: number): void

  /** Closes every socket and session. Idempotent. */
  close(): void
}

/** Loads the native addon. @throws Error that says how to build it where it is missing. */
export type CreatePacketPort = (options: PacketPortOptions) => PacketPort
