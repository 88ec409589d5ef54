/**
 * Which voices of a room are forwarded: the loudest few, changed within two frames when somebody else begins to speak. Pure:
 * one `push()` per voice and frame (`FRAME_MS` of speech-activity.ts), then one `decide()`.
 *
 * A level is what a client says of itself (RFC 6464), so no claim is worth more than it would be from a normally loud
 * person, what does not rise above a voice's own background is no speech, and who waits for `PATIENCE_FRAMES` takes the
 * place of whoever spoke longest. docs/forwarding.md gives the reasons and the figures.
 */

/** Louder claims (dBov) count as this. */
const LOUDEST_DBOV = -20
/** Quieter frames (dBov) are no speech. */
const SPEECH_DBOV = -60
/** The background is the quietest recent frame; it rises by this per frame (8 dB per second). */
const BACKGROUND_RISE_DB = 0.16
/** A frame this little above the background is no speech. */
const BACKGROUND_MARGIN_DB = 6
/** How fast a voice that stopped loses its loudness: 50 dB per second, a pause between words costs little. */
const RELEASE_DB = 1
/** A challenger has to be this much louder than somebody who is speaking. */
const MARGIN_DB = 6
/** Speech frames among the newest three that make a challenger: one alone may be a click. */
const NEWEST_FRAMES = 0b111
const SPEECH_FRAMES = 2
/** Who had no speech frame for this long (15 frames, 300 ms) holds a place only until somebody wants it. */
const RECENT_FRAMES = 0x7fff
/** 2 s of waiting while speaking, and 10 s of holding: then the place changes hands, and is safe from louder ones for as long. */
const PATIENCE_FRAMES = 100
const FAIR_FRAMES = 500

/** A voice and what is known of it. Loudness is in dB above -127 dBov. */
class Voice<Id> {
  readonly id: Id
  loudnessDb = 0
  backgroundDb = 0
  /** One bit per frame, 1 for speech, the newest lowest. */
  speech = 0
  /** Whether anything came since it was added or fell silent for long. */
  isHeard = false
  /** Frames since it got its place; 0 without one. */
  heldFrames = 0
  /** Frames in which it spoke without a place. */
  waitedFrames = 0
  /** Frames for which somebody louder can't take the place. */
  safeFrames = 0
  isSelected = false

  constructor(id: Id) {
    this.id = id
  }

  get isSpeaking(): boolean {
    return bits(this.speech & NEWEST_FRAMES) >= SPEECH_FRAMES
  }

  /** Whether it spoke within the last 300 ms. */
  get spokeLately(): boolean {
    return (this.speech & RECENT_FRAMES) !== 0
  }

  get isPatient(): boolean {
    return this.waitedFrames >= PATIENCE_FRAMES
  }

  push(dbov: number): void {
    const loudDb = 127 + Math.min(dbov, LOUDEST_DBOV)
    if (dbov > -127) this.isHeard = true
    this.backgroundDb = Math.min(loudDb, this.backgroundDb + BACKGROUND_RISE_DB)
    const isSpeech = loudDb > this.backgroundDb + BACKGROUND_MARGIN_DB && loudDb >= 127 + SPEECH_DBOV
    this.speech = ((this.speech << 1) | (isSpeech ? 1 : 0)) & RECENT_FRAMES
    this.loudnessDb = Math.max(isSpeech ? loudDb : 0, this.loudnessDb - RELEASE_DB)
    if (this.safeFrames > 0) this.safeFrames--
    if (this.isSelected) this.heldFrames++
    else if (isSpeech) this.waitedFrames++
    else if (!this.spokeLately) this.waitedFrames = 0
  }

  select(isSelected: boolean): void {
    this.safeFrames = isSelected && this.isPatient ? FAIR_FRAMES : 0
    this.isSelected = isSelected
    this.heldFrames = 0
    this.waitedFrames = 0
  }
}

/** Chooses at most `maxVoices` of the voices that were added. */
export class VoiceSelection<Id> {
  readonly #voices = new Map<Id, Voice<Id>>()
  readonly #maxVoices: number
  #selected = 0

  constructor(maxVoices: number) {
    this.#maxVoices = maxVoices
  }

  /** How many may be selected at a time. */
  get maxVoices(): number {
    return this.#maxVoices
  }

  add(id: Id): void {
    if (!this.#voices.has(id)) this.#voices.set(id, new Voice(id))
  }

  remove(id: Id): void {
    if (this.#voices.get(id)?.isSelected === true) this.#selected--
    this.#voices.delete(id)
  }

  isSelected(id: Id): boolean {
    return this.#voices.get(id)?.isSelected === true
  }

  /** Who is selected. */
  selected(): Id[] {
    return [...this.#voices.values()].filter(({ isSelected }) => isSelected).map(({ id }) => id)
  }

  /** Everybody starts anew, as if nobody had been heard. */
  reset(): void {
    for (const id of this.#voices.keys()) this.#voices.set(id, new Voice(id))
    this.#selected = 0
  }

  /** One frame of a voice. @param dbov -127 (silence, or nothing came) to 0 */
  push(id: Id, dbov: number): void {
    this.#voices.get(id)?.push(dbov)
  }

  /** @returns whether the selection changed */
  decide(): boolean {
    let changed = false
    for (;;) {
      const challenger = this.#challenger()
      if (challenger === undefined) return changed
      if (this.#selected < this.#maxVoices) this.#selected++
      else {
        const loser = this.#loserTo(challenger)
        if (loser === undefined) return changed
        loser.select(false)
      }
      challenger.select(true)
      changed = true
    }
  }

  /** While there is room, anybody who is heard; else the one who waited long enough, or the loudest who speaks. */
  #challenger(): Voice<Id> | undefined {
    const hasRoom = this.#selected < this.#maxVoices
    let best: Voice<Id> | undefined
    for (const voice of this.#voices.values()) {
      if (voice.isSelected || !(hasRoom ? voice.isHeard : voice.isSpeaking)) continue
      if (best === undefined || goesBefore(voice, best)) best = voice
    }
    return best
  }

  /** Who gives way: the quietest, unless it still speaks nearly as loud; to a patient one, whoever spoke longest. */
  #loserTo(challenger: Voice<Id>): Voice<Id> | undefined {
    let quietest: Voice<Id> | undefined
    let longest: Voice<Id> | undefined
    for (const voice of this.#voices.values()) {
      if (!voice.isSelected) continue
      const canLose = voice.safeFrames === 0 || !voice.spokeLately
      if (canLose && (quietest === undefined || isQuieter(voice, quietest))) quietest = voice
      if (longest === undefined || voice.heldFrames > longest.heldFrames) longest = voice
    }
    const isBeaten =
      quietest?.spokeLately === false ||
      challenger.loudnessDb >= (quietest?.loudnessDb ?? Number.POSITIVE_INFINITY) + MARGIN_DB
    if (isBeaten) return quietest
    const isDue = challenger.isPatient && longest !== undefined && longest.heldFrames >= FAIR_FRAMES
    return isDue ? longest : undefined
  }
}

function goesBefore<Id>(one: Voice<Id>, other: Voice<Id>): boolean {
  if (one.isPatient !== other.isPatient) return one.isPatient
  return one.loudnessDb > other.loudnessDb
}

/** Who did not speak lately is quieter than who did. */
function isQuieter<Id>(one: Voice<Id>, other: Voice<Id>): boolean {
  if (one.spokeLately !== other.spokeLately) return !one.spokeLately
  return one.loudnessDb < other.loudnessDb
}

function bits(word: number): number {
  let count = 0
  for (let rest = word; rest !== 0; rest &= rest - 1) count++
  return count
}
