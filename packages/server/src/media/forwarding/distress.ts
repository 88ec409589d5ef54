// When a receiver's network is so bad that one small picture beside sound has to do. Pure: the estimate and the time go in.

/** Below this for `enterAfterMs`, all videos but one go: shared among several, it carries none of them. */
export const enterBelowBps = 150_000
const enterAfterMs = 2000
/** Above this for `leaveAfterMs`, video comes back. */
export const leaveAboveBps = 250_000
const leaveAfterMs = 5000
/** After so long without any picture they are tried again: sound alone does not show how much more a network would carry. */
export const trialAfterMs = 30_000

/** What is remembered of one receiver. */
export type Distress = {
  readonly inDistress: boolean
  /** Since when the estimate speaks for a change; undefined while it does not. */
  readonly sinceMs: number | undefined
  /** When it began; undefined outside of it, and while a picture comes. */
  readonly enteredMs: number | undefined
}

/** A receiver of whom nothing is known. */
export const noDistress: Distress = { inDistress: false, sinceMs: undefined, enteredMs: undefined }

/** What follows from an estimate (bits per second; undefined: there is none). To be asked again at {@link dueAtMs}. */
export const nextDistress = (before: Distress, estimateBps: number | undefined, nowMs: number): Distress => {
  const { inDistress, enteredMs } = before
  if (estimateBps === undefined) return noDistress
  if (enteredMs !== undefined && nowMs - enteredMs >= trialAfterMs) return noDistress
  const speaksForChange = inDistress ? estimateBps > leaveAboveBps : estimateBps < enterBelowBps
  if (!speaksForChange) return { inDistress, sinceMs: undefined, enteredMs }
  const sinceMs = before.sinceMs ?? nowMs
  if (nowMs - sinceMs < waitOf(inDistress)) return { inDistress, sinceMs, enteredMs }
  return inDistress ? noDistress : { inDistress: true, sinceMs: undefined, enteredMs: nowMs }
}

/** A picture comes in spite of it: the estimate moves with it, nothing has to be tried. */
export const withPicture = (distress: Distress): Distress => ({ ...distress, enteredMs: undefined })

/** When time alone would change something; undefined: never. */
export const dueAtMs = ({ inDistress, sinceMs, enteredMs }: Distress): number | undefined => {
  const dates = [
    ...(sinceMs === undefined ? [] : [sinceMs + waitOf(inDistress)]),
    ...(enteredMs === undefined ? [] : [enteredMs + trialAfterMs]),
  ]
  return dates.length === 0 ? undefined : Math.min(...dates)
}

const waitOf = (inDistress: boolean): number => (inDistress ? leaveAfterMs : enterAfterMs)
