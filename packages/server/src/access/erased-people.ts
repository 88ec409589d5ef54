import { createHmac } from 'node:crypto'
import type { Clock } from '../ports.ts'
import type { RecordStore, Records } from '../records/record-store.ts'

/** A token lives 30 days at most, and a guest's may be renewed for one more: after that none of an erased person is left. */
const longestTokenMs = 31 * 86_400_000

/**
 * Who was erased and when, for as long as a token from before may still be valid. Kept is a keyed hash (HMAC-SHA-256) of
 * the identity, so that the list itself names nobody. Asked of the database each time: servers that share it agree.
 */
export class ErasedPeople {
  readonly #records: Records<null>
  readonly #secret: Uint8Array
  readonly #now: Clock

  constructor(records: RecordStore, secret: Uint8Array, now: Clock) {
    this.#records = records.of<null>('erased')
    this.#secret = secret
    this.#now = now
  }

  /** From now on no token that was issued up to now is valid for this person. */
  async add(identity: string): Promise<void> {
    const atMs = this.#now()
    await this.#records.put({ key: this.#keyOf(identity), owner: '', topic: '', atMs, value: null })
    for (const { key } of await this.#records.list({ untilMs: atMs - longestTokenMs }))
      await this.#records.remove(key)
  }

  /** Whether a token of this person was issued before they were erased. @param issuedAtMs whole seconds, as tokens have it */
  async hasErased(identity: string, issuedAtMs: number): Promise<boolean> {
    const record = await this.#records.get(this.#keyOf(identity))
    return record !== undefined && issuedAtMs <= record.atMs
  }

  #keyOf(identity: string): string {
    return createHmac('sha256', this.#secret).update(`erased\n${identity}`).digest('base64url')
  }
}
