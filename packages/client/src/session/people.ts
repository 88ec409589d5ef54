import type { Person as WirePerson } from '@sangam/protocol'
import type { Person, Store } from '../api.ts'
import type { Signalling } from '../connection/signalling.ts'
import { isSangamError } from '../errors.ts'
import { WritableStore } from '../store.ts'

/** Everybody whom the server knows, kept up to date. */
export class People {
  readonly #signalling: Signalling
  readonly #ownIdentity: string
  readonly #store = new WritableStore<readonly Person[]>([])

  constructor(signalling: Signalling, ownIdentity: string) {
    this.#signalling = signalling
    this.#ownIdentity = ownIdentity
    signalling.on('presence.changed', ({ people }) => this.#put(people))
  }

  get store(): Store<readonly Person[]> {
    return this.#store
  }

  /** Undefined for whom nothing is known of (yet). */
  nameOf(identity: string): string | undefined {
    return this.#store.get().find((person) => person.identity === identity)?.name
  }

  /** Asks for the whole list, after each connection. */
  async refresh(): Promise<void> {
    try {
      const { people } = await this.#signalling.request('people.list', {}, { offline: 'fail' })
      this.#store.set(people.map((person) => this.#own(person)).sort(byName))
    } catch (error) {
      // The next connection asks again; what is held stays.
      if (!isSangamError(error)) throw error
    }
  }

  #put(changed: readonly WirePerson[]): void {
    const identities = new Set(changed.map(({ identity }) => identity))
    this.#store.update((people) =>
      [
        ...people.filter(({ identity }) => !identities.has(identity)),
        ...changed.map((person) => this.#own(person)),
      ].sort(byName),
    )
  }

  #own(person: WirePerson): Person {
    return { ...person, self: person.identity === this.#ownIdentity }
  }
}

function byName(a: Person, b: Person): number {
  return a.name.localeCompare(b.name) || (a.identity < b.identity ? -1 : 1)
}
