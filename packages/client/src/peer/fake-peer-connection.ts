/**
 * A browser's media without a browser: answers offers as Chromium does, section by section, and carries nothing.
 * For tests of applications and of this package.
 */
import { type MediaDescription, parse, write } from 'sdp-transform'
import type {
  BrowserCapabilities,
  PeerConnection,
  PeerPlatform,
  PeerReceiver,
  PeerSender,
  PeerTransceiver,
} from './peer-connection.ts'

/** A track that exists by name only. */
export function fakeTrack(kind: 'audio' | 'video', id: string): MediaStreamTrack {
  const target = new EventTarget()
  return Object.assign(target, {
    kind,
    id,
    label: id,
    enabled: true,
    muted: false,
    readyState: 'live',
    contentHint: '',
    getSettings: () => (kind === 'video' ? { width: 1280, height: 720, frameRate: 30 } : {}),
    stop() {
      Object.assign(target, { readyState: 'ended' })
    },
  }) as unknown as MediaStreamTrack
}

/** A sender that remembers what it was told. */
export class FakeSender implements PeerSender {
  track: MediaStreamTrack | null = null
  encodings: RTCRtpEncodingParameters[]
  degradationPreference: RTCDegradationPreference | undefined

  constructor(rids: readonly string[]) {
    this.encodings = rids.length === 0 ? [{ active: true }] : rids.map((rid) => ({ rid, active: true }))
  }

  async replaceTrack(track: MediaStreamTrack | null): Promise<void> {
    this.track = track
  }

  getParameters(): RTCRtpSendParameters {
    return {
      transactionId: '1',
      codecs: [],
      headerExtensions: [],
      rtcp: {},
      encodings: this.encodings.map((one) => ({ ...one })),
    }
  }

  async setParameters(parameters: RTCRtpSendParameters): Promise<void> {
    this.encodings = parameters.encodings
    this.degradationPreference = parameters.degradationPreference
  }

  async getStats(): Promise<RTCStatsReport> {
    return new Map() as unknown as RTCStatsReport
  }
}

/** A section of a {@link FakePeerConnection}. */
export class FakeTransceiver implements PeerTransceiver {
  readonly mid: string
  readonly kind: 'audio' | 'video'
  direction: RTCRtpTransceiverDirection = 'recvonly'
  readonly sender: FakeSender
  readonly receiver: PeerReceiver

  constructor(mid: string, media: MediaDescription) {
    this.mid = mid
    this.kind = media.type === 'video' ? 'video' : 'audio'
    this.sender = new FakeSender((media.rids ?? []).map(({ id }) => String(id)))
    const track = fakeTrack(this.kind, media.msid?.[0]?.appdata ?? `track-${mid}`)
    this.receiver = { track, getSynchronizationSources: () => [] }
  }
}

/** A data channel whose other end is the test. */
export class FakeDataChannel extends EventTarget {
  readonly label: string
  readonly id: number | undefined
  readonly options: RTCDataChannelInit
  readyState: RTCDataChannelState = 'open'
  binaryType: BinaryType = 'blob'
  bufferedAmount = 0
  readonly sent: Uint8Array[] = []

  constructor(label: string, options: RTCDataChannelInit) {
    super()
    this.label = label
    this.options = options
    this.id = options.id
  }

  send(bytes: Uint8Array): void {
    this.sent.push(bytes)
  }

  /** Something arrives. */
  deliver(bytes: Uint8Array<ArrayBuffer>): void {
    const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
    this.dispatchEvent(new MessageEvent('message', { data }))
  }
}

/** A connection that answers. */
export class FakePeerConnection implements PeerConnection {
  connectionState: RTCPeerConnectionState = 'new'
  localDescription: { readonly sdp: string } | null = null
  /** Every offer that was set, as text. */
  readonly offers: string[] = []
  readonly dataChannels: FakeDataChannel[] = []
  readonly #listeners = new Set<() => void>()
  #transceivers = new Map<string, FakeTransceiver>()
  #offer: string | undefined

