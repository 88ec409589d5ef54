import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type {
  CreatePacketPort,
  DtlsFailure,
  Fingerprint,
  FingerprintAlgorithm,
  PacketBatch,
  PacketPort,
  PacketPortOptions,
  SessionEvent,
  SinkHeaderExtension,
  SrtpSuite,
} from './packet-port.ts'
import {
  ADDRESS_BYTES,
  BATCH_CAPACITY,
  CONTROL_BYTES,
  CONTROL_CAPACITY,
  CONTROL_WORDS,
  COUNTERS,
  PLAN_CAPACITY,
  PLAN_WORDS,
  RECORD_WORDS,
  RING_SLOTS,
  SLOT_BYTES,
} from './packet-port.ts'

/** What the addon's own port object has. The contract's calls that take objects are put on top of it here. */
interface NativePort {
  readonly certificate: string
  bindUdp(
    ip: string,
    port: number,
    ipv6Only: boolean,
    reusePort: boolean,
    sendBufferBytes: number,
    receiveBufferBytes: number,
  ): number
  bindTcp(
    ip: string,
    port: number,
    ipv6Only: boolean,
    sendBufferBytes: number,
    receiveBufferBytes: number,
  ): number
  /** An empty address: RTCP waits for one. */
  routeRtcp(session: number, address: Uint8Array): void
  beginDtls(session: number, isClient: boolean, fingerprints: Uint8Array): void
  installSrtpKeys(session: number, suite: number, sendKey: Uint8Array, receiveKey: Uint8Array): void
  /** Fills `sessionCounts`. */
  readSessionCounts(session: number): void
  addSink(session: number, ssrc: number, payloadType: number, elements: Uint8Array): number
  /** For tests: as if so many microseconds had passed for TCP connections that are nobody's. */
  ageConnections(us: number): void
  /** For tests: bytes of the socket's buffer as the system has it, of what is sent or of what is received. */
  bufferBytes(socket: number, isSend: boolean): number
  /** For tests: mode 0 sends without UDP_SEGMENT, mode 1 makes the system refuse UDP_SEGMENT on this socket. */
  setSegmentation(socket: number, mode: 0 | 1): void
  /** For tests: DTLS offers and accepts only the suites whose bit (their place in `SRTP_SUITES`) is set. */
  restrictSuites(mask: number): void
}

type SharedMethods = Omit<PacketPort, keyof SharedArrays | 'certificate' | AddedCall>
/** Calls of the contract that take more than numbers and bytes: put on top of the addon's own. */
type AddedCall =
  | 'openUdp'
  | 'openTcp'
  | 'startDtls'
  | 'setSrtpKeys'
  | 'createSink'
  | 'setRtcpDestination'
  | 'sessionStats'
type SharedArrays = Pick<
  PacketPort,
  'memory' | 'batch' | 'records' | 'plan' | 'control' | 'controlBytes' | 'counters'
> & {
  /** What the session that `readSessionCounts` was asked for received and sent: packets, bytes, packets, bytes. */
  readonly sessionCounts: Float64Array
}

/** A port as `createPacketPort` returns it; tests reach the addon's own calls through it. */
export type NativePacketPort = PacketPort & NativePort

/** What the floor loop sends (`native/bench_floor.cc`). */
export interface FloorOptions {
  /** The whole SRTP packet, 29 to 1472 bytes. */
  readonly packetBytes: number
  /** The receivers' ports on 127.0.0.1; somebody reads them. */
  readonly ports: readonly number[]
  /** Packets for each receiver. */
  readonly packets: number
  /** Packets for each receiver back to back, 1 to 1000. */
  readonly burst: number
  /** Between the starts of two bursts, microseconds; 0 sends without a pause. */
  readonly intervalUs: number
  /** Whether a receiver's burst leaves as one message (UDP_SEGMENT), or as few as its limits allow. */
  readonly segment: boolean
}

/** What one run of the floor loop did (`native/bench_floor.cc`). */
export interface FloorResult {
  /** CPU time of the calling thread, user and system, microseconds. */
  readonly cpuUs: number
  readonly wallUs: number
  readonly sent: number
  readonly refused: number
}

