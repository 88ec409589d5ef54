const DAY_MS = 86_400_000

function startOfDay(atMs: number): number {
  return new Date(atMs).setHours(0, 0, 0, 0)
}

/** How many local days lie between two moments; 0 is today. Rounded, since days of 23 and 25 hours exist. */
function daysAgo(atMs: number, nowMs: number): number {
  return Math.round((startOfDay(nowMs) - startOfDay(atMs)) / DAY_MS)
}

/** The time of day: 14:05 or 2:05 PM, as the reader's locale has it. */
export function timeOfDay(atMs: number): string {
  return new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' }).format(atMs)
}

/** When a list's last line was said: a time today, then Yesterday, a weekday, a date. */
export function shortWhen(atMs: number, nowMs: number): string {
  const days = daysAgo(atMs, nowMs)
  if (days <= 0) return timeOfDay(atMs)
  if (days === 1) return 'Yesterday'
  if (days < 7) return new Intl.DateTimeFormat(undefined, { weekday: 'short' }).format(atMs)
  return new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' }).format(atMs)
}

/** The heading of a day: Today, Yesterday, Monday, 3 March, 3 March 2025. */
export function dayHeading(atMs: number, nowMs: number): string {
  const days = daysAgo(atMs, nowMs)
  if (days <= 0) return 'Today'
  if (days === 1) return 'Yesterday'
  if (days < 7) return new Intl.DateTimeFormat(undefined, { weekday: 'long' }).format(atMs)
  const sameYear = new Date(atMs).getFullYear() === new Date(nowMs).getFullYear()
  const year = sameYear ? {} : { year: 'numeric' as const }
  return new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', ...year }).format(atMs)
}

/** A key that two moments share when they fall on the same local day. */
export function dayKey(atMs: number): number {
  return startOfDay(atMs)
}
