/** How many checks passed and failed. */
export interface Tally {
  readonly passed: number
  readonly failed: number
}

/** Nothing ran. */
export const EMPTY_TALLY: Tally = { passed: 0, failed: 0 }

/** The sum of all parts. */
export function addTallies(...parts: readonly Tally[]): Tally {
  return {
    passed: parts.reduce((sum, { passed }) => sum + passed, 0),
    failed: parts.reduce((sum, { failed }) => sum + failed, 0),
  }
}

/** The line that ends `npm test`. */
export function formatTally({ passed, failed }: Tally): string {
  return `${passed} passed, ${failed} failed`
}