/** Doors to the addon's pure parts. `suite` is a place in `SRTP_SUITES`; session keys are key, salt, 20 bytes of authentication key. */
export interface NativeTesting {
  /** SRTP then SRTCP session keys from master key and salt (RFC 3711 section 4.3), each as key, salt, authentication key. */
  deriveKeys(suite: number, master: Uint8Array): Uint8Array
  sealRtp(suite: number, sessionKeys: Uint8Array, packet: Uint8Array, index: number): Uint8Array
  /** Null where the packet is not authentic or not whole. */
  openRtp(suite: number, sessionKeys: Uint8Array, packet: Uint8Array, index: number): Uint8Array | null
  sealRtcp(suite: number, sessionKeys: Uint8Array, packet: Uint8Array, index: number): Uint8Array
  openRtcp(suite: number, sessionKeys: Uint8Array, packet: Uint8Array, index: number): Uint8Array | null
  /** Changes `payload` in place (RFC 7741). */
  patchVp8(payload: Uint8Array, pictureId: number, tl0PicIdx: number): void
  /**
   * The least a forwarder must do, in C++: encrypt every packet per receiver and send it over loopback, at the pace of real
   * media. The kernel's receiving half is in the figure. Blocks the thread: call it in a process of its own.
   */
  floor(options: FloorOptions): FloorResult
  /** Sends every datagram that comes to `port` of 127.0.0.1 back, until one has a single byte. Blocks the thread. @returns how many */
  echo(port: number): number
}

/** The native addon, as it is loaded from `build/Release`. */
export interface NativeAddon {
  createPort(
    arrays: readonly ArrayBufferView[],
    certificatePem: string,
    privateKeyPem: string,
    onBatch: (count: number) => void,
    onSessionEvent: (session: number, type: string, detail: string, remoteCertificate: string) => void,
  ): NativePort & SharedMethods
  /** HMAC-SHA1 of `dataBytes` bytes that stand behind a key of `keyBytes` in `scratch`; its 20 bytes replace the first ones. */
  hmacSha1(scratch: Uint8Array, keyBytes: number, dataBytes: number): void
  readonly testing: NativeTesting
}

/** The SRTP suites in order of preference; the addon names them by their place here. */
export const SRTP_SUITES: readonly SrtpSuite[] = [
  'AEAD_AES_128_GCM',
  'AEAD_AES_256_GCM',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
]

const FINGERPRINT_ALGORITHMS: readonly FingerprintAlgorithm[] = [
  'sha-1',
  'sha-224',
  'sha-256',
  'sha-384',
  'sha-512',
]
const DIGEST_BYTES: Readonly<Record<FingerprintAlgorithm, number>> = {
  'sha-1': 20,
  'sha-224': 28,
  'sha-256': 32,
  'sha-384': 48,
  'sha-512': 64,
}

// The order of ElementType in native/header_template.h.
const ELEMENT_TYPES: readonly SinkHeaderExtension['type'][] = [
  'mid',
  'absSendTime',
  'transportSequenceNumber',
  'audioLevel',
  'videoOrientation',
  'dependencyDescriptor',
  'absCaptureTime',
  'playoutDelay',
]

/** Length of `sessionCounts`. */
const SESSION_COUNTS = 4

const ADDON_PATH = fileURLToPath(new URL('../../../build/Release/packet_port.node', import.meta.url))
let addon: NativeAddon | undefined

/** Loads the addon once per process. @throws Error (`ERR_ADDON_MISSING`) that says how to build it where it is missing */
export function loadAddon(): NativeAddon {
  addon ??= requireAddon()
  return addon
}

function requireAddon(): NativeAddon {
  try {
    return createRequire(import.meta.url)(ADDON_PATH) as NativeAddon
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `the media engine's native addon can't be loaded; build it with "npm run build" (${reason})`
    throw Object.assign(new Error(message, { cause }), { code: 'ERR_ADDON_MISSING' })
  }
}

const NO_ADDRESS = new Uint8Array()

function createArrays(): SharedArrays {
  const batch: PacketBatch = {
    kind: new Uint8Array(BATCH_CAPACITY),
    session: new Int32Array(BATCH_CAPACITY),
    offset: new Uint32Array(BATCH_CAPACITY),
    length: new Uint16Array(BATCH_CAPACITY),
    packetId: new Uint32Array(BATCH_CAPACITY),
    arrivalUs: new Float64Array(BATCH_CAPACITY),
    address: new Uint8Array(BATCH_CAPACITY * ADDRESS_BYTES),
  }
  return {
    memory: new Uint8Array((RING_SLOTS + BATCH_CAPACITY) * SLOT_BYTES),
    batch,
    records: new Uint16Array(RING_SLOTS * RECORD_WORDS),
    plan: new Uint32Array(PLAN_CAPACITY * PLAN_WORDS),
    control: new Uint32Array(CONTROL_CAPACITY * CONTROL_WORDS),
    controlBytes: new Uint8Array(CONTROL_BYTES),
    counters: new Float64Array(COUNTERS),
    sessionCounts: new Float64Array(SESSION_COUNTS),
  }
}

// The order of PortObject::adoptArrays.
function inNativeOrder(arrays: SharedArrays): ArrayBufferView[] {
  const { memory, batch, records, plan, control, controlBytes, counters, sessionCounts } = arrays
  return [
    memory,
    batch.kind,
    batch.session,
    batch.offset,
    batch.length,
    batch.packetId,
    batch.arrivalUs,
    batch.address,
    records,
    plan,
    control,
    controlBytes,
    counters,
    sessionCounts,
  ]
}

