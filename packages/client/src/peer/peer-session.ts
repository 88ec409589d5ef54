import { isRtxMimeType } from '@sangam/ortc'
import type {
  Consumer,
  DtlsParameters,
  IceParameters,
  RtpCapabilities,
  RtpParameters,
  TransportParameters,
} from '@sangam/protocol'
import { TypedEmitter } from '../events.ts'
import { receiveCapabilities, sendCapabilities } from './capabilities.ts'
import { LocalAnswer, type SendEncoding } from './local-answer.ts'
import type {
  PeerConnection,
  PeerPlatform,
  PeerReceiver,
  PeerSender,
  PeerTransceiver,
} from './peer-connection.ts'
import { remoteOffer } from './remote-offer.ts'
import {
  closeSection,
  INITIAL_SECTIONS,
  openSection,
  type ReceiveSection,
  type Section,
  type SectionCodec,
  type SendSection,
} from './sections.ts'
import { setDegradation, setEncodings } from './sender-parameters.ts'

/** A track to send. */
export interface SendPlan {
  readonly track: MediaStreamTrack
  /** The smallest first; those with a rid are simulcast streams. */
  readonly encodings: readonly SendEncoding[]
  /** Simulcast streams above this index stay off until they are wanted. */
  readonly highestLayer: number
  /** What gives way when there is not enough of network or CPU; default: the browser's choice. */
  readonly degradation?: RTCDegradationPreference
  /** Format parameters beside the room's, such as `stereo`. */
  readonly codecParameters: Readonly<Record<string, string | number>>
}

/** A track that is being sent. */
export interface Sending {
  readonly mid: string
  readonly sender: PeerSender
  readonly rtpParameters: RtpParameters
}

interface PeerSessionEvents {
  connectionStateChanged: [state: RTCPeerConnectionState]
}

type Waiting = { readonly resolve: () => void; readonly reject: (error: unknown) => void }

/**
 * One connection to the server, for all that is sent and received. What should be open stands in a list of sections;
 * a pass offers the list to the browser and takes its answer. Changes that come while a pass runs, or in the same task,
 * are taken by one pass together.
 */
export class PeerSession extends TypedEmitter<PeerSessionEvents> {
  readonly receiveCapabilities: RtpCapabilities
  readonly #platform: PeerPlatform
  readonly #room: RtpCapabilities
  readonly #connection: PeerConnection
  /** By mid: sent from the next pass on. */
  readonly #plans = new Map<string, SendPlan>()
  /** By consumerId: its mid. */
  readonly #received = new Map<string, string>()
  #transport: TransportParameters
  #sections: readonly Section[] = INITIAL_SECTIONS
  #answer: LocalAnswer | undefined
  #version = 0
  #sentCount = 0
  #waiting: Waiting[] = []
  #passing = false
  #closed = false

