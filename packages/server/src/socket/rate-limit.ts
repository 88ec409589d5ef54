/** A token bucket: at most `capacity` at once, refilled at `perSecond`. */
export type BucketLimits = { readonly capacity: number; readonly perSecond: number }

/** State of a bucket: what it held at a time. */
export type Bucket = { readonly tokens: number; readonly atMs: number }

/** A full bucket. */
export const fullBucket = (limits: BucketLimits, nowMs: number): Bucket => ({
  tokens: limits.capacity,
  atMs: nowMs,
})

/**
 * Takes one token. `retryAfterMs` is 0 when it was there, else the time until the next one is; then nothing is taken.
 * A clock that steps back refills nothing and breaks nothing.
 */
export const take = (
  bucket: Bucket,
  limits: BucketLimits,
  nowMs: number,
): { readonly bucket: Bucket; readonly retryAfterMs: number } => {
  const elapsedMs = Math.max(0, nowMs - bucket.atMs)
  const tokens = Math.min(limits.capacity, bucket.tokens + (elapsedMs * limits.perSecond) / 1000)
  if (tokens >= 1) return { bucket: { tokens: tokens - 1, atMs: nowMs }, retryAfterMs: 0 }
  return {
    bucket: { tokens, atMs: nowMs },
    retryAfterMs: Math.max(1, Math.ceil(((1 - tokens) * 1000) / limits.perSecond)),
  }
}

/** Classes of events that share a bucket per connection. */
export const rateClasses = {
  /** Whatever passes, refused or not. Beyond it the connection is ended: it ignores `retryAfterMs`. */
  hard: { capacity: 2000, perSecond: 400 },
  /** Lists, status, receipts. */
  light: { capacity: 100, perSecond: 20 },
  /** Messages of a chat. */
  send: { capacity: 100, perSecond: 20 },
  /** Starting calls, joining rooms. */
  start: { capacity: 20, perSecond: 2 },
  /** Descriptions and candidates. */
  signal: { capacity: 300, perSecond: 60 },
  /** Transports, producers, consumers. */
  media: { capacity: 400, perSecond: 80 },
} as const satisfies { readonly [name: string]: BucketLimits }

/** Name of a class of events. */
export type RateClass = keyof typeof rateClasses

/** The buckets of one connection. */
export class RateLimiter {
  readonly #buckets = new Map<RateClass, Bucket>()
  readonly #factor: number

  /** @param factor multiplies every limit */
  constructor(factor: number) {
    this.#factor = factor
  }

  /** Takes one of a class; gives 0, or the milliseconds to wait. */
  take(rateClass: RateClass, nowMs: number): number {
    const { capacity, perSecond } = rateClasses[rateClass]
    const limits = { capacity: Math.max(1, capacity * this.#factor), perSecond: perSecond * this.#factor }
    const result = take(this.#buckets.get(rateClass) ?? fullBucket(limits, nowMs), limits, nowMs)
    this.#buckets.set(rateClass, result.bucket)
    return result.retryAfterMs
  }
}
