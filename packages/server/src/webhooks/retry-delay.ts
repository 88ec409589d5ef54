const firstMs = 1000
const mostMs = 3_600_000

/**
 * How long to wait after the n-th failure in a row (from 1), ms: doubling from a second to an hour, with up to a fifth
 * less, so that many don't come back at once. A server that says when to come back is heeded, up to a day.
 * @param random in [0, 1)
 */
export const retryDelayMs = (failures: number, random: number, retryAfterMs = 0): number => {
  const delayMs = Math.min(mostMs, firstMs * 2 ** Math.min(30, failures - 1))
  return Math.max(retryAfterMs, Math.round(delayMs * (1 - random / 5)))
}
