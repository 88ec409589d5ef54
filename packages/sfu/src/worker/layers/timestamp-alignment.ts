import type { SenderClock } from '../producer/receive-stream.ts'

/** How far sender reports and arrivals may disagree before the reports are not believed. */
const MAX_DISAGREEMENT_US = 2_000_000
/** Least distance of two pictures' outgoing timestamps: one millisecond. */
const MIN_STEP_PER_SECOND = 1000

/** One picture of a source. */
export interface PictureTime {
  /** The source's last sender report, if it had one. */
  readonly clock: SenderClock | undefined
  readonly timestamp: number
  readonly arrivalUs: number
}

/**
 * Time from one picture's capture to another's, of streams of one sender whose RTP timestamps have different offsets.
 * Their sender reports tie both to the sender's clock (RFC 3550 section 6.4.1); until both had one, or when they
 * contradict what arrived, the arrivals must do.
 * @returns RTP ticks, negative when `next` was captured first
 */
export function ticksBetween(last: PictureTime, next: PictureTime, clockRate: number): number {
  const arrivalUs = next.arrivalUs - last.arrivalUs
  const captureUs = captureTimeUs(next, clockRate) - captureTimeUs(last, clockRate)
  const isBelievable = Math.abs(captureUs - arrivalUs) < MAX_DISAGREEMENT_US
  return Math.round(((isBelievable ? captureUs : arrivalUs) * clockRate) / 1e6)
}

/** Least ticks from one outgoing picture to the next: a receiver takes an equal timestamp for the same picture. */
export function minStepTicks(clockRate: number): number {
  return Math.ceil(clockRate / MIN_STEP_PER_SECOND)
}

/** By the sender's clock; NaN without a report, which makes every comparison fail. */
function captureTimeUs({ clock, timestamp }: PictureTime, clockRate: number): number {
  if (clock === undefined) return Number.NaN
  return clock.ntpUs + (((timestamp - clock.rtpTimestamp) | 0) * 1e6) / clockRate
}
