/**
 * What is due at no exact moment is due at multiples of this: a tick that finds ten transports to look at costs less than ten
 * ticks of one, each of which finds code and memory cold and sends a datagram by itself.
 */
const CLOCK_STEP_US = 100_000

/** The last such moment up to `us`, microseconds. */
export function onClockStep(us: number): number {
  return us - (us % CLOCK_STEP_US)
}
