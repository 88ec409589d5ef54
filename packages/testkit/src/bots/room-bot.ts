import { EventEmitter } from 'node:events'
import type {
  ClientEventName,
  PayloadOf,
  ReplyOf,
  RequestOf,
  StreamState,
  TransportParameters,
} from '@sangam/protocol'
import {
  HeaderExtensionLocator,
  HeaderExtensionUri,
  PayloadFeedbackFormat,
  parseRtcpPacket,
  RtcpHeader,
  RtcpType,
  readFeedbackMedia,
  readTransportSequenceNumber,
  writeNack,
  writePli,
} from '@sangam/rtp'
import { MediaPeer, type ServerTransport } from '../media-peer.ts'
import type { PeerPort } from '../peer-port.ts'
import { ArrivalFeedback } from './arrival-feedback.ts'
import type { BotCamera, BotMicrophone } from './bot-streams.ts'
import type { GapMeter } from './gap-meter.ts'
import { ReceivedStream } from './received-stream.ts'
import { BotSignalling } from './signalling.ts'

/** How a bot takes part. */
export interface RoomBotOptions {
  readonly url: string
  readonly token: string
  readonly roomId: string
  /** Its UDP socket, DTLS and SRTP are this port's. */
  readonly port: PeerPort
  readonly microphone?: BotMicrophone | undefined
  readonly camera?: BotCamera | undefined
  /** Whether it receives what the others publish. Default true. */
  readonly receives?: boolean
  /** Whether it tells the server what arrived when (transport-cc), so that its bandwidth is estimated. Default false. */
  readonly givesFeedback?: boolean
  /** Leads its packets over another way to the server: gives the transport with other candidates. */
  readonly via?: ((server: TransportParameters) => Promise<ServerTransport>) | undefined
}

/** Events of a bot. */
export interface RoomBotEvents {
  /** Its media goes on at another worker; it did not join again. */
  moved: [reason: string]
  /** All of its media goes over the newer connection: the older is closed. */
  left: []
  /** The server is back after the connection was lost; whether the same participant went on. */
  returned: [resumed: boolean]
  /** The server is back but did not let it in; it tries again when the connection is lost and back again. */
  refused: [reason: string]
  /** The room is gone. */
  roomClosed: [reason: string]
}

type Joined = ReplyOf<'room.join'>
/** As often as Chromium does. */
const FEEDBACK_INTERVAL_MS = 50
let nextDevice = 1

/** Somebody in a room without a browser: real signalling, real ICE, DTLS and SRTP, both directions over one connection. */
export class RoomBot extends EventEmitter<RoomBotEvents> {
  /** Streams that it receives, by consumerId. */
  readonly streams = new Map<string, ReceivedStream>()
  /** What the server said became of each, by consumerId. */
  readonly states = new Map<string, StreamState>()
  /** Connections that it made to media workers so far. */
  connections = 0
  /** When an RTP packet came last, by `performance.now()`. */
  lastPacketMs = 0
  /**
   * Hears of every packet, by whose sound or picture it is of (`audio of …`, `video of …`), also when the server has said
   * that it sends no more of it.
   */
  gaps: GapMeter | undefined
  readonly #options: RoomBotOptions
  readonly #signalling: BotSignalling
  #joined: Joined
  readonly #bySsrc = new Map<number, ReceivedStream>()
  readonly #nameBySsrc = new Map<number, string>()
  readonly #feedback: ArrivalFeedback | undefined
  readonly #locator = new HeaderExtensionLocator(1)
  readonly #rtcp = new RtcpHeader()
  #peer: MediaPeer | undefined
  /** Carries on, with what comes over it, until the server closes its transport. */
  #older:
    | { readonly peer: MediaPeer; readonly transportId: string; readonly consumerIds: readonly string[] }
    | undefined
  #isConnected = false
  #feedbackMs = 0
  #transportId = ''
  #closed = false

