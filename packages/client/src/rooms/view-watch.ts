import { limits, type View } from '@sangam/protocol'
import type { ReceiveWishes } from '../api.ts'
import type { TrackHandle } from '../media/track.ts'
import { type ShownElement, viewOf, viewOfAll } from './view.ts'

/** A layout that changes step by step (a window being drawn larger) is told once it rests for so long. */
const SETTLE_MS = 100

/** What a watch does. */
export interface ViewWatchOptions {
  /** Whether elements decide; else every track is on show. */
  readonly adaptive: boolean
  /** The remote video tracks now. */
  readonly tracks: () => readonly TrackHandle[]
  readonly send: (view: View) => void
}

/** Observes where remote videos play: size, visibility, and whether the page is seen. Tells of what changed. */
export class ViewWatch {
  readonly #options: ViewWatchOptions
  readonly #observed = new Set<HTMLMediaElement>()
  readonly #outside = new Set<Element>()
  readonly #resize: ResizeObserver | undefined
  readonly #intersection: IntersectionObserver | undefined
  #wishes: ReceiveWishes = {}
  #told: string | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #handleVisibility = (): void => this.refresh()

  constructor(options: ViewWatchOptions) {
    this.#options = options
    if (!options.adaptive || typeof ResizeObserver === 'undefined') return
    this.#resize = new ResizeObserver(() => this.refresh())
    this.#intersection = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) this.#outside.delete(target)
        else this.#outside.add(target)
      }
      this.refresh()
    })
    document.addEventListener('visibilitychange', this.#handleVisibility)
  }

  /** The person's or application's wishes. */
  setWishes(wishes: ReceiveWishes): void {
    this.#wishes = wishes
    this.refresh()
  }

  /** Something may have changed: what is told is told soon, and once. */
  refresh(): void {
    this.#observe()
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#tell()
    }, SETTLE_MS)
  }

  /** The server knows nothing of this view (any more): tells it again. */
  forget(): void {
    this.#told = undefined
    this.refresh()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#resize?.disconnect()
    this.#intersection?.disconnect()
    this.#observed.clear()
    if (this.#resize !== undefined) document.removeEventListener('visibilitychange', this.#handleVisibility)
  }

  #observe(): void {
    const shown = new Set(this.#options.tracks().flatMap((track) => [...track.elements]))
    for (const element of this.#observed) {
      if (shown.has(element)) continue
      this.#observed.delete(element)
      this.#outside.delete(element)
      this.#resize?.unobserve(element)
      this.#intersection?.unobserve(element)
    }
    for (const element of shown) {
      if (this.#observed.has(element)) continue
      this.#observed.add(element)
      this.#resize?.observe(element)
      this.#intersection?.observe(element)
    }
  }

  #tell(): void {
    const view = this.#view()
    const text = JSON.stringify(view)
    if (view === undefined || text === this.#told) return
    this.#told = text
    this.#options.send(view)
  }

  #view(): View | undefined {
    const tracks = this.#options.tracks().slice(0, limits.tiles)
    if (this.#resize === undefined) {
      const wishless = Object.keys(this.#wishes).length === 0 && this.#told === undefined
      return wishless
        ? undefined
        : viewOfAll(
            tracks.map(({ trackId }) => trackId),
            this.#wishes,
          )
    }
    const shown = tracks.map(({ trackId, elements }) => ({
      producerId: trackId,
      elements: [...elements].map((element) => this.#shown(element)),
    }))
    return viewOf(shown, this.#wishes, document.visibilityState === 'visible')
  }

  #shown(element: HTMLMediaElement): ShownElement {
    const scale = window.devicePixelRatio
    return {
      width: element.clientWidth * scale,
      height: element.clientHeight * scale,
      visible: element.isConnected && !this.#outside.has(element),
    }
  }
}
