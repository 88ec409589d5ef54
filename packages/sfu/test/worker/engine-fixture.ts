import { createHmac } from 'node:crypto'
import type { RtpParameters } from '@sangam/ortc'
import { HeaderExtensionUri, StunType, writeRtpPacket, writeStunMessage } from '@sangam/rtp'
import type { WorkerEventName } from '../../src/channel/messages.ts'
import type { WorkerContext } from '../../src/worker/context.ts'
import { Engine } from '../../src/worker/engine.ts'
import { writePacketAddress } from '../../src/worker/packet-port/address.ts'
import { SendPlan } from '../../src/worker/send-plan.ts'
import type { WebRtcTransport } from '../../src/worker/transport/webrtc-transport.ts'
import { FakePacketPort } from './fake-packet-port.ts'

export const PEER_ADDRESS = writePacketAddress({ socket: 0, ip: '127.0.0.1', port: 40000 })

function hmacSha1(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac('sha1', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/** A binding request as a browser sends it: controlling, nominating, with both fragments (RFC 8445 section 7.2.2). */
export function bindingRequest(
  usernameFragment: string,
  password: string,
  attributes: { nominate?: boolean; controlled?: boolean } = {},
): Uint8Array {
  const bytes = new Uint8Array(256)
  const length = writeStunMessage(bytes, 0, {
    type: StunType.bindingRequest,
    transactionId: new Uint8Array(12).fill(7),
    attributes: [
      { type: 'username', value: `${usernameFragment}:peer` },
      { type: 'priority', value: 1 },
      attributes.controlled === true
        ? { type: 'iceControlled', value: 1n }
        : { type: 'iceControlling', value: 1n },
      ...(attributes.nominate === false ? [] : [{ type: 'useCandidate' } as const]),
    ],
    integrity: { key: new TextEncoder().encode(password), hmacSha1 },
    fingerprint: true,
  })
  return bytes.slice(0, length)
}

export const VIDEO: RtpParameters = {
  mid: '0',
  codecs: [
    {
      mimeType: 'video/VP8',
      payloadType: 96,
      clockRate: 90000,
      parameters: {},
      rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'transport-cc' }],
    },
    { mimeType: 'video/rtx', payloadType: 97, clockRate: 90000, parameters: { apt: 96 }, rtcpFeedback: [] },
  ],
  headerExtensions: [
    { uri: HeaderExtensionUri.mid, id: 4, encrypt: false, parameters: {} },
    { uri: HeaderExtensionUri.transportSequenceNumber, id: 3, encrypt: false, parameters: {} },
  ],
  encodings: [{ ssrc: 1111, rtx: { ssrc: 1112 } }],
  rtcp: { cname: 'publisher', reducedSize: true },
}

export const KEY_FRAME = Uint8Array.of(0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00)
export const DELTA_FRAME = Uint8Array.of(0x10, 0x11, 0x02, 0x00, 0x01, 0x02, 0x03)

/** An engine on a fake port, with the steps that tests repeat. */
export class EngineFixture {
  readonly port = new FakePacketPort()
  readonly events: { readonly event: WorkerEventName; readonly target: string; readonly data: unknown }[] = []
  readonly engine: Engine
  readonly context: WorkerContext

  constructor() {
    const { port } = this
    this.context = {
      port,
      plan: new SendPlan(port),
      impatient: new Set(),
      transportSequences: new Uint16Array(1024),
      transportDueUs: new Float64Array(1024).fill(Number.POSITIVE_INFINITY),
      ntpOffsetUs: 3_900_000_000_000_000,
      fingerprints: [],
      nowUs: () => port.timeUs,
      unixMs: () => port.timeUs / 1000,
      random: (below) => Math.min(1000, below - 1),
      hmacSha1,
      emit: (event, target, data) => this.events.push({ event, target, data }),
      log: () => {},
    }
    this.engine = new Engine(this.context)
    this.engine.createRouter('router')
    this.engine.createWebRtcServer({
      webRtcServerId: 'server',
      listenInfos: [{ protocol: 'udp', ip: '127.0.0.1', port: 4443 }],
    })
  }

  transport(id: string): WebRtcTransport {
    return this.engine.createWebRtcTransport({
      routerId: 'router',
      transportId: id,
      webRtcServerId: 'server',
      enableUdp: true,
      enableTcp: false,
      preferUdp: false,
      preferTcp: false,
      iceConsentTimeoutSeconds: 30,
      initialAvailableOutgoingBitrate: 600_000,
    })
  }

  /** Makes a transport and connects ICE and DTLS. */
  connected(id: string, portNumber: number): WebRtcTransport {
    const transport = this.transport(id)
    transport.connect({ role: 'client', fingerprints: [{ algorithm: 'sha-256', value: 'AA' }] })
    const { usernameFragment, password } = transport.creation.iceParameters
    this.port.addStun(
      writePacketAddress({ socket: 0, ip: '127.0.0.1', port: portNumber }),
      bindingRequest(usernameFragment, password),
    )
    this.run()
    this.engine.handleSessionEvent(transport.session, {
      type: 'connected',
      srtpSuite: 'AEAD_AES_128_GCM',
      remoteCertificate: '',
    })
    return transport
  }

  produceVideo(transport: WebRtcTransport, id = 'producer'): void {
    this.engine.produce({
      transportId: transport.id,
      producerId: id,
      kind: 'video',
      rtpParameters: VIDEO,
      rtpMapping: {
        codecs: [
          { payloadType: 96, mappedPayloadType: 101 },
          { payloadType: 97, mappedPayloadType: 102 },
        ],
        encodings: [],
      },
      keyFrameRequestDelay: 0,
      paused: false,
    })
  }

  consumeVideo(transport: WebRtcTransport, id = 'consumer', ssrc = 2222, paused = false): void {
    this.engine.consume({
      transportId: transport.id,
      consumerId: id,
      producerId: 'producer',
      kind: 'video',
      rtpParameters: {
        ...VIDEO,
        codecs: [
          { ...VIDEO.codecs[0]!, payloadType: 101 },
          { ...VIDEO.codecs[1]!, payloadType: 102, parameters: { apt: 101 } },
        ],
        encodings: [{ ssrc, rtx: { ssrc: ssrc + 1 } }],
      },
      type: 'simple',
      consumableRtpEncodings: [],
      paused,
      ignoreDtx: false,
    })
  }

  /** A VP8 packet of the publisher arrives; not yet handled. */
  video(
    transport: WebRtcTransport,
    sequenceNumber: number,
    payload: Uint8Array,
    fields: { timestamp?: number; ssrc?: number; payloadType?: number } = {},
  ): void {
    const bytes = new Uint8Array(1500)
    const length = writeRtpPacket(bytes, 0, {
      payloadType: fields.payloadType ?? 96,
      sequenceNumber: sequenceNumber & 0xffff,
      timestamp: fields.timestamp ?? 90_000,
      ssrc: fields.ssrc ?? 1111,
      payload,
    })
    this.port.addRtp(transport.session, bytes.slice(0, length))
  }

  /** The engine handles the batch so far. */
  run(): void {
    this.engine.path.handleBatch(this.port.batch, this.port.takeBatch())
  }

  tick(ms: number): void {
    this.port.timeUs += ms * 1000
    this.engine.tick(this.port.timeUs)
  }
}
