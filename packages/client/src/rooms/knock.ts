import type { Signalling } from '../connection/signalling.ts'
import { isSangamError, policyReasonOf, type SangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import { WritableStore } from '../store.ts'
import type { Knock, KnockEvents, KnockSnapshot } from './rules-api.ts'

/** Waits in the lobby of one room; knocks again after each reconnect, which keeps the place in the queue. */
export class KnockHandle extends TypedEmitter<KnockEvents> implements Knock {
  readonly roomId: string
  readonly state: WritableStore<KnockSnapshot>
  readonly #signalling: Signalling
  readonly #invite: string | undefined
  readonly #stops: (() => void)[] = []

  private constructor(signalling: Signalling, roomId: string, invite: string | undefined) {
    super()
    this.roomId = roomId
    this.#signalling = signalling
    this.#invite = invite
    this.state = new WritableStore<KnockSnapshot>({ state: 'waiting', name: roomId, position: 0 })
  }

  /** Knocks; rejects with the refusal (see `policyReasonOf()`). */
  static async at(signalling: Signalling, roomId: string, invite: string | undefined): Promise<KnockHandle> {
    const knock = new KnockHandle(signalling, roomId, invite)
    knock.#listen()
    try {
      await knock.#ask('wait')
    } catch (error) {
      knock.#stop()
      throw error
    }
    return knock
  }

  async leave(): Promise<void> {
    if (this.state.get().state !== 'waiting') return
    this.#finish({ state: 'left' })
    const { roomId } = this
    await this.#signalling.request('room.stopWaiting', { roomId }, { offline: 'fail' }).catch(() => undefined)
  }

  #listen(): void {
    const { roomId } = this
    this.#stops.push(
      this.#signalling.on('room.admitted', (payload) => {
        if (payload.roomId === roomId) this.#admitted()
      }),
      this.#signalling.on('room.turnedAway', (payload) => {
        if (payload.roomId === roomId) this.#turnedAway(payload.reason)
      }),
      this.#signalling.onOnline(() => {
        if (this.state.get().position > 0) this.#ask('fail').catch((error) => this.#handleTrouble(error))
      }),
    )
  }

  async #ask(offline: 'wait' | 'fail'): Promise<void> {
    const { roomId } = this
    const invite = this.#invite === undefined ? {} : { invite: this.#invite }
    const { state, name, position } = await this.#signalling.request(
      'room.knock',
      { roomId, ...invite },
      { offline, idempotent: offline === 'wait' },
    )
    if (this.state.get().state !== 'waiting') return
    this.state.update((snapshot) => ({ ...snapshot, name, position }))
    if (state === 'open') this.#admitted()
  }

  #admitted(): void {
    if (this.state.get().state !== 'waiting') return
    this.#finish({ state: 'open', position: 0 })
    this.emit('admitted')
  }

  #turnedAway(reason: NonNullable<KnockSnapshot['reason']>): void {
    if (this.state.get().state !== 'waiting') return
    this.#finish({ state: 'turnedAway', reason })
    this.emit('turnedAway', reason)
  }

  /** Knocking again failed: a refusal is final, everything else is tried again with the next connection. */
  #handleTrouble(error: unknown): void {
    const reason = policyReasonOf(error)
    if (reason !== undefined) this.#turnedAway(reason)
    else if (!isSangamError(error)) throw error as SangamError
  }

  #finish(change: Partial<KnockSnapshot>): void {
    this.#stop()
    this.state.update((snapshot) => ({ ...snapshot, ...change }))
  }

  #stop(): void {
    for (const stop of this.#stops.splice(0)) stop()
  }
}
