import type { CallSignal, IceServer, ReplyOf } from '@sangam/protocol'
import type {
  Call,
  CallEvents,
  CallOptions,
  CallSnapshot,
  ConnectionInfo,
  MediaStats,
  Store,
} from '../api.ts'
import type { Signalling } from '../connection/signalling.ts'
import { errors, isSangamError, type SangamError, toSangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import { openDevice, openTracks } from '../media/devices.ts'
import { connectionInfoOf } from '../media/stats.ts'
import { StatsPoller } from '../media/stats-poller.ts'
import { WritableStore } from '../store.ts'
import { type CallEffect, type CallInput, type CallMachine, nextTickMs, stepCall } from './call-machine.ts'
import { CallSignals } from './call-signals.ts'
import { type DeviceOpeners, type Kind, OwnDevices } from './own-devices.ts'
import { PeerLink } from './peer-link.ts'

/** What a call needs from around it. */
export interface CallContext extends DeviceOpeners {
  readonly signalling: Signalling
  readonly createPeerConnection: (configuration: RTCConfiguration) => RTCPeerConnection
}

/** What a browser brings. */
export const BROWSER_MEDIA: Omit<CallContext, 'signalling'> = {
  createPeerConnection: (configuration) => {
    if (typeof RTCPeerConnection === 'undefined') throw errors.mediaUnsupported('calls')
    return new RTCPeerConnection(configuration)
  },
  openTracks,
  openDevice,
}

/** The server ends a ring sooner than this. */
export const RING_FALLBACK_MS = 120_000

/** A call's shell: carries out what the machine decides, and reports back what happened. */
export class CallHandle extends TypedEmitter<CallEvents> implements Call {
  readonly state: WritableStore<CallSnapshot>
  readonly #context: CallContext
  #machine: CallMachine
  #timer: ReturnType<typeof setTimeout> | undefined
  #link: PeerLink | undefined
  #signals: CallSignals | undefined
  #iceServers: readonly IceServer[] = []
  /** Signals that came before the own devices were ready. */
  readonly #early: CallSignal[] = []
  readonly #devices: OwnDevices
  #devicesReady: Promise<void> = Promise.resolve()
  readonly #poller: StatsPoller

  constructor(
    context: CallContext,
    machine: CallMachine,
    peer: CallSnapshot['peer'],
    media: CallSnapshot['media'],
  ) {
    super()
    this.#context = context
    this.#machine = machine
    this.#devices = new OwnDevices(context)
    this.#poller = new StatsPoller(
      () => (this.#link ? [{ prefix: '', getStats: () => this.#connectionStats() }] : []),
      (record) => ({
        trackId: typeof record.trackIdentifier === 'string' ? record.trackIdentifier : record.id,
      }),
    )
    this.state = new WritableStore<CallSnapshot>({
      state: machine.state,
      ...(machine.callId === undefined ? {} : { callId: machine.callId }),
      direction: machine.direction,
      peer,
      media,
      microphoneEnabled: false,
      cameraEnabled: false,
      remoteAudio: false,
      remoteVideo: false,
      mediaErrors: [],
    })
    this.#armTimer()
  }

  get stats(): Store<MediaStats> {
    return this.#poller.store
  }

  get callId(): string | undefined {
    return this.#machine.callId
  }

  /** Opens the devices, then rings. Throws what the server refused it with; a busy callee ends the call instead. */
  async start(options: CallOptions): Promise<void> {
    const { peer, media } = this.state.get()
    await this.#openDevices(options)
    if (this.#machine.state === 'ended') return
    try {
      const reply = await this.#context.signalling.request('call.start', { to: peer.identity, media })
      this.#iceServers = reply.iceServers
      // The server's clock may differ: the ring's end only backs up the server's own word.
      this.input({
        type: 'started',
        callId: reply.callId,
        ringEndsAtMs: performance.now() + RING_FALLBACK_MS,
      })
    } catch (caught) {
      const error = toSangamError(caught, (cause) => errors.protocolViolation('call.start', cause))
      this.#patch({ error })
      this.input({ type: 'startRefused', reason: error.code === 'busy' ? 'busy' : 'failed' })
      if (error.code !== 'busy') throw error
    }
  }

  async accept(options: CallOptions = {}): Promise<void> {
    if (this.#machine.state !== 'incoming') throw errors.wrongState('accept', this.#machine.state)
    const { media } = this.state.get()
    this.#devicesReady = this.#openDevices({ video: media.video, ...options })
    this.input({ type: 'accept' })
    await this.#devicesReady
  }

  async reject(reason: 'declined' | 'busy' = 'declined'): Promise<void> {
    this.input({ type: 'reject', busy: reason === 'busy' })
  }

  async hangUp(): Promise<void> {
    this.input({ type: 'hangUp' })
  }

  async setMicrophoneEnabled(enabled: boolean, options: { readonly deviceId?: string } = {}): Promise<void> {
    const track = this.#devices.tracks.get('audio')
    if (track && options.deviceId === undefined) {
      track.enabled = enabled
      this.#publishLocal()
      return
    }
    if (enabled) await this.#useDevice('audio', options.deviceId)
  }

  async setCameraEnabled(enabled: boolean, options: { readonly deviceId?: string } = {}): Promise<void> {
    if (enabled) {
      if (this.#devices.tracks.has('video') && options.deviceId === undefined) return
      await this.#useDevice('video', options.deviceId)
      return
    }
    this.#devices.release('video')
    this.#publishLocal()
    await this.#link?.setTrack('video', undefined)
  }

  async connectionInfo(): Promise<ConnectionInfo> {
    return connectionInfoOf(await this.#poller.sample(), this.state.get().peer.name)
  }

  /** Takes one input of the machine, from here or from the server. */
  input(input: CallInput): void {
    const before = this.#machine
    const { machine, effects } = stepCall(before, input, performance.now())
    this.#machine = machine
    this.#armTimer()
    for (const effect of effects) this.#perform(effect)
    if (machine.state === before.state && machine.callId === before.callId) return
    const { callId, endReason, endedBy, state } = machine
    this.#patch({
      state,
      ...(callId === undefined ? {} : { callId }),
      ...(endReason === undefined ? {} : { endReason }),
      ...(endedBy === undefined ? {} : { endedBy }),
      ...(state === 'connected' && before.connectedAtMs === undefined ? { connectedAt: Date.now() } : {}),
    })
    if (state === before.state) return
    this.emit('stateChanged', state)
    if (state === 'ended') this.emit('ended', endReason ?? 'failed')
  }

  handleSignal(signal: CallSignal): void {
    if (this.#link) this.#link.handleSignal(signal)
    else this.#early.push(signal)
  }

  /** Somebody's name came to be known, or changed. */
  nameTold(identity: string, name: string): void {
    const { peer } = this.state.get()
    if (peer.identity === identity && peer.name !== name) this.#patch({ peer: { identity, name } })
  }

  handleOffline(): void {
    this.#signals?.pause()
  }

  /** Tells the server on a new connection that this device still holds the call. */
  async resume(): Promise<void> {
    const { callId, state } = this.#machine
    if (callId === undefined || state === 'ended' || (state === 'incoming' && !this.#machine.accepting))
      return
    let reply: ReplyOf<'call.resume'>
    try {
      reply = await this.#context.signalling.request('call.resume', { callId }, { idempotent: true })
    } catch (error) {
      // Without an answer the next connection resumes; a refusal means that the server has it no longer.
      if (isSangamError(error, 'notFound', 'callEnded', 'forbidden')) {
        this.input({ type: 'serverForgot' })
      }
      return
    }
    this.#iceServers = reply.iceServers
    if (reply.state === 'accepted') {
      this.input({ type: reply.role === 'caller' ? 'remoteAccepted' : 'acceptConfirmed' })
    }
    this.#signals?.resume()
  }

  async #openDevices(options: CallOptions): Promise<void> {
    await this.#devices.open(options)
    this.#publishLocal()
  }

  #perform(effect: CallEffect): void {
    switch (effect.type) {
      case 'openPeer':
        void this.#openPeer()
        return
      case 'restartIce':
        this.#link?.restartIce()
        return
      case 'stopMedia':
        this.#stopMedia()
        return
      case 'requestAccept':
        void this.#requestAccept()
        return
      case 'requestReject':
        void this.#tell('call.reject', { reason: effect.reason })
        return
      case 'requestCancel':
        void this.#tell('call.cancel')
        return
      case 'requestHangUp':
        void this.#tell('call.hangup')
        return
    }
  }

  async #requestAccept(): Promise<void> {
    const callId = this.#machine.callId ?? ''
    try {
      const reply = await this.#context.signalling.request('call.accept', { callId })
      this.#iceServers = reply.iceServers
      this.input({ type: 'acceptConfirmed' })
    } catch (caught) {
      const error = toSangamError(caught, (cause) => errors.protocolViolation('call.accept', cause))
      // Whether the server took it is told by `call.resume` once the connection is back.
      if (error.code === 'offline') return
      this.#patch({ error })
      this.input({ type: 'acceptRefused', reason: error.code === 'callEnded' ? 'cancelled' : 'failed' })
    }
  }

  /** Tells the server that this device leaves. It can't be refused: a call that the server no longer has is over. */
  async #tell(
    event: 'call.reject' | 'call.cancel' | 'call.hangup',
    more: { readonly reason?: 'declined' | 'busy' } = {},
  ): Promise<void> {
    const callId = this.#machine.callId
    if (callId === undefined) return
    const { signalling } = this.#context
    try {
      await signalling.request(event, { callId, ...more }, { idempotent: true })
    } catch (error) {
      // It was accepted while the cancel was on its way.
      if (event === 'call.cancel' && isSangamError(error, 'wrongState')) {
        await signalling.request('call.hangup', { callId }, { idempotent: true }).catch(() => {})
      }
    }
  }

  async #openPeer(): Promise<void> {
    await this.#devicesReady
    const { callId, direction, state } = this.#machine
    if (callId === undefined || state === 'ended' || this.#link) return
    const signals = new CallSignals(this.#context.signalling, callId, (error) => this.#fail(error))
    try {
      this.#link = new PeerLink({
        iceServers: this.#iceServers,
        role: direction === 'outgoing' ? 'caller' : 'callee',
        tracks: this.#devices.tracks,
        send: (signal) => signals.send(signal),
        createPeerConnection: this.#context.createPeerConnection,
      })
    } catch (caught) {
      this.#fail(toSangamError(caught, (cause) => errors.mediaFailed('the peer connection', cause)))
      return
    }
    this.#signals = signals
    this.#link.on('stateChanged', (peer) => this.input({ type: 'peer', state: peer }))
    this.#link.on('remoteChanged', () => this.#publishRemote())
    this.#link.on('failed', (cause) => this.#fail(errors.mediaFailed('the negotiation', cause)))
    for (const signal of this.#early.splice(0)) this.#link.handleSignal(signal)
    this.#poller.start()
  }

  #fail(error: SangamError): void {
    // A call that the server ended is told by its own event.
    if (isSangamError(error, 'callEnded', 'notFound')) return
    this.#patch({ error })
    this.input({ type: 'failed' })
  }

  async #useDevice(kind: Kind, deviceId: string | undefined): Promise<void> {
    const track = await this.#devices.use(kind, deviceId)
    this.#publishLocal()
    if (track) await this.#link?.setTrack(kind, track)
  }

  #publishLocal(): void {
    this.#patch(this.#devices.view())
  }

  #publishRemote(): void {
    const tracks = this.#link?.remoteTracks() ?? []
    const remoteStream = this.state.get().remoteStream ?? new MediaStream()
    for (const track of tracks) if (!remoteStream.getTracks().includes(track)) remoteStream.addTrack(track)
    for (const track of remoteStream.getTracks()) if (!tracks.includes(track)) remoteStream.removeTrack(track)
    const carries = (kind: Kind): boolean => tracks.some((track) => track.kind === kind)
    this.#patch({ remoteStream, remoteAudio: carries('audio'), remoteVideo: carries('video') })
  }

  #stopMedia(): void {
    this.#signals?.close()
    this.#link?.close()
    this.#poller.stop()
    this.#devices.stop()
    this.#publishLocal()
  }

  #patch(change: Partial<CallSnapshot>): void {
    this.state.update((snapshot) => ({ ...snapshot, ...change }))
  }

  #armTimer(): void {
    clearTimeout(this.#timer)
    const atMs = nextTickMs(this.#machine)
    if (atMs === undefined) return
    this.#timer = setTimeout(() => this.input({ type: 'tick' }), Math.max(0, atMs - performance.now()))
  }

  #connectionStats(): Promise<RTCStatsReport> {
    return this.#link?.connection.getStats() ?? Promise.reject(errors.mediaFailed('statistics'))
  }
}
