import { SpeechActivity } from './speech-activity.ts'

/** A challenger takes over when its scores exceed the dominant speaker's by these factors, as logarithms (Volfin and Cohen). */
const THRESHOLDS = { immediate: 3, medium: 2, long: 0 } as const

/**
 * Decides who of several participants is the dominant speaker: the one who holds the floor keeps it until another has
 * clearly taken it, now, in the last moments and over the last second. After I. Volfin and I. Cohen, "Dominant speaker
 * identification for multipoint videoconferencing", Computer Speech & Language 27(4), 2013, section 4. Pure.
 */
export class DominantSpeaker<Id> {
  readonly #activities = new Map<Id, SpeechActivity>()
  #dominant: Id | undefined

  /** Undefined until somebody has spoken, and after the dominant speaker left. */
  get dominant(): Id | undefined {
    return this.#dominant
  }

  add(id: Id): void {
    if (!this.#activities.has(id)) this.#activities.set(id, new SpeechActivity())
  }

  remove(id: Id): void {
    this.#activities.delete(id)
    if (this.#dominant === id) this.#dominant = undefined
  }

  /** Everybody starts anew, as if nobody had spoken; who is dominant stays. */
  forget(): void {
    for (const id of this.#activities.keys()) this.#activities.set(id, new SpeechActivity())
  }

  /** One frame (`FRAME_MS`) of a participant. @param dbov -127 (silence) to 0 */
  push(id: Id, dbov: number): void {
    this.#activities.get(id)?.push(dbov)
  }

  /** @returns whether the dominant speaker changed */
  decide(): boolean {
    const holder = this.#dominant === undefined ? undefined : this.#activities.get(this.#dominant)
    let winner: Id | undefined
    let best = -Infinity
    for (const [id, activity] of this.#activities) {
      if (activity === holder || !challenges(activity, holder)) continue
      // With a holder the clearest lead of the last moments wins; without, who spoke most.
      const claim = holder === undefined ? activity.long : activity.medium
      if (claim <= best) continue
      best = claim
      winner = id
    }
    if (winner === undefined) return false
    this.#dominant = winner
    return true
  }
}

const NOBODY = new SpeechActivity()

function challenges(challenger: SpeechActivity, holder: SpeechActivity = NOBODY): boolean {
  return (
    Math.log(challenger.immediate / holder.immediate) > THRESHOLDS.immediate &&
    Math.log(challenger.medium / holder.medium) > THRESHOLDS.medium &&
    Math.log(challenger.long / holder.long) > THRESHOLDS.long
  )
}
