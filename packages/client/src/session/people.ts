import type { Person as WirePerson } from '@sangam/protocol'
import type { Person, Store } from '../api.ts'
import type { Signalling } from '../connection/signalling.ts'
import { isSangamError } from '../errors.ts'
import { NoticedList } from '../noticed-list.ts'

/** Everybody whom the server knows, kept up to date. */
export class People {
  readonly #signalling: Signalling
  readonly #ownIdentity: string
  readonly #list = new NoticedList<Person>(({ identity }) => identity, byName)

  constructor(signalling: Signalling, ownIdentity: string) {
    this.#signalling = signalling
    this.#ownIdentity = ownIdentity
    signalling.on('presence.changed', ({ people }) => this.#list.told(...this.#own(people)))
  }

  get store(): Store<readonly Person[]> {
    return this.#list.store
  }

  /** Undefined for whom nothing is known of (yet). */
  nameOf(identity: string): string | undefined {
    return this.#list.find(identity)?.name
  }

  /** Asks for the whole list, after each connection. */
  async refresh(): Promise<void> {
    try {
      await this.#list.refresh(async () => {
        const { people } = await this.#signalling.request('people.list', {}, { offline: 'fail' })
        return this.#own(people)
      })
    } catch (error) {
      // The next connection asks again; what is held stays.
      if (!isSangamError(error)) throw error
    }
  }

  #own(people: readonly WirePerson[]): readonly Person[] {
    return people.map((person) => ({ ...person, self: person.identity === this.#ownIdentity }))
  }
}

function byName(a: Person, b: Person): number {
  return a.name.localeCompare(b.name) || (a.identity < b.identity ? -1 : 1)
}
