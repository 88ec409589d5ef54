/**
 * Who speaks now, from audio levels: pure, on the caller's clock. Levels are linear 0..1 as browsers report them.
 */

/** A level above this is speech: about -40 dBov, above the noise of a quiet room after noise suppression. */
export const SPEAKING_LEVEL = 0.01
/** Somebody speaks on through pauses shorter than this. */
export const SPEAKING_HOLD_MS = 800
/** Weight of the newest level in the smoothed one that orders the speakers. */
const SMOOTHING = 0.4

/** What is remembered of one participant. */
interface Voice {
  readonly smoothed: number
  readonly heardAtMs: number
}

/** Everybody heard lately. Treat it as a value. */
export interface SpeakerState {
  readonly voices: ReadonlyMap<string, Voice>
  /** Participant ids, the loudest first. */
  readonly speakers: readonly string[]
}

/** Silence. */
export const NOBODY_SPEAKS: SpeakerState = { voices: new Map(), speakers: [] }

/**
 * Takes the newest level of each participant. Whoever is missing has left. `speakers` is the same array while nothing
 * changed in who speaks; the order changes only when somebody starts or stops, so that tiles don't jump about.
 */
export function updateSpeakers(
  state: SpeakerState,
  levels: ReadonlyMap<string, number>,
  now: number,
): SpeakerState {
  const voices = new Map<string, Voice>()
  for (const [participantId, level] of levels) {
    const before = state.voices.get(participantId)
    const smoothed = (before?.smoothed ?? 0) * (1 - SMOOTHING) + level * SMOOTHING
    const heardAtMs = level >= SPEAKING_LEVEL ? now : (before?.heardAtMs ?? Number.NEGATIVE_INFINITY)
    voices.set(participantId, { smoothed, heardAtMs })
  }
  const speaking = [...voices]
    .filter(([, voice]) => now - voice.heardAtMs < SPEAKING_HOLD_MS)
    .sort(([, a], [, b]) => b.smoothed - a.smoothed)
    .map(([participantId]) => participantId)
  const same =
    speaking.length === state.speakers.length && speaking.every((id) => state.speakers.includes(id))
  return { voices, speakers: same ? state.speakers : speaking }
}