  private constructor(options: RoomBotOptions, signalling: BotSignalling, joined: Joined) {
    super()
    this.#options = options
    this.#signalling = signalling
    this.#joined = joined
    this.#feedback = options.givesFeedback === true ? new ArrivalFeedback() : undefined
    this.#listen()
  }

  /** Connects, joins, and has its media flow. */
  static async join(options: RoomBotOptions): Promise<RoomBot> {
    const signalling = await BotSignalling.connect({
      url: options.url,
      token: options.token,
      deviceId: `bot-${process.pid}-${nextDevice++}`,
    })
    try {
      const joined = await signalling.ask('room.join', { roomId: options.roomId })
      const bot = new RoomBot(options, signalling, joined)
      await bot.openMedia()
      return bot
    } catch (error) {
      signalling.close()
      throw error
    }
  }

  get participantId(): string {
    return this.#joined.participantId
  }

  /** Whether two connections carry its media: it is on its way to another worker. */
  get isMoving(): boolean {
    return this.#older !== undefined
  }

  /** Requests sent so far. */
  get requests(): number {
    return this.#signalling.requests
  }

  /** What it was told at the last join. */
  get joined(): Joined {
    return this.#joined
  }

  /** Its connection to the media worker; undefined before there is one. */
  get peer(): MediaPeer | undefined {
    return this.#peer
  }

  /** Leaves the room; its socket stays. */
  async leave(): Promise<void> {
    await this.#signalling.ask('room.leave', { roomId: this.#options.roomId })
    this.#dropPeer()
  }

  /** Leaves and comes in again, over the same socket. */
  async cycle(): Promise<void> {
    const { roomId } = this.#options
    await this.leave()
    this.#joined = await this.#signalling.ask('room.join', { roomId })
    await this.openMedia()
  }

  /** Asks for a transport and connects it. */
  async openMedia(): Promise<void> {
    const { transport } = await this.#signalling.ask('room.openMedia', { roomId: this.#options.roomId })
    await this.#connect(transport)
  }

  /** Says what it shows. */
  async setView(view: Omit<RequestOf<'room.setView'>, 'roomId'>): Promise<void> {
    await this.#signalling.ask('room.setView', { roomId: this.#options.roomId, ...view })
  }

  /** Asks the server for anything. @throws Error with the server's code when it refuses */
  ask<Name extends ClientEventName>(event: Name, request: RequestOf<Name>): Promise<ReplyOf<Name>> {
    return this.#signalling.ask(event, request)
  }

  /** Publishes its microphone (again). @throws Error with the server's code when it refuses */
  async publishMicrophone(): Promise<void> {
    const { microphone, roomId } = this.#options
    if (microphone === undefined) throw new Error('this bot has no microphone')
    await this.ask('room.publish', {
      roomId,
      transportId: this.#transportId,
      kind: 'audio',
      source: 'microphone',
      rtpParameters: asSent(microphone.rtpParameters),
    })
  }

  /** Its media is gone without a word, as a network does; it comes back with the signalling. */
  cutMedia(): void {
    this.#dropPeer()
  }

  /** Its signalling is gone without a word, and back with `restoreSignalling()`. */
  cutSignalling(): void {
    this.#signalling.cut()
  }

  restoreSignalling(): void {
    this.#signalling.restore()
  }

  get microphone(): BotMicrophone | undefined {
    return this.#options.microphone
  }

  get camera(): BotCamera | undefined {
    return this.#options.camera
  }

