/** The bounds of a growing pause. */
export interface BackoffOptions {
  readonly firstMs: number
  readonly maxMs: number
}

/** The pauses between attempts to reconnect: however long a server was away, everybody is back within 5 s of its return. */
export const RECONNECT_BACKOFF: BackoffOptions = { firstMs: 300, maxMs: 4_000 }

/**
 * How long to wait before attempt `attempt` (0 is the first retry), in milliseconds: exponential with "equal
 * jitter", half fixed and half random, so that a restarted server isn't met by all its clients at once and no
 * client retries in a tight loop. `random` is in [0, 1).
 * Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(
  attempt: number,
  random: number,
  options: BackoffOptions = RECONNECT_BACKOFF,
): number {
  const ceilingMs = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(attempt, 30))
  return Math.round(ceilingMs / 2 + (ceilingMs / 2) * random)
}
