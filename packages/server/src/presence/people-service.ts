import type { Person, ReplyOf } from '@sangam/protocol'
import { may } from '../access/policy.ts'
import type { ChatStore } from '../chat/store.ts'
import type { Logger } from '../observability/log.ts'
import type { Clock, Notifier, Session } from '../ports.ts'
import { type DeviceStatus, PresenceBook } from './presence.ts'

/** What {@link PeopleService} needs. */
export type PeopleOptions = {
  readonly store: Pick<ChatStore, 'rememberPerson' | 'people' | 'person'>
  readonly notifier: Notifier
  readonly now: Clock
  readonly log: Logger
}

const mostListed = 2000
const seenLatelyMs = 30 * 86_400_000
/** Between two notices of presence, for each connection that is told: so at most a thousand of them leave per second. */
const pausePerConnectionMs = 1

/** Who is there: keeps the presence book and tells those who may see people what changed. */
export class PeopleService {
  readonly #options: PeopleOptions
  readonly #book = new PresenceBook()
  /** What changed since the last notice, by identity. */
  readonly #untold = new Map<string, Person>()
  #pause: NodeJS.Timeout | undefined

  constructor(options: PeopleOptions) {
    this.#options = options
  }

  /** A connection came. Resolves when the person is stored, so that others can open a conversation with them. */
  async connected(session: Session): Promise<void> {
    const { identity, name, connectionId } = session
    this.#tell(this.#book.connect(identity, name, connectionId))
    await this.#remember(identity, name)
  }

  /** A connection is gone. With the last one, that moment is kept as when the person was last seen. */
  disconnected({ identity, name, connectionId }: Session): void {
    this.#tell(this.#book.disconnect(identity, connectionId))
    if (this.#book.presenceOf(identity) === 'offline') void this.#remember(identity, name)
  }

  /** `presence.set` */
  setStatus({ identity, connectionId }: Session, status: DeviceStatus): void {
    this.#tell(this.#book.setStatus(identity, connectionId, status))
  }

  /** Somebody entered a call or room, or left one. */
  setEngaged(identity: string, engaged: boolean): void {
    this.#tell(engaged ? this.#book.engage(identity) : this.#book.disengage(identity))
  }

  /** Nothing is told any more. */
  close(): void {
    clearTimeout(this.#pause)
  }

  /** `people.list`: everybody who is there, then those seen in the last 30 days. */
  async list(): Promise<ReplyOf<'people.list'>> {
    const seenAfterMs = this.#options.now() - seenLatelyMs
    const seen = await this.#options.store.people(mostListed)
    // After the store was read: who came meanwhile has been told to all as present.
    const present = this.#book.people()
    const known = new Set(present.map((person) => person.identity))
    const absent = seen
      .filter((person) => !known.has(person.identity) && person.seenAtMs >= seenAfterMs)
      .map(
        ({ identity, name, seenAtMs }): Person => ({
          identity,
          name,
          presence: 'offline',
          lastSeenAt: seenAtMs,
        }),
      )
    return { people: [...present, ...absent].slice(0, mostListed) }
  }

  /** The name of a person who is there or was. */
  async nameOf(identity: string): Promise<string | undefined> {
    return this.#book.person(identity)?.name ?? (await this.#options.store.person(identity))?.name
  }

  async #remember(identity: string, name: string): Promise<void> {
    const { store, now, log } = this.#options
    await store.rememberPerson({ identity, name, seenAtMs: now() }).catch((error: unknown) => {
      log.error({ err: error, identity }, 'a person could not be stored')
    })
  }

  #tell(changed: Person | undefined): void {
    if (changed === undefined) return
    const person = changed.presence === 'offline' ? { ...changed, lastSeenAt: this.#options.now() } : changed
    this.#untold.set(person.identity, person)
    if (this.#pause === undefined) this.#tellAll()
  }

  /** Each of a crowd that comes would have to be told to each: what changes in a pause is told together at its end. */
  #tellAll(): void {
    this.#pause = undefined
    if (this.#untold.size === 0) return
    const people = [...this.#untold.values()]
    this.#untold.clear()
    const maySee = (session: Session): boolean => may(session.grants, { type: 'people.see' }).allowed
    const told = this.#options.notifier.toSessions(maySee, 'presence.changed', { people })
    this.#pause = setTimeout(() => this.#tellAll(), told * pausePerConnectionMs)
    this.#pause.unref()
  }
}