  /** Sends the next 20 ms of sound, once there is a way. */
  sendAudio(): void {
    if (this.#isConnected) this.#options.microphone?.send()
  }

  /** Sends the next picture. */
  sendVideo(nowMs: number): void {
    if (this.#isConnected) this.#options.camera?.send(nowMs)
  }

  /** Called every 20 ms or so: reports arrivals, asks for key frames that are overdue. */
  tick(nowMs: number): void {
    if (nowMs - this.#feedbackMs >= FEEDBACK_INTERVAL_MS) {
      this.#feedbackMs = nowMs
      const feedback = this.#feedback?.take(this.#bySsrc.keys().next().value ?? 0)
      if (feedback !== undefined) this.#peer?.sendRtcp(feedback)
    }
    for (const stream of this.streams.values()) {
      this.#requestAgain(stream, stream.overdue(nowMs))
      if (stream.giveUp(nowMs)) this.#requestKeyFrame(stream)
    }
  }

  close(): void {
    this.#closed = true
    this.#dropPeer()
    this.#signalling.close()
  }

  #listen(): void {
    const signalling = this.#signalling
    signalling.on('room.consumersAdded', (added) => void this.#add(added))
    signalling.on('room.consumersRemoved', ({ consumerIds }) => {
      for (const consumerId of consumerIds) this.#forget(consumerId)
    })
    signalling.on('room.streamStates', ({ states }) => {
      for (const state of states) {
        this.states.set(state.consumerId, state)
        if (!state.forwarded) this.streams.get(state.consumerId)?.interrupt()
      }
    })
    signalling.on('room.layersWanted', ({ spatialLayer }) => {
      const { camera } = this.#options
      if (camera !== undefined) camera.wantedLayer = spatialLayer
    })
    signalling.on('room.transportClosed', ({ transportId }) => {
      if (this.#older?.transportId === transportId) this.#dropOlder()
    })
    signalling.on('room.mediaMoved', ({ transport, reason }) => {
      if (reason === 'drained') this.#keepOlder()
      else this.#dropPeer()
      // What fails does so because yet another worker took over, or the bot left: then that goes on.
      this.#connect(transport).then(
        () => this.emit('moved', reason),
        () => undefined,
      )
    })
    signalling.on('room.closed', ({ reason }) => this.emit('roomClosed', reason))
    signalling.onReturn(() => void this.#return())
  }

  /** The connection is back: takes its place again, with its media where that lives, or anew. */
  async #return(): Promise<void> {
    if (this.#closed) return
    const { participantKey, roomId } = this.#joined
    try {
      this.#joined = await this.#signalling.ask('room.join', { roomId, participantKey })
      if (this.#joined.media?.transportId !== this.#transportId) {
        this.#dropPeer()
        await this.openMedia()
      }
      this.emit('returned', this.#joined.resumed)
    } catch (error) {
      this.emit('refused', String(error))
    }
  }

  async #connect(transport: TransportParameters): Promise<void> {
    const { port, via, microphone, camera, roomId, receives } = this.#options
    this.#transportId = transport.transportId
    const peer = new MediaPeer(port, via === undefined ? transport : await via(transport))
    this.#peer = peer
    this.connections++
    peer.on('rtp', ({ header, memory, length }) => this.#receive(peer, header, memory, length))
    peer.on('rtcp', (packet) => this.#receiveRtcp(packet))
    const connected = peer.connect()
    const tracks: RequestOf<'room.connectMedia'>['tracks'] = []
    if (microphone !== undefined)
      tracks.push({ kind: 'audio', source: 'microphone', rtpParameters: asSent(microphone.rtpParameters) })
    if (camera !== undefined)
      tracks.push({ kind: 'video', source: 'camera', rtpParameters: asSent(camera.rtpParameters) })
    const [reply] = await Promise.all([
      this.#signalling.ask('room.connectMedia', {
        roomId,
        transportId: transport.transportId,
        dtlsParameters: peer.dtlsParameters,
        ...(receives === false ? {} : { rtpCapabilities: this.#joined.routerRtpCapabilities }),
        tracks,
      }),
      connected,
    ])
    void reply
    if (this.#peer !== peer) return
    microphone?.open(peer)
    camera?.open(peer)
    this.#isConnected = true
  }

  async #add({ transportId, batch, consumers }: PayloadOf<'room.consumersAdded'>): Promise<void> {
    if (transportId !== this.#transportId) return
    for (const consumer of consumers) {
      const stream = new ReceivedStream(consumer)
      this.streams.set(consumer.consumerId, stream)
      this.#bySsrc.set(stream.ssrc, stream)
      if (stream.rtxSsrc !== undefined) this.#bySsrc.set(stream.rtxSsrc, stream)
      this.#nameBySsrc.set(stream.ssrc, `${consumer.kind} of ${consumer.participantId}`)
      const extension = consumer.rtpParameters.headerExtensions?.find(
        ({ uri }) => uri === HeaderExtensionUri.transportSequenceNumber,
      )
      if (extension !== undefined) this.#locator.register(extension.id, 0)
    }
    await this.#signalling
      .ask('room.consumersReady', { roomId: this.#options.roomId, transportId, batch })
      .catch(() => undefined)
  }

  #forget(consumerId: string): void {
    const stream = this.streams.get(consumerId)
    if (stream === undefined) return
    this.streams.delete(consumerId)
    this.states.delete(consumerId)
    this.#bySsrc.delete(stream.ssrc)
    if (stream.rtxSsrc !== undefined) this.#bySsrc.delete(stream.rtxSsrc)
  }

  #keepOlder(): void {
    this.#dropOlder()
    if (this.#peer === undefined) return
    const consumerIds = [...this.streams.keys()]
    this.#older = { peer: this.#peer, transportId: this.#transportId, consumerIds }
  }

  #dropOlder(): void {
    if (this.#older === undefined) return
    const { peer, consumerIds } = this.#older
    this.#older = undefined
    for (const consumerId of consumerIds) this.#forget(consumerId)
    this.#leavePeer(peer)
    this.emit('left')
  }

  #leavePeer(peer: MediaPeer): void {
    this.microphone?.leave(peer)
    this.camera?.leave(peer)
    peer.close()
  }

  #dropPeer(): void {
    this.#isConnected = false
    this.#dropOlder()
    if (this.#peer !== undefined) this.#leavePeer(this.#peer)
    this.#peer = undefined
    this.streams.clear()
    this.states.clear()
    this.#bySsrc.clear()
    this.#nameBySsrc.clear()
  }

  #receive(
    peer: MediaPeer,
    header: Parameters<ReceivedStream['receive']>[0],
    memory: Uint8Array,
    length: number,
  ): void {
    const nowMs = performance.now()
    this.lastPacketMs = nowMs
    if (this.#feedback !== undefined && peer === this.#peer) {
      this.#locator.locate(memory, header)
      const [at = 0] = this.#locator.offsets
      if (at > 0) this.#feedback.received(readTransportSequenceNumber(memory, at), nowMs * 1000)
    }
    const name = this.#nameBySsrc.get(header.ssrc)
    if (name !== undefined) this.gaps?.received(name, nowMs)
    const stream = this.#bySsrc.get(header.ssrc)
    if (stream === undefined) return
    this.#requestAgain(stream, stream.receive(header, memory, length, nowMs), peer)
  }

  /** @param missing sequence numbers, 16 bits */
  #requestAgain({ ssrc }: ReceivedStream, missing: readonly number[], peer = this.#peer): void {
    if (missing.length === 0) return
    const nack = new Uint8Array(300)
    peer?.sendRtcp(nack.subarray(0, writeNack(nack, 0, 1, ssrc, missing)))
  }

  #receiveRtcp(packet: Uint8Array): void {
    const header = this.#rtcp
    for (let at = 0; parseRtcpPacket(packet, at, packet.length, header); at += header.packetLength) {
      const isPli =
        header.packetType === RtcpType.payloadFeedback && header.count === PayloadFeedbackFormat.pli
      if (isPli) this.#options.camera?.requestKeyFrame(readFeedbackMedia(packet, header))
    }
  }

  #requestKeyFrame({ ssrc }: ReceivedStream): void {
    const pli = new Uint8Array(32)
    this.#peer?.sendRtcp(pli.subarray(0, writePli(pli, 0, 1, ssrc)))
  }
}

type SentParameters = RequestOf<'room.publish'>['rtpParameters']
const asSent = (parameters: BotMicrophone['rtpParameters']): SentParameters => parameters as SentParameters
