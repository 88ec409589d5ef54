const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Choices of slow mode: milliseconds as text, and words. */
export const SLOW_MODES: readonly (readonly [string, string])[] = choices('Off', [
  5 * SECOND_MS,
  10 * SECOND_MS,
  30 * SECOND_MS,
  MINUTE_MS,
  5 * MINUTE_MS,
  HOUR_MS,
])

/** Choices of how long messages are kept. */
export const RETENTIONS: readonly (readonly [string, string])[] = choices('For good', [
  DAY_MS,
  7 * DAY_MS,
  30 * DAY_MS,
  90 * DAY_MS,
  365 * DAY_MS,
])

/** A span of time in its largest whole unit: `10 seconds`, `1 day`. */
export function spanWords(spanMs: number): string {
  const units: readonly (readonly [number, string])[] = [
    [DAY_MS, 'day'],
    [HOUR_MS, 'hour'],
    [MINUTE_MS, 'minute'],
    [SECOND_MS, 'second'],
  ]
  const [unitMs, name] = units.find(([ms]) => spanMs >= ms && spanMs % ms === 0) ?? [SECOND_MS, 'second']
  const count = Math.round(spanMs / unitMs)
  return `${count} ${name}${count === 1 ? '' : 's'}`
}

/** The choices with the one that is set, which an application may have named otherwise. */
export function withCurrent(
  options: readonly (readonly [string, string])[],
  currentMs: number,
): readonly (readonly [string, string])[] {
  const value = String(currentMs)
  return options.some(([option]) => option === value) ? options : [...options, [value, spanWords(currentMs)]]
}

function choices(off: string, spans: readonly number[]): readonly (readonly [string, string])[] {
  return [['0', off], ...spans.map((spanMs) => [String(spanMs), spanWords(spanMs)] as const)]
}
