import type { IceState } from '../../channel/messages.ts'

/** Addresses of one peer that are kept; more than a browser's interfaces, fewer than an attacker would like. */
const MAX_TUPLES = 8

/** An address that proved, by a connectivity check with the right password, to be the peer's. */
export interface IceTuple {
  /** Identity of address, port and socket. */
  readonly key: string
  readonly address: Uint8Array
  /** When the last authenticated check came from it. */
  checkedMs: number
}

export interface IceCredentials {
  readonly usernameFragment: string
  readonly password: string
}

/** What became of a check or of time going on. Absent means unchanged. */
export interface IceChange {
  readonly added?: IceTuple
  readonly removed: readonly IceTuple[]
  /** The selected tuple changed. */
  readonly selected?: IceTuple
  readonly state?: IceState
}

/**
 * The controlled side of ICE-lite (RFC 8445 section 2.5): it sends no checks, answers those of the peer, and sends media
 * where the peer nominated. The first valid address is used at once, since the peer may nominate later.
 * Consent (RFC 7675) is the peer's checks going on; without one for `consentTimeoutMs` the state is 'disconnected', and
 * the next valid check connects again.
 */
export class IceLite {
  readonly #consentTimeoutMs: number
  #current: IceCredentials
  /** Still valid after a restart until the first check with the new ones. */
  #previous: IceCredentials | undefined
  #tuples: IceTuple[] = []
  #selected: IceTuple | undefined
  #state: IceState = 'new'

  /** @param consentTimeoutMs 0 switches the consent check off */
  constructor(credentials: IceCredentials, consentTimeoutMs: number) {
    this.#current = credentials
    this.#consentTimeoutMs = consentTimeoutMs
  }

  get state(): IceState {
    return this.#state
  }

  get selected(): IceTuple | undefined {
    return this.#selected
  }

  get credentials(): IceCredentials {
    return this.#current
  }

  /** Takes new credentials; what is connected stays connected. @returns the ones that no check may use any longer */
  restart(credentials: IceCredentials): IceCredentials | undefined {
    const dropped = this.#previous
    this.#previous = this.#current
    this.#current = credentials
    return dropped
  }

  /** Those that checks may bear: during a restart two. */
  get usernameFragments(): string[] {
    const { usernameFragment } = this.#current
    return this.#previous === undefined
      ? [usernameFragment]
      : [usernameFragment, this.#previous.usernameFragment]
  }

  /** The password that a check with this username fragment must be made with. */
  passwordOf(usernameFragment: string): string | undefined {
    if (usernameFragment === this.#current.usernameFragment) return this.#current.password
    if (usernameFragment === this.#previous?.usernameFragment) return this.#previous.password
    return undefined
  }

  /** Ends the previous credentials, once a check with the current ones came. @returns them */
  retirePrevious(usernameFragment: string): IceCredentials | undefined {
    if (this.#previous === undefined || usernameFragment !== this.#current.usernameFragment) return undefined
    const retired = this.#previous
    this.#previous = undefined
    return retired
  }

  /** An authenticated binding request came. */
  checked(key: string, address: Uint8Array, nominated: boolean, nowMs: number): IceChange {
    if (this.#state === 'closed') return { removed: [] }
    let tuple = this.#tuples.find((t) => t.key === key)
    const isNew = tuple === undefined
    const removed = isNew ? this.#makeRoom() : []
    if (tuple === undefined) {
      tuple = { key, address: address.slice(), checkedMs: nowMs }
      this.#tuples.push(tuple)
    }
    tuple.checkedMs = nowMs
    const selects = this.#selected === undefined || (nominated && this.#selected !== tuple)
    if (selects) this.#selected = tuple
    const state = this.#stateAfterCheck(nominated)
    return {
      removed,
      ...(isNew ? { added: tuple } : {}),
      ...(selects ? { selected: tuple } : {}),
      ...(state === undefined ? {} : { state }),
    }
  }

  /** Time went on. */
  tick(nowMs: number): IceChange {
    if (this.#consentTimeoutMs === 0 || this.#selected === undefined) return { removed: [] }
    const expired = (tuple: IceTuple): boolean => nowMs - tuple.checkedMs > this.#consentTimeoutMs
    if (!expired(this.#selected)) return { removed: [] }
    return this.#without(expired)
  }

  /** The connection behind an address ended. */
  lost(key: string): IceChange {
    return this.#without((tuple) => tuple.key === key)
  }

  close(): readonly IceTuple[] {
    const tuples = this.#tuples
    this.#tuples = []
    this.#selected = undefined
    this.#state = 'closed'
    return tuples
  }

  /** Goes on with what is left: the address that was checked last. */
  #without(gone: (tuple: IceTuple) => boolean): IceChange {
    const removed = this.#tuples.filter(gone)
    this.#tuples = this.#tuples.filter((tuple) => !gone(tuple))
    if (this.#selected === undefined || !removed.includes(this.#selected)) return { removed }
    this.#selected = this.#tuples.reduce<IceTuple | undefined>(
      (best, tuple) => (best === undefined || tuple.checkedMs > best.checkedMs ? tuple : best),
      undefined,
    )
    if (this.#selected !== undefined) return { removed, selected: this.#selected }
    this.#state = 'disconnected'
    return { removed, state: 'disconnected' }
  }

  #stateAfterCheck(nominated: boolean): IceState | undefined {
    const before = this.#state
    if (nominated) this.#state = 'completed'
    else if (before === 'new' || before === 'disconnected') this.#state = 'connected'
    return this.#state === before ? undefined : this.#state
  }

  /** Drops the address that was checked longest ago, but never the selected one. */
  #makeRoom(): readonly IceTuple[] {
    if (this.#tuples.length < MAX_TUPLES) return []
    let oldest: IceTuple | undefined
    for (const tuple of this.#tuples) {
      if (tuple !== this.#selected && (oldest === undefined || tuple.checkedMs < oldest.checkedMs))
        oldest = tuple
    }
    if (oldest === undefined) return []
    this.#tuples.splice(this.#tuples.indexOf(oldest), 1)
    return [oldest]
  }
}