  async setRemoteDescription({ sdp = '' }: RTCSessionDescriptionInit): Promise<void> {
    await Promise.resolve()
    if (this.connectionState === 'closed') throw new Error('closed')
    this.offers.push(sdp)
    this.#offer = sdp
    const open = new Map<string, FakeTransceiver>()
    for (const media of parse(sdp).media) {
      const mid = String(media.mid)
      if (media.type === 'application' || media.port === 0) continue
      open.set(mid, this.#transceivers.get(mid) ?? new FakeTransceiver(mid, media))
    }
    this.#transceivers = open
  }

  async setLocalDescription(): Promise<void> {
    await Promise.resolve()
    if (this.#offer === undefined) throw new Error('nothing to answer')
    this.localDescription = { sdp: answerTo(this.#offer, this.#transceivers) }
    this.#offer = undefined
    if (this.connectionState === 'new') this.become('connected')
  }

  getTransceivers(): readonly FakeTransceiver[] {
    return [...this.#transceivers.values()]
  }

  createDataChannel(label: string, options: RTCDataChannelInit): RTCDataChannel {
    const channel = new FakeDataChannel(label, options)
    this.dataChannels.push(channel)
    return channel as unknown as RTCDataChannel
  }

  async getStats(): Promise<RTCStatsReport> {
    return new Map() as unknown as RTCStatsReport
  }

  addEventListener(_type: 'connectionstatechange', listener: () => void): void {
    this.#listeners.add(listener)
  }

  close(): void {
    this.connectionState = 'closed'
    for (const { receiver } of this.#transceivers.values()) receiver.track.stop()
  }

  /** What the network does to it. */
  become(state: RTCPeerConnectionState): void {
    this.connectionState = state
    for (const listener of this.#listeners) listener()
  }
}

const reversed = {
  sendonly: 'recvonly',
  recvonly: 'sendonly',
  sendrecv: 'sendrecv',
  inactive: 'inactive',
} as const

function answerTo(offer: string, transceivers: ReadonlyMap<string, FakeTransceiver>): string {
  const { media, ...session } = parse(offer)
  return write({
    ...session,
    fingerprint: { type: 'sha-256', hash: Array(32).fill('AB').join(':') },
    setup: 'active',
    media: media.map((section, index) => {
      const {
        candidates: _,
        rids,
        simulcast: __,
        ssrcs: ___,
        ssrcGroups: ____,
        msid: _____,
        ...kept
      } = section
      const transceiver = transceivers.get(String(section.mid))
      if (section.type === 'application' || section.port === 0) return kept
      const wanted = reversed[section.direction ?? 'inactive']
      const direction = wanted === 'sendonly' && transceiver?.direction !== 'sendonly' ? 'inactive' : wanted
      if (direction !== 'sendonly') return { ...kept, direction }
      if (rids === undefined)
        return { ...kept, direction, ssrcs: [{ id: 1000 + index, attribute: 'cname', value: 'fake' }] }
      return {
        ...kept,
        direction,
        rids: rids.map(({ id }) => ({ id, direction: 'send' })),
        simulcast: { dir1: 'send', list1: rids.map(({ id }) => id).join(';') },
      }
    }),
  })
}

/** A browser whose connections are fakes, in the order in which they were made. */
export class FakePeerPlatform implements PeerPlatform {
  readonly connections: FakePeerConnection[] = []

  connect(): FakePeerConnection {
    const connection = new FakePeerConnection()
    this.connections.push(connection)
    return connection
  }

  capabilities(_direction: 'send' | 'receive', kind: 'audio' | 'video'): BrowserCapabilities {
    return kind === 'audio' ? AUDIO : VIDEO
  }
}

const EXTENSIONS = [
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
].map((uri) => ({ uri }))
const AUDIO: BrowserCapabilities = {
  codecs: [
    { mimeType: 'audio/opus', clockRate: 48_000, channels: 2, sdpFmtpLine: 'minptime=10;useinbandfec=1' },
  ],
  headerExtensions: [...EXTENSIONS, { uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level' }],
}
const VIDEO: BrowserCapabilities = {
  codecs: [
    { mimeType: 'video/VP8', clockRate: 90_000 },
    { mimeType: 'video/rtx', clockRate: 90_000 },
  ],
  headerExtensions: EXTENSIONS,
}
