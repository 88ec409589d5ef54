/** Gives an SSRC, the first of a run that the caller numbers upwards. */
export type SsrcSource = () => number

const LOWEST = 100_000_000
const RANGE = 900_000_000

/** SSRCs from 100,000,000 to 999,999,999, of the platform's cryptographic random generator (RFC 3550 section 8.1). */
export const randomSsrc: SsrcSource = () => {
  const [value = 0] = crypto.getRandomValues(new Uint32Array(1))
  return LOWEST + (value % RANGE)
}
