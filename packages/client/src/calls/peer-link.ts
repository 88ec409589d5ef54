import type { CallSignal, IceServer } from '@sangam/protocol'
import { TypedEmitter } from '../events.ts'
import type { PeerState } from './call-machine.ts'

/** What a link is made of. */
export interface PeerLinkConfig {
  readonly iceServers: readonly IceServer[]
  /** The caller makes the first offer and wins when two offers cross; the callee yields. */
  readonly role: 'caller' | 'callee'
  /** Own tracks by kind; a missing one is received only. */
  readonly tracks: ReadonlyMap<'audio' | 'video', MediaStreamTrack>
  readonly send: (signal: CallSignal) => void
  readonly createPeerConnection: (configuration: RTCConfiguration) => RTCPeerConnection
}

interface PeerLinkEvents {
  stateChanged: [state: PeerState]
  /** What the other side sends may have changed. */
  remoteChanged: []
  failed: [error: unknown]
}

type Kind = 'audio' | 'video'

/**
 * One RTCPeerConnection with "perfect negotiation": either side may change what it sends at any time, offers that
 * cross are settled by the roles. Source: W3C WebRTC 1.0, section 10.7.
 */
export class PeerLink extends TypedEmitter<PeerLinkEvents> {
  readonly connection: RTCPeerConnection
  readonly #config: PeerLinkConfig
  readonly #tracks: Map<Kind, MediaStreamTrack>
  #makingOffer = false
  #ignoringOffer = false
  #settingAnswer = false
  #closed = false
  /** Signals are taken one after another, as they were sent. */
  #incoming: Promise<void> = Promise.resolve()

  constructor(config: PeerLinkConfig) {
    super()
    this.#config = config
    this.#tracks = new Map(config.tracks)
    this.connection = config.createPeerConnection({
      iceServers: config.iceServers.map((server) => ({ ...server })) as RTCIceServer[],
    })
    this.#watch()
    if (config.role === 'caller') this.#addTransceivers()
  }

  /**
   * What the other side sends now: it turns a direction when it switches its camera off. (The tracks' own `muted` is
   * no help: Chromium 156 leaves it set after a rollback while frames arrive.)
   */
  remoteTracks(): readonly MediaStreamTrack[] {
    return this.connection
      .getTransceivers()
      .filter((one) => one.currentDirection === 'sendrecv' || one.currentDirection === 'recvonly')
      .map((one) => one.receiver.track)
  }

  /** Sends this track as the one of its kind from now on, or none. Renegotiates only where a direction changes. */
  async setTrack(kind: Kind, track: MediaStreamTrack | undefined): Promise<void> {
    if (this.#closed) return
    if (track) this.#tracks.set(kind, track)
    else this.#tracks.delete(kind)
    // Before the first offer there is none yet: it is attached when the offer comes.
    const transceiver = this.#transceiver(kind)
    if (transceiver) await this.#applyTrack(transceiver, track)
  }

  handleSignal(signal: CallSignal): void {
    this.#incoming = this.#incoming
      .then(() => (this.#closed ? undefined : this.#takeSignal(signal)))
      .catch((error: unknown) => {
        if (!this.#closed) this.emit('failed', error)
      })
  }

  restartIce(): void {
    if (!this.#closed) this.connection.restartIce()
  }

  close(): void {
    this.#closed = true
    this.removeAll()
    this.connection.close()
  }

  #watch(): void {
    const { connection } = this
    connection.addEventListener('negotiationneeded', () => void this.#offer())
    connection.addEventListener('icecandidate', ({ candidate }) => this.#sendCandidate(candidate))
    connection.addEventListener('connectionstatechange', () => {
      const state = connection.connectionState
      if (state === 'connected' || state === 'disconnected' || state === 'failed') {
        this.emit('stateChanged', state)
      }
    })
    connection.addEventListener('track', () => this.emit('remoteChanged'))
  }

  /**
   * Both m-lines from the first offer on, in a voice call too: a camera that comes later only turns a direction, which
   * survives offers that cross. (A transceiver that one of them added stays muted in Chromium 156 after a rollback.)
   */
  #addTransceivers(): void {
    for (const kind of ['audio', 'video'] as const) {
      const track = this.#tracks.get(kind)
      this.connection.addTransceiver(track ?? kind, { direction: track ? 'sendrecv' : 'recvonly' })
    }
  }

  async #offer(): Promise<void> {
    // The callee's first description is the answer to the caller's first offer.
    if (this.#config.role === 'callee' && this.connection.remoteDescription === null) return
    try {
      this.#makingOffer = true
      await this.connection.setLocalDescription()
      this.#sendDescription()
    } catch (error) {
      if (!this.#closed) this.emit('failed', error)
    } finally {
      this.#makingOffer = false
    }
  }

  #sendDescription(): void {
    const description = this.connection.localDescription
    if (this.#closed || !description) return
    const { type, sdp } = description
    this.#config.send({ type: 'description', description: { type, sdp } })
  }

  #sendCandidate(candidate: RTCIceCandidate | null): void {
    if (this.#closed) return
    if (candidate === null) {
      this.#config.send({ type: 'candidate', candidate: null })
      return
    }
    const { sdpMid, sdpMLineIndex, usernameFragment } = candidate
    this.#config.send({
      type: 'candidate',
      candidate: { candidate: candidate.candidate, sdpMid, sdpMLineIndex, usernameFragment },
    })
  }

  async #takeSignal(signal: CallSignal): Promise<void> {
    if (signal.type === 'candidate') {
      await this.#takeCandidate(signal.candidate as RTCIceCandidateInit | null)
      return
    }
    const { type, sdp } = signal.description
    const { connection } = this
    // An answer that came twice: a request whose acknowledgement was lost is sent again.
    if (type === 'answer' && connection.signalingState === 'stable') return
    const stable = connection.signalingState === 'stable' || this.#settingAnswer
    const collision = type === 'offer' && (this.#makingOffer || !stable)
    this.#ignoringOffer = collision && this.#config.role === 'caller'
    if (this.#ignoringOffer) return
    this.#settingAnswer = type === 'answer'
    try {
      await connection.setRemoteDescription(sdp === undefined ? { type } : { type, sdp })
    } finally {
      this.#settingAnswer = false
    }
    if (type === 'offer') {
      await this.#attachOwnTracks()
      await connection.setLocalDescription()
      this.#sendDescription()
    }
    this.emit('remoteChanged')
  }

  async #takeCandidate(candidate: RTCIceCandidateInit | null): Promise<void> {
    try {
      await this.connection.addIceCandidate(candidate ?? undefined)
    } catch (error) {
      // A candidate that belongs to an offer this side refused, or to credentials that a restart replaced.
      const outdated = error instanceof Error && error.name === 'OperationError'
      if (!this.#ignoringOffer && !outdated) throw error
    }
  }

  async #attachOwnTracks(): Promise<void> {
    for (const [kind, track] of this.#tracks) {
      const transceiver = this.#transceiver(kind)
      if (transceiver && transceiver.sender.track !== track) await this.#applyTrack(transceiver, track)
    }
  }

  #transceiver(kind: Kind): RTCRtpTransceiver | undefined {
    return this.connection
      .getTransceivers()
      .find((one) => one.receiver.track.kind === kind && one.currentDirection !== 'stopped')
  }

  async #applyTrack(transceiver: RTCRtpTransceiver, track: MediaStreamTrack | undefined): Promise<void> {
    await transceiver.sender.replaceTrack(track ?? null)
    const direction = track ? 'sendrecv' : 'recvonly'
    if (transceiver.direction !== direction) transceiver.direction = direction
  }
}