function encodeFingerprints(fingerprints: readonly Fingerprint[]): Uint8Array {
  const bytes: number[] = []
  for (const { algorithm, value } of fingerprints) {
    const digest = value
      .split(':')
      .map((octet) => (/^[0-9a-f]{2}$/i.test(octet) ? Number.parseInt(octet, 16) : -1))
    if (digest.length !== DIGEST_BYTES[algorithm] || digest.includes(-1)) {
      throw new TypeError(`not a ${algorithm} fingerprint: ${value}`)
    }
    bytes.push(FINGERPRINT_ALGORITHMS.indexOf(algorithm), digest.length, ...digest)
  }
  return Uint8Array.from(bytes)
}

function encodeElements(extensions: readonly SinkHeaderExtension[]): Uint8Array {
  const bytes: number[] = []
  for (const extension of extensions) {
    const value = extension.type === 'mid' ? new TextEncoder().encode(extension.value) : new Uint8Array()
    if (!Number.isInteger(extension.id) || extension.id < 1 || extension.id > 255 || value.length > 255) {
      throw new TypeError(`not a header extension that fits: ${extension.type}, id ${extension.id}`)
    }
    bytes.push(ELEMENT_TYPES.indexOf(extension.type), extension.id, value.length, ...value)
  }
  return Uint8Array.from(bytes)
}

function boundOf(packed: number): { socket: number; port: number } {
  return { socket: packed >>> 16, port: packed & 0xffff }
}

function readEvent(type: string, detail: string, remoteCertificate: string): SessionEvent {
  if (type === 'connected') return { type, srtpSuite: detail as SrtpSuite, remoteCertificate }
  if (type === 'failed') return { type, reason: detail as DtlsFailure }
  if (type === 'address' || type === 'disconnected')
    return { type, address: Uint8Array.from(Buffer.from(detail, 'hex')) }
  return { type: 'closed' }
}

/**
 * Opens a packet port of the native addon. Its calls throw an Error with a `code`: `ERR_PORT_CLOSED`,
 * `ERR_UNKNOWN_SESSION`, `ERR_BAD_ADDRESS`, `ERR_SINK_REFUSED` and the others of `native/napi_support.cc`; the calls that
 * close or remove something never throw for something already gone.
 * @throws TypeError (`ERR_BAD_CERTIFICATE`) if the PEMs can't be used
 * @throws Error (`ERR_ADDON_MISSING`) if the addon isn't built
 */
export const createPacketPort: CreatePacketPort = (options) => createNativePacketPort(options)

/** `createPacketPort`, with the addon's own calls visible. */
export function createNativePacketPort(options: PacketPortOptions): NativePacketPort {
  const arrays = createArrays()
  const native = loadAddon().createPort(
    inNativeOrder(arrays),
    options.certificatePem ?? '',
    options.privateKeyPem ?? '',
    options.onBatch,
    (session, type, detail, remoteCertificate) =>
      options.onSessionEvent(session, readEvent(type, detail, remoteCertificate)),
  )
  const added: Pick<PacketPort, AddedCall> = {
    openUdp(udp) {
      const bound = native.bindUdp(
        udp.ip,
        udp.port,
        udp.ipv6Only ?? false,
        udp.udpReusePort ?? false,
        udp.sendBufferBytes ?? 0,
        udp.receiveBufferBytes ?? 0,
      )
      return boundOf(bound)
    },
    openTcp(tcp) {
      const { ip, port, ipv6Only = false, sendBufferBytes = 0, receiveBufferBytes = 0 } = tcp
      return boundOf(native.bindTcp(ip, port, ipv6Only, sendBufferBytes, receiveBufferBytes))
    },
    setRtcpDestination(session, address = NO_ADDRESS) {
      native.routeRtcp(session, address)
    },
    startDtls(session, role, fingerprints) {
      native.beginDtls(session, role === 'client', encodeFingerprints(fingerprints))
    },
    setSrtpKeys(session, suite, sendKey, receiveKey) {
      native.installSrtpKeys(session, SRTP_SUITES.indexOf(suite), sendKey, receiveKey)
    },
    sessionStats(session) {
      native.readSessionCounts(session)
      const counts = arrays.sessionCounts
      return {
        receivedPackets: counts[0] as number,
        receivedBytes: counts[1] as number,
        sentPackets: counts[2] as number,
        sentBytes: counts[3] as number,
      }
    },
    createSink({ session, ssrc, payloadType, headerExtensions }) {
      return native.addSink(session, ssrc, payloadType, encodeElements(headerExtensions))
    },
  }
  return Object.assign(native, arrays, added)
}
