import {
  type StunMessage,
  StunType,
  type TransportFeedback,
  verifyStunFingerprint,
  verifyStunIntegrity,
  writeStunMessage,
} from '@sangam/rtp'
import type {
  DtlsParameters,
  DtlsState,
  IceCandidate,
  IceParameters,
  SctpSettings,
  Stat,
  TransportTuple,
  WebRtcTransportCreation,
} from '../../channel/messages.ts'
import { onClockStep } from '../clock-step.ts'
import { OutgoingBandwidth } from '../congestion/outgoing-bandwidth.ts'
import type { WorkerContext } from '../context.ts'
import { ChannelInvalidStateError, ChannelTypeError } from '../errors.ts'
import { packetAddressIp, packetAddressSocket, readPacketAddress } from '../packet-port/address.ts'
import { ADDRESS_BYTES, type SessionEvent } from '../packet-port/packet-port.ts'
import { type IceChange, type IceCredentials, IceLite } from './ice-lite.ts'
import { type CandidateChoice, hostCandidates, type Listener } from './listening.ts'
import { Transport } from './transport.ts'
import { baseDump, baseStats, type PublicTuple, publicTuple } from './transport-report.ts'
import type { WebRtcServer } from './webrtc-server.ts'

const ICE_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const USERNAME_FRAGMENT_LENGTH = 16
const PASSWORD_LENGTH = 32
const MAX_STUN_BYTES = 512
const ROLE_CONFLICT = 487
const encoder = new TextEncoder()
const answerBytes = new Uint8Array(MAX_STUN_BYTES)

/** Which transport a STUN username fragment belongs to, for the whole worker. */
export type UsernameFragments = Map<string, WebRtcTransport>

export interface WebRtcTransportOptions {
  readonly webRtcServer: WebRtcServer | undefined
  /** Those of the server, or own ones, that this transport uses. */
  readonly listeners: readonly Listener[]
  readonly candidateChoice: CandidateChoice
  readonly iceConsentTimeoutMs: number
  readonly initialAvailableOutgoingBitrate: number
  readonly sctp?: SctpSettings | undefined
}

/** A browser's way in and out: ICE-lite and DTLS-SRTP over one address pair (RFC 8827). */
export class WebRtcTransport extends Transport {
  override readonly obeysSelection = true
  readonly webRtcServer: WebRtcServer | undefined
  readonly candidates: readonly IceCandidate[]
  readonly #ownListeners: readonly Listener[]
  readonly #listeners: readonly Listener[]
  readonly #usernameFragments: UsernameFragments
  readonly #ice: IceLite
  /** What may be sent to the peer, and how it is found out. */
  readonly outgoing: OutgoingBandwidth
  #dtlsState: DtlsState = 'new'
  #dtlsRole: 'auto' | 'client' | 'server' = 'auto'
  #remoteDtls: DtlsParameters | undefined
  #dtlsStarted = false
  #remoteCertificate: string | undefined

