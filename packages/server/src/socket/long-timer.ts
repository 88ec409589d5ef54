/** setTimeout takes at most 2³¹ − 1 ms, 24.8 days. */
const longestMs = 2_147_483_647

/** Runs `run` at a time, however far away it is. Gives a function that cancels it. */
export const runAt = (atMs: number, now: () => number, run: () => void): (() => void) => {
  let timer: NodeJS.Timeout
  const arm = (): void => {
    const restMs = atMs - now()
    timer = setTimeout(restMs > longestMs ? arm : run, Math.min(longestMs, Math.max(0, restMs)))
  }
  arm()
  return () => clearTimeout(timer)
}
