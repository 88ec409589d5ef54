import { type Bucket, type BucketLimits, fullBucket, take } from '../socket/rate-limit.ts'

const mostAddresses = 10_000

/** A rate limit per remote address. It remembers the 10,000 addresses seen last, so it cannot be filled up. */
export class AddressLimiter {
  readonly #limits: BucketLimits
  readonly #buckets = new Map<string, Bucket>()

  constructor(limits: BucketLimits, factor: number) {
    this.#limits = { capacity: Math.max(1, limits.capacity * factor), perSecond: limits.perSecond * factor }
  }

  /** Takes one for an address; gives 0, or the milliseconds to wait. */
  take(address: string, nowMs: number): number {
    const bucket = this.#buckets.get(address) ?? fullBucket
    const result = take(bucket, this.#limits, nowMs)
    this.#buckets.delete(address)
    this.#buckets.set(address, result.bucket)
    const oldest = this.#buckets.keys().next().value
    if (this.#buckets.size > mostAddresses && oldest !== undefined) this.#buckets.delete(oldest)
    return result.retryAfterMs
  }
}
