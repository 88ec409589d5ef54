/** A token bucket: at most `capacity` at once, refilled at `perSecond`. */
export type BucketLimits = { readonly capacity: number; readonly perSecond: number }

/** State of a bucket: when it will be full again, if nothing more is taken. A time in the past: it is full. */
export type Bucket = { readonly fullAtMs: number }

/** A bucket from which nothing was taken yet. */
export const fullBucket: Bucket = { fullAtMs: Number.NEGATIVE_INFINITY }

/**
 * Takes one token (the virtual scheduling algorithm of ITU-T I.371: one number of state, and what it asks to wait is
 * enough by construction). `retryAfterMs` is 0 when there was one, else the time until there is; then nothing is taken.
 * A clock that steps back delays by one filling of the bucket at most.
 */
export const take = (
  bucket: Bucket,
  { capacity, perSecond }: BucketLimits,
  nowMs: number,
): { readonly bucket: Bucket; readonly retryAfterMs: number } => {
  const tokenMs = 1000 / perSecond
  const fullAtMs = Math.min(Math.max(bucket.fullAtMs, nowMs), nowMs + capacity * tokenMs)
  // Rounded to the microsecond: what floating point adds is no reason to wait.
  const waitMs = Math.ceil(Math.round((fullAtMs - nowMs - (capacity - 1) * tokenMs) * 1000) / 1000)
  if (waitMs > 0) return { bucket: { fullAtMs }, retryAfterMs: waitMs }
  return { bucket: { fullAtMs: fullAtMs + tokenMs }, retryAfterMs: 0 }
}

/** Classes of events that share a bucket per connection. */
export const rateClasses = {
  /** Whatever passes, refused or not. Beyond it the connection is ended: it ignores `retryAfterMs`. */
  hard: { capacity: 2000, perSecond: 400 },
  /** Lists, status, receipts. */
  light: { capacity: 100, perSecond: 20 },
  /** Messages of a chat. */
  send: { capacity: 100, perSecond: 20 },
  /** Saying that one writes. */
  typing: { capacity: 20, perSecond: 2 },
  /** Searches: each reads an index. */
  search: { capacity: 20, perSecond: 2 },
  /** Starting calls, joining rooms, creating transports. */
  start: { capacity: 60, perSecond: 4 },
  /** Descriptions and candidates. */
  signal: { capacity: 300, perSecond: 60 },
  /** Reactions, and asking to be let in: what others see at once. */
  react: { capacity: 12, perSecond: 2 },
  /** Messages and methods of applications. */
  data: { capacity: 200, perSecond: 50 },
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
    const result = take(this.#buckets.get(rateClass) ?? fullBucket, limits, nowMs)
    this.#buckets.set(rateClass, result.bucket)
    return result.retryAfterMs
  }
}
