import type { Delivery, Track, TrackEvents, TrackSnapshot, TrackSource } from '../api.ts'
import { TypedEmitter } from '../events.ts'
import { WritableStore } from '../store.ts'

/** What a track is, for as long as it lives. */
export interface TrackIdentity {
  readonly trackId: string
  readonly participantId: string
  readonly kind: 'audio' | 'video'
  readonly source: TrackSource
  readonly local: boolean
}

/** One stream of one participant, and the elements that play it. */
export class TrackHandle extends TypedEmitter<TrackEvents> implements Track {
  readonly trackId: string
  readonly participantId: string
  readonly kind: 'audio' | 'video'
  readonly source: TrackSource
  readonly local: boolean
  readonly state: WritableStore<TrackSnapshot>
  /** Called when an element begins or ceases to play the track. */
  onElementsChanged: () => void = () => undefined
  readonly #elements = new Set<HTMLMediaElement>()
  readonly #blocked = new Set<HTMLMediaElement>()

  constructor(identity: TrackIdentity, muted: boolean) {
    super()
    this.trackId = identity.trackId
    this.participantId = identity.participantId
    this.kind = identity.kind
    this.source = identity.source
    this.local = identity.local
    this.state = new WritableStore<TrackSnapshot>({ muted, ended: false, audioLevel: 0 })
  }

  /** Where it plays. */
  get elements(): ReadonlySet<HTMLMediaElement> {
    return this.#elements
  }

  attach(element: HTMLMediaElement = document.createElement(this.kind)): HTMLMediaElement {
    this.#elements.add(element)
    element.autoplay = true
    if (element instanceof HTMLVideoElement) element.playsInline = true
    // Own sound would come back as an echo; pictures carry none, so silent video may always play.
    if (this.local || this.kind === 'video') element.muted = true
    this.#show(element)
    this.onElementsChanged()
    return element
  }

  detach(element?: HTMLMediaElement): readonly HTMLMediaElement[] {
    const detached = element === undefined ? [...this.#elements] : [element]
    for (const one of detached) {
      this.#elements.delete(one)
      this.#blocked.delete(one)
      one.srcObject = null
    }
    this.onElementsChanged()
    return detached
  }

  /** Media was negotiated (or replaced, after a rejoin): attached elements go on with it. */
  setMedia(mediaStreamTrack: MediaStreamTrack): void {
    if (this.state.get().mediaStreamTrack === mediaStreamTrack) return
    this.state.update((snapshot) => ({ ...snapshot, mediaStreamTrack }))
    for (const element of this.#elements) this.#show(element)
  }

  setMuted(muted: boolean): void {
    this.#patch({ muted })
  }

  setDelivery(delivery: Delivery): void {
    this.#patch({ delivery })
  }

  setAudioLevel(audioLevel: number): void {
    this.#patch({ audioLevel })
  }

  /** Plays what the browser held back. */
  async resumePlayback(): Promise<void> {
    const blocked = [...this.#blocked]
    this.#blocked.clear()
    await Promise.all(blocked.map((element) => this.#play(element)))
  }

  /** The track is gone; elements lose it. */
  end(): void {
    if (this.state.get().ended) return
    this.#patch({ ended: true, audioLevel: 0 })
    this.detach()
    this.emit('ended')
    this.removeAll()
  }

  #show(element: HTMLMediaElement): void {
    const { mediaStreamTrack } = this.state.get()
    if (!mediaStreamTrack) return
    const shown = element.srcObject instanceof MediaStream ? element.srcObject.getTracks() : []
    if (shown.length === 1 && shown[0] === mediaStreamTrack) return
    element.srcObject = new MediaStream([mediaStreamTrack])
    void this.#play(element)
  }

  async #play(element: HTMLMediaElement): Promise<void> {
    try {
      await element.play()
    } catch (error) {
      // Anything else (a new source came meanwhile) needs no person.
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return
      this.#blocked.add(element)
      this.emit('playbackBlocked', element)
    }
  }

  #patch(change: Partial<TrackSnapshot>): void {
    const before = this.state.get()
    const changed = (Object.keys(change) as (keyof TrackSnapshot)[]).some(
      (key) => change[key] !== before[key],
    )
    if (changed) this.state.set({ ...before, ...change })
  }
}