  constructor(platform: PeerPlatform, transport: TransportParameters, room: RtpCapabilities) {
    super()
    this.#platform = platform
    this.#transport = transport
    this.#room = room
    this.receiveCapabilities = receiveCapabilities(room, (kind) => platform.capabilities('receive', kind))
    this.#connection = platform.connect({
      iceServers: transport.iceServers as RTCIceServer[],
      bundlePolicy: 'max-bundle',
    })
    this.#connection.addEventListener('connectionstatechange', () =>
      this.emit('connectionStateChanged', this.#connection.connectionState),
    )
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Offers what there is, at least the data channels; resolves with what the server needs to connect. */
  async open(): Promise<DtlsParameters> {
    await this.#pass()
    return this.#answered().dtlsParameters()
  }

  /** A data channel under an id that both sides know (RFC 8832 is not used). */
  openDataChannel(label: string, options: RTCDataChannelInit & { readonly id: number }): RTCDataChannel {
    return this.#connection.createDataChannel(label, { ...options, negotiated: true })
  }

  /** Whether the room and the browser have a codec in common to send this kind with. */
  canSend(kind: 'audio' | 'video'): boolean {
    return this.#sendCapabilities(kind) !== undefined
  }

  /** Sends a track. @throws Error if the browser takes none of the room's codecs */
  async send(plan: SendPlan): Promise<Sending> {
    const media = plan.track.kind === 'video' ? 'video' : 'audio'
    const capabilities = this.#sendCapabilities(media)
    if (capabilities === undefined) throw new Error(`no codec to send ${media} with`)
    this.#sentCount += 1
    const section: SendSection = {
      kind: 'send',
      mid: `s${this.#sentCount}`,
      media,
      codecs: capabilities.codecs.map((codec) => sendCodecOf(codec, plan.codecParameters)),
      headerExtensions: capabilities.headerExtensions,
      rids: plan.encodings.flatMap(({ rid }) => rid ?? []),
    }
    this.#plans.set(section.mid, plan)
    this.#sections = openSection(this.#sections, section)
    try {
      await this.#pass()
      return this.#sendingOf(section, plan)
    } catch (error) {
      this.#plans.delete(section.mid)
      this.#sections = closeSection(this.#sections, section.mid)
      throw error
    }
  }

  /** Sends a track no longer. */
  async stop({ mid }: Sending): Promise<void> {
    this.#plans.delete(mid)
    this.#sections = closeSection(this.#sections, mid)
    await this.#pass()
  }

  /** Receives streams; those that are received already are given once more. */
  async receive(consumers: readonly Consumer[]): Promise<ReadonlyMap<string, PeerReceiver>> {
    for (const consumer of consumers) {
      if (this.#received.has(consumer.consumerId)) continue
      const section = receiveSectionOf(consumer)
      this.#received.set(consumer.consumerId, section.mid)
      this.#sections = openSection(this.#sections, section)
    }
    await this.#pass()
    const receivers = new Map<string, PeerReceiver>()
    for (const { consumerId } of consumers) {
      const mid = this.#received.get(consumerId)
      const receiver = mid === undefined ? undefined : this.#transceiver(mid)?.receiver
      if (receiver !== undefined) receivers.set(consumerId, receiver)
    }
    return receivers
  }

  /** Receives streams no longer. */
  async drop(consumerIds: readonly string[]): Promise<void> {
    const mids = consumerIds.flatMap((consumerId) => this.#received.get(consumerId) ?? [])
    if (mids.length === 0) return
    for (const consumerId of consumerIds) this.#received.delete(consumerId)
    this.#sections = mids.reduce(closeSection, this.#sections)
    await this.#pass()
  }

  /** Goes on under new credentials of the server (RFC 8445 section 2.4). */
  async restartIce(iceParameters: IceParameters): Promise<void> {
    this.#transport = { ...this.#transport, iceParameters }
    await this.#pass()
  }

  getStats(): Promise<RTCStatsReport> {
    return this.#connection.getStats()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.removeAll()
    this.#connection.close()
    for (const { reject } of this.#waiting.splice(0)) reject(closedError())
  }

  /** Resolves after a pass that began later than this call. */
  #pass(): Promise<void> {
    if (this.#closed) return Promise.reject(closedError())
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      if (!this.#passing) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#passing = true
    // Changes of the same task go together.
    await Promise.resolve()
    while (this.#waiting.length > 0 && !this.#closed) {
      const waiting = this.#waiting.splice(0)
      try {
        await this.#negotiate(this.#sections)
        for (const { resolve } of waiting) resolve()
      } catch (error) {
        for (const { reject } of waiting) reject(this.#closed ? closedError() : error)
      }
    }
    this.#passing = false
  }

  async #negotiate(sections: readonly Section[]): Promise<void> {
    this.#version += 1
    const sdp = remoteOffer({ transport: this.#transport, sections, version: this.#version })
    await this.#connection.setRemoteDescription({ type: 'offer', sdp })
    const begun: string[] = []
    for (const { kind, mid } of sections) {
      const plan = kind === 'send' ? this.#plans.get(mid) : undefined
      const transceiver = plan === undefined ? undefined : this.#transceiver(mid)
      if (plan === undefined || transceiver === undefined || transceiver.direction === 'sendonly') continue
      transceiver.direction = 'sendonly'
      await transceiver.sender.replaceTrack(plan.track)
      begun.push(mid)
    }
    await this.#connection.setLocalDescription()
    this.#answer = new LocalAnswer(this.#connection.localDescription?.sdp ?? '')
    for (const mid of begun) {
      const sender = this.#transceiver(mid)?.sender
      const plan = this.#plans.get(mid)
      if (sender === undefined || plan === undefined) continue
      await setEncodings(sender, plan.encodings, plan.highestLayer)
      if (plan.degradation !== undefined) await setDegradation(sender, plan.degradation)
    }
  }

  #sendingOf(section: SendSection, plan: SendPlan): Sending {
    const { mid } = section
    const sender = this.#transceiver(mid)?.sender
    const answer = this.#answered()
    if (sender === undefined || !answer.sends(mid)) {
      throw new Error(`the browser refused to send ${section.media}`)
    }
    // Firefox has no temporal layers and says so by not keeping the mode.
    const kept = sender.getParameters().encodings
    const encodings = plan.encodings.map(({ scalabilityMode: _, ...encoding }, index) => {
      const mode = scalabilityModeOf(kept[index])
      return mode === undefined ? encoding : { ...encoding, scalabilityMode: mode }
    })
    return { mid, sender, rtpParameters: answer.sendParameters(section, encodings) }
  }

  #answered(): LocalAnswer {
    if (this.#answer === undefined) throw closedError()
    return this.#answer
  }

  #sendCapabilities(kind: 'audio' | 'video') {
    return sendCapabilities(this.#room, kind, (one) => this.#platform.capabilities('send', one))
  }

  #transceiver(mid: string): PeerTransceiver | undefined {
    return this.#connection.getTransceivers().find((one) => one.mid === mid)
  }
}

/** Not yet in TypeScript's DOM (W3C webrtc-svc section 5.1). */
function scalabilityModeOf(encoding: RTCRtpEncodingParameters | undefined): string | undefined {
  return encoding !== undefined && 'scalabilityMode' in encoding
    ? String(encoding.scalabilityMode)
    : undefined
}

const closedError = (): Error => new Error('the connection is closed')

type CodecCapability = NonNullable<RtpCapabilities['codecs']>[number]

function sendCodecOf(
  codec: CodecCapability,
  parameters: Readonly<Record<string, string | number>>,
): SectionCodec {
  const { mimeType, preferredPayloadType = 0, clockRate, channels, rtcpFeedback } = codec
  const own = isRtxMimeType(mimeType) ? {} : parameters
  return {
    mimeType,
    payloadType: preferredPayloadType,
    clockRate,
    parameters: { ...codec.parameters, ...own },
    ...(channels === undefined ? {} : { channels }),
    ...(rtcpFeedback === undefined ? {} : { rtcpFeedback }),
  }
}

function receiveSectionOf(consumer: Consumer): ReceiveSection {
  const { rtpParameters, participantId, consumerId, kind, source } = consumer
  const { mid, codecs, headerExtensions = [], encodings, rtcp } = rtpParameters
  const encoding = encodings?.[0]
  if (mid === undefined || encoding?.ssrc === undefined) throw new Error('a consumer without mid or SSRC')
  // A screen and its sound are kept in step with each other, not with the face and the voice.
  const shown = source === 'screen' || source === 'screenAudio' ? 'screen' : 'person'
  return {
    kind: 'receive',
    mid,
    media: kind,
    codecs,
    headerExtensions,
    cname: rtcp?.cname ?? participantId,
    ssrc: encoding.ssrc,
    ...(encoding.rtx === undefined ? {} : { rtxSsrc: encoding.rtx.ssrc }),
    streamId: `${participantId}-${shown}`,
    // Not the producer's id: while somebody moves, two consumers carry one stream, and no msid may stand twice.
    trackId: consumerId,
  }
}