  constructor(
    context: WorkerContext,
    id: string,
    index: number,
    usernameFragments: UsernameFragments,
    options: WebRtcTransportOptions,
  ) {
    super(context, id, index, context.port.createSession())
    this.#usernameFragments = usernameFragments
    this.webRtcServer = options.webRtcServer
    this.#ownListeners = options.webRtcServer === undefined ? options.listeners : []
    this.#listeners = options.listeners
    this.outgoing = new OutgoingBandwidth(this, options.initialAvailableOutgoingBitrate)
    this.candidates = hostCandidates(options.listeners, options.candidateChoice)
    this.#ice = new IceLite(this.#newCredentials(), options.iceConsentTimeoutMs)
    usernameFragments.set(this.#ice.credentials.usernameFragment, this)
    options.webRtcServer?.transports.add(this)
    if (options.sctp !== undefined) this.openSctp(options.sctp, true)
  }

  override get isConnected(): boolean {
    const { state } = this.#ice
    return this.#dtlsState === 'connected' && (state === 'connected' || state === 'completed')
  }

  /** Those that binding requests may bear: during an ICE restart two. */
  get usernameFragments(): string[] {
    return this.#ice.usernameFragments
  }

  get creation(): WebRtcTransportCreation {
    return {
      iceParameters: this.#iceParameters(),
      iceCandidates: this.candidates,
      dtlsParameters: {
        role: this.#dtlsRole,
        fingerprints: this.context.fingerprints,
      },
    }
  }

  /** Takes the peer's DTLS parameters; the handshake starts as soon as ICE has an address. @returns the own role */
  connect(remote: DtlsParameters): 'client' | 'server' {
    if (this.#remoteDtls !== undefined) throw new ChannelInvalidStateError('connect() was called already')
    if (remote.fingerprints.length === 0) throw new ChannelTypeError('dtlsParameters.fingerprints is empty')
    this.#remoteDtls = remote
    // A peer that leaves the choice gets the server's part: we are the client (RFC 8842 section 5.2).
    const role = remote.role === 'client' ? 'server' : 'client'
    this.#dtlsRole = role
    this.#startDtls()
    return role
  }

  restartIce(): IceParameters {
    const dropped = this.#ice.restart(this.#newCredentials())
    if (dropped !== undefined) this.#usernameFragments.delete(dropped.usernameFragment)
    this.#usernameFragments.set(this.#ice.credentials.usernameFragment, this)
    return this.#iceParameters()
  }

  /**
   * A binding request with one of this transport's username fragments came. One without the right password gets no
   * answer: an answer would tell a scanner that somebody is here, and could be aimed at a third party.
   */
  handleBindingRequest(
    fragment: string,
    bytes: Uint8Array,
    message: StunMessage,
    addresses: Uint8Array,
    addressOffset: number,
  ): void {
    if (this.#listenerOf(packetAddressSocket(addresses, addressOffset)) === undefined) return
    const password = this.#ice.passwordOf(fragment)
    if (password === undefined) return
    const key = encoder.encode(password)
    if (!verifyStunIntegrity(bytes, message, key, this.context.hmacSha1)) return
    if (message.fingerprintOffset !== -1 && !verifyStunFingerprint(bytes, message)) return
    const transactionId = bytes.slice(message.transactionIdOffset, message.transactionIdOffset + 12)
    // We are lite and so always controlled (RFC 8445 section 6.1.1).
    if (message.iceControlledOffset !== -1) {
      this.#answer(addresses, addressOffset, transactionId, key, 'roleConflict')
      return
    }
    this.#answer(addresses, addressOffset, transactionId, key, 'success')
    const retired = this.#ice.retirePrevious(fragment)
    if (retired !== undefined) this.#usernameFragments.delete(retired.usernameFragment)
    const address = addresses.subarray(addressOffset, addressOffset + ADDRESS_BYTES)
    this.#applyIce(
      this.#ice.checked(keyOf(address), address, message.useCandidate, this.context.nowUs() / 1000),
    )
  }

  handleSessionEvent(event: SessionEvent): void {
    switch (event.type) {
      case 'connected':
        this.#setDtlsState('connected', event)
        this.sctp?.connect()
        break
      case 'failed':
        this.context.log('warn', `transport ${this.id}: DTLS failed: ${event.reason}`)
        this.#setDtlsState('failed')
        this.sctp?.close()
        break
      case 'closed':
        this.#setDtlsState('closed')
        this.sctp?.close()
        break
      case 'disconnected':
        this.#applyIce(this.#ice.lost(keyOf(event.address)))
        return
    }
    this.connectionChanged()
  }

  protected override everySecond(nowUs: number, elapsedMs: number): void {
    const change = this.#ice.tick(nowUs / 1000)
    if (change.removed.length > 0 || change.selected !== undefined) this.#applyIce(change)
    super.everySecond(nowUs, elapsedMs)
  }

  override tick(nowUs: number): number {
    const dueUs = super.tick(nowUs)
    if (this.consumers.size === 0 || !this.isConnected) return dueUs
    return Math.min(dueUs, onClockStep(this.outgoing.tick(nowUs)))
  }

  override handleRemb(bps: number): void {
    super.handleRemb(bps)
    this.outgoing.handleRemb(bps)
  }

  override handleTransportFeedback(feedback: TransportFeedback, nowUs: number): void {
    this.outgoing.handleFeedback(feedback, nowUs)
    if (this.outgoing.isProbing(nowUs)) this.wake()
  }

  override takesRepair(payloadBytes: number, nowUs: number): boolean {
    return this.outgoing.takesRepair(payloadBytes, nowUs)
  }

  /** Whether a probe of the bandwidth is being sent. */
  isProbing(nowUs: number): boolean {
    return this.isConnected && this.outgoing.isProbing(nowUs)
  }

  /** Sends what the probe wants sent by now. */
  probe(nowUs: number): void {
    if (this.isConnected) this.outgoing.probe(nowUs)
  }

  override sendRtcp(maxBytes: number, write: (bytes: Uint8Array, offset: number) => number): void {
    const { plan } = this.context
    const offset = plan.controlSpace(maxBytes)
    const length = write(plan.controlBytes, offset)
    if (length > 0) plan.commitRtcp(this.session, length)
  }

  close(): void {
    const { port } = this.context
    this.closeSctp()
    const tuples = this.#ice.close()
    for (const [fragment, transport] of this.#usernameFragments) {
      if (transport === this) this.#usernameFragments.delete(fragment)
    }
    this.webRtcServer?.transports.delete(this)
    port.closeSession(this.session)
    for (const tuple of tuples) this.#forget(tuple.address)
    for (const listener of this.#ownListeners) port.closeSocket(listener.socket)
  }

  override stats(nowMs: number): Stat[] {
    return [
      {
        type: 'webrtc-transport',
        ...baseStats(this, nowMs),
        iceRole: 'controlled',
        iceState: this.#ice.state,
        ...this.#publicTuple(),
        dtlsState: this.#dtlsState,
        ...this.outgoing.stats(),
      },
    ]
  }

  override dump(): Readonly<Record<string, unknown>> {
    return {
      type: 'webrtc',
      ...baseDump(this),
      iceRole: 'controlled',
      iceParameters: this.#iceParameters(),
      iceCandidates: this.candidates,
      iceState: this.#ice.state,
      ...this.#publicTuple(),
      dtlsParameters: this.creation.dtlsParameters,
      dtlsState: this.#dtlsState,
      ...(this.#remoteCertificate === undefined ? {} : { dtlsRemoteCert: this.#remoteCertificate }),
    }
  }

  #applyIce(change: IceChange): void {
    const { port } = this.context
    for (const tuple of change.removed) this.#forget(tuple.address)
    if (change.added !== undefined) port.addAddress(this.session, change.added.address)
    if (change.selected !== undefined) port.setDestination(this.session, change.selected.address)
    if (change.state !== undefined) {
      this.context.emit('transport.iceState', this.id, { iceState: change.state })
      this.#startDtls()
    }
    if (change.selected !== undefined || change.state === 'disconnected') {
      this.context.emit('transport.iceSelectedTuple', this.id, { tuple: this.#selectedTuple() })
    }
    if (change.state !== undefined) this.connectionChanged()
  }

  #startDtls(): void {
    if (this.#dtlsStarted || this.#remoteDtls === undefined || this.#dtlsRole === 'auto') return
    // The client speaks first and needs somewhere to speak to; so does a server, to have its answers leave.
    if (this.#ice.selected === undefined) return
    this.#dtlsStarted = true
    this.#setDtlsState('connecting')
    this.context.port.startDtls(this.session, this.#dtlsRole, this.#remoteDtls.fingerprints)
  }

  #setDtlsState(state: DtlsState, connected?: Extract<SessionEvent, { type: 'connected' }>): void {
    this.#dtlsState = state
    this.#remoteCertificate = connected?.remoteCertificate
    this.context.emit('transport.dtlsState', this.id, {
      dtlsState: state,
      ...(connected === undefined
        ? {}
        : { remoteCertificate: connected.remoteCertificate, srtpSuite: connected.srtpSuite }),
    })
  }

  #answer(
    addresses: Uint8Array,
    addressOffset: number,
    transactionId: Uint8Array,
    key: Uint8Array,
    answer: 'success' | 'roleConflict',
  ): void {
    const ip = packetAddressIp(addresses, addressOffset)
    const port = ((addresses[addressOffset + 2] ?? 0) << 8) | (addresses[addressOffset + 3] ?? 0)
    const datagram = answerBytes
    const length = writeStunMessage(datagram, 0, {
      type: answer === 'success' ? StunType.bindingSuccess : StunType.bindingError,
      transactionId,
      attributes: [
        answer === 'success'
          ? { type: 'xorMappedAddress', value: { ip, port } }
          : { type: 'errorCode', code: ROLE_CONFLICT, reason: 'Role Conflict' },
      ],
      integrity: { key, hmacSha1: this.context.hmacSha1 },
      fingerprint: true,
    })
    this.context.plan.sendRaw(addresses, addressOffset, datagram.subarray(0, length))
  }

  #publicTuple(): { readonly iceSelectedTuple?: PublicTuple } {
    const tuple = this.#selectedTuple()
    return tuple === undefined ? {} : { iceSelectedTuple: publicTuple(tuple) }
  }

  #selectedTuple(): TransportTuple | undefined {
    const selected = this.#ice.selected
    if (selected === undefined) return undefined
    const remote = readPacketAddress(selected.address)
    const listener = this.#listenerOf(remote.socket)
    return {
      localAddress: listener?.announced[0] ?? '',
      localPort: listener?.port ?? 0,
      remoteIp: remote.ip,
      remotePort: remote.port,
      protocol: listener?.protocol ?? 'udp',
    }
  }

  /** The listener that a packet of this socket came to; undefined if it is none of this transport's. */
  #listenerOf(socket: number): Listener | undefined {
    const listening = this.context.port.listenerOf(socket)
    return this.#listeners.find((listener) => listener.socket === listening)
  }

  /** Nothing of the peer is awaited from this address any longer; a TCP connection is of no other use. */
  #forget(address: Uint8Array): void {
    const { port } = this.context
    port.removeAddress(address)
    const socket = packetAddressSocket(address)
    if (port.listenerOf(socket) !== socket) port.closeSocket(socket)
  }

  #iceParameters(): IceParameters {
    return { ...this.#ice.credentials, iceLite: true }
  }

  #newCredentials(): IceCredentials {
    const text = (length: number): string => {
      let characters = ''
      for (let i = 0; i < length; i++)
        characters += ICE_CHARACTERS[this.context.random(ICE_CHARACTERS.length)]
      return characters
    }
    return { usernameFragment: text(USERNAME_FRAGMENT_LENGTH), password: text(PASSWORD_LENGTH) }
  }
}

/** The identity of a peer's address. */
function keyOf(address: Uint8Array): string {
  return String.fromCharCode(...address)
}
