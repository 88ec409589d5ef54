/**
 * How much one participant seems to be speaking, on three scales of time. After I. Volfin and I. Cohen, "Dominant speaker
 * identification for multipoint videoconferencing", Computer Speech & Language 27(4), 2013, section 3.
 *
 * The paper counts active sub-bands of a frame's spectrum. An SFU sees no spectrum, only the level that the sender measured
 * (RFC 6464): here a frame's activity is its level, in thirteen steps, and what does not rise above the participant's own
 * background is none. Constants other than the paper's say so.
 */

/** Length of a frame: one look at a participant. */
export const FRAME_MS = 20

/** Steps of immediate activity; each is about 10 dB. */
const IMMEDIATE_STEPS = 13
const DB_PER_STEP = 127 / IMMEDIATE_STEPS
/** Frames in a block, and blocks that are remembered: a block lasts 100 ms, all of them 1 s. */
const FRAMES_PER_BLOCK = 5
const BLOCKS = 10
const FRAMES = FRAMES_PER_BLOCK * BLOCKS
/** A frame counts as speech above this step (own figure: about -63 dBov). */
const SPEECH_STEP = 6
/** A block counts as speech with more speech frames than this. */
const SPEECH_FRAMES = 3

/** Probability of activity within speech, and rates of its exponential distribution without, per scale. */
const P_SPEECH = 0.5
const RATES = { immediate: 0.78, medium: 24, long: 47 } as const
/** The least score: its logarithm is taken. */
const MIN_SCORE = 1e-10

/** The background is the quietest recent frame; it may rise this fast (own figure). */
const BACKGROUND_RISE_DB = (8 * FRAME_MS) / 1000
/** A frame this little above the background is none (own figure). */
const BACKGROUND_MARGIN_DB = 6

/** Scores of one participant; each is at least `MIN_SCORE`. Pure: one `push()` per `FRAME_MS`. */
export class SpeechActivity {
  immediate = MIN_SCORE
  medium = MIN_SCORE
  long = MIN_SCORE
  /** 1 for each of the last frames that was speech, a ring; the newest at `#newest`. */
  readonly #speech = new Uint8Array(FRAMES)
  #newest = 0
  #backgroundDb = 0

  /** @param dbov the frame's level, -127 (silence) to 0 */
  push(dbov: number): void {
    const loudnessDb = 127 + dbov
    this.#backgroundDb = Math.min(loudnessDb, this.#backgroundDb + BACKGROUND_RISE_DB)
    const stands = loudnessDb > this.#backgroundDb + BACKGROUND_MARGIN_DB
    const step = stands ? Math.min(IMMEDIATE_STEPS, Math.round(loudnessDb / DB_PER_STEP)) : 0
    this.#newest = (this.#newest + 1) % FRAMES
    this.#speech[this.#newest] = step > SPEECH_STEP ? 1 : 0
    let active = 0
    for (let block = 0; block < BLOCKS; block++) if (this.#framesOf(block) > SPEECH_FRAMES) active++
    this.immediate = score(step, IMMEDIATE_STEPS, RATES.immediate)
    this.medium = score(this.#framesOf(0), FRAMES_PER_BLOCK, RATES.medium)
    this.long = score(active, BLOCKS, RATES.long)
  }

  /** Speech frames of a block; block 0 ends with the newest frame. */
  #framesOf(block: number): number {
    let frames = 0
    for (let i = 0; i < FRAMES_PER_BLOCK; i++) {
      frames += this.#speech[(this.#newest - block * FRAMES_PER_BLOCK - i + FRAMES) % FRAMES] as number
    }
    return frames
  }
}

/** The log-likelihood ratio of speech (binomial) against silence (exponential) for `active` of `of`, never below `MIN_SCORE`. */
function score(active: number, of: number, rate: number): number {
  const speech =
    logBinomial(of, active) + active * Math.log(P_SPEECH) + (of - active) * Math.log(1 - P_SPEECH)
  return Math.max(MIN_SCORE, speech - Math.log(rate) + rate * active)
}

function logBinomial(n: number, k: number): number {
  let sum = 0
  for (let i = 1; i <= k; i++) sum += Math.log((n - k + i) / i)
  return sum
}
