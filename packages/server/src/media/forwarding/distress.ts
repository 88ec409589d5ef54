// When a receiver's network is so bad that sound needs all of it. Pure: the estimate and the time go in.

/** Below this for `enterAfterMs`, video goes. Three voices with their headers need 100 to 150 kbit/s. */
export const enterBelowBps = 150_000
const enterAfterMs = 2000
/** Above this for `leaveAfterMs`, video comes back. */
export const leaveAboveBps = 250_000
const leaveAfterMs = 5000

/** What is remembered of one receiver. */
export type Distress = {
  readonly inDistress: boolean
  /** Since when the estimate speaks for a change; undefined while it does not. */
  readonly sinceMs: number | undefined
}

/** A receiver of whom nothing is known. */
export const noDistress: Distress = { inDistress: false, sinceMs: undefined }

/** What follows from an estimate (bits per second; undefined: there is none). To be asked again at {@link dueAtMs}. */
export const nextDistress = (before: Distress, estimateBps: number | undefined, nowMs: number): Distress => {
  const { inDistress } = before
  if (estimateBps === undefined) return noDistress
  const speaksForChange = inDistress ? estimateBps > leaveAboveBps : estimateBps < enterBelowBps
  if (!speaksForChange) return { inDistress, sinceMs: undefined }
  const sinceMs = before.sinceMs ?? nowMs
  if (nowMs - sinceMs < waitOf(inDistress)) return { inDistress, sinceMs }
  return { inDistress: !inDistress, sinceMs: undefined }
}

/** When time alone would change something; undefined: never. */
export const dueAtMs = ({ inDistress, sinceMs }: Distress): number | undefined =>
  sinceMs === undefined ? undefined : sinceMs + waitOf(inDistress)

const waitOf = (inDistress: boolean): number => (inDistress ? leaveAfterMs : enterAfterMs)
