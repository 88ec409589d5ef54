import { NOBODY_SPEAKS, updateSpeakers } from './active-speakers.ts'
import type { Publications } from './publications.ts'
import type { Subscriptions } from './subscriptions.ts'

/** How often levels are read. */
const INTERVAL_MS = 250

/** Reads audio levels, gives them to the tracks, and tells who speaks. */
export class SpeakerWatch {
  readonly #publications: Publications
  readonly #subscriptions: Subscriptions
  readonly #onChange: (speakers: readonly string[]) => void
  #state = NOBODY_SPEAKS
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(
    publications: Publications,
    subscriptions: Subscriptions,
    onChange: (speakers: readonly string[]) => void,
  ) {
    this.#publications = publications
    this.#subscriptions = subscriptions
    this.#onChange = onChange
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#poll(), INTERVAL_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #poll(): Promise<void> {
    const levels = new Map<string, number>()
    const note = (participantId: string, level: number): void => {
      levels.set(participantId, Math.max(levels.get(participantId) ?? 0, level))
    }
    for (const [track, level] of this.#subscriptions.audioLevels()) {
      track.setAudioLevel(level)
      note(track.participantId, level)
    }
    await this.#readOwnLevel(note)
    if (this.#timer === undefined) return
    const before = this.#state.speakers
    this.#state = updateSpeakers(this.#state, levels, performance.now())
    if (this.#state.speakers !== before) this.#onChange(this.#state.speakers)
  }

  async #readOwnLevel(note: (participantId: string, level: number) => void): Promise<void> {
    const track = this.#publications.tracks.find((one) => one.source === 'microphone')
    const sender = this.#publications.senderOf('microphone')
    if (!track || !sender) return
    let level = 0
    if (!track.state.get().muted) {
      const report = await sender.getStats().catch(() => undefined)
      for (const record of report?.values() ?? []) {
        if (record.type === 'media-source' && typeof record.audioLevel === 'number') level = record.audioLevel
      }
    }
    track.setAudioLevel(level)
    note(track.participantId, level)
  }
}
