import { createHash, randomUUID } from 'node:crypto'
import { limits, type ParsedRequestOf, type ReplyOf, type SystemLine } from '@sangam/protocol'
import { may } from '../access/policy.ts'
import type { Clock, Notifier, Session } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import type { ConversationCache } from './conversation-cache.ts'
import { entitled } from './conversation-rights.ts'
import { conversationFor } from './conversation-views.ts'
import type { ListNotices } from './list-notices.ts'
import type { MembershipChange } from './membership-store.ts'
import type { MessageWriter } from './message-writer.ts'
import { mayRemove, placeOf, standingIn } from './roles.ts'
import type { ChatStore, ConversationRecord, KnownPerson } from './store.ts'

/** What {@link MembershipService} needs. */
export type MembershipServiceOptions = {
  readonly store: ChatStore
  readonly cache: ConversationCache
  readonly notifier: Notifier
  readonly lists: ListNotices
  readonly writer: MessageWriter
  readonly now: Clock
}

/** Prefix of the ids of groups whose members are named. */
export const memberGroupPrefix = 'group:'

/** Groups: who is in, as what; and how each person wants theirs listed. */
export class MembershipService {
  readonly #options: MembershipServiceOptions

  constructor(options: MembershipServiceOptions) {
    this.#options = options
  }

  /** `conversation.create` */
  async create(
    session: Session,
    { clientConversationId, title, members }: ParsedRequestOf<'conversation.create'>,
  ): Promise<ReplyOf<'conversation.create'>> {
    const conversationId = memberGroupId(session.identity, clientConversationId)
    const verdict = may(session.grants, { type: 'conversation.write', conversationId })
    if (!verdict.allowed) throw requestErrors.forbidden(verdict.reason)
    const people = await this.#known(members)
    const { cache, now } = this.#options
    const record = await cache.open({
      conversationId,
      kind: 'group',
      access: 'members',
      title,
      members: [session.identity],
      nowMs: now(),
    })
    const missing = people.filter(({ identity }) => standingIn(record, identity) === 'outsider')
    if (missing.length === 0) return { conversation: conversationFor(session.identity, record) }
    const grown = await this.#add(session, record, missing)
    return { conversation: conversationFor(session.identity, grown) }
  }

  /** `conversation.rename` */
  async rename(
    session: Session,
    { conversationId, title }: ParsedRequestOf<'conversation.rename'>,
  ): Promise<ReplyOf<'conversation.rename'>> {
    const record = await entitled(this.#options.cache, session, conversationId, 'rename')
    if (record.title === title) return {}
    await this.#change(conversationId, { type: 'rename', title })
    await this.#note(session, conversationId, { type: 'renamed', title }, `named the group “${title}”`)
    return {}
  }

  /** `conversation.invite` */
  async invite(
    session: Session,
    { conversationId, identities }: ParsedRequestOf<'conversation.invite'>,
  ): Promise<ReplyOf<'conversation.invite'>> {
    const record = await entitled(this.#options.cache, session, conversationId, 'invite')
    const people = await this.#known(identities)
    const missing = people.filter(({ identity }) => standingIn(record, identity) === 'outsider')
    if (record.members.length + missing.length > limits.members) throw requestErrors.tooMany('members')
    if (missing.length > 0) await this.#add(session, record, missing)
    return {}
  }

  /** `conversation.remove` */
  async remove(
    session: Session,
    { conversationId, identity }: ParsedRequestOf<'conversation.remove'>,
  ): Promise<ReplyOf<'conversation.remove'>> {
    const record = await entitled(this.#options.cache, session, conversationId, 'invite')
    const target = record.members.find((member) => member.identity === identity)
    if (target === undefined) throw requestErrors.notFound('member')
    if (!mayRemove(placeOf(record), standingIn(record, session.identity), target.role)) {
      throw requestErrors.forbidden('one’s role in the conversation does not allow to remove this member')
    }
    await this.#takeOut(session, conversationId, target, 'removed')
    return {}
  }

  /** `conversation.leave` */
  async leave(
    session: Session,
    { conversationId }: ParsedRequestOf<'conversation.leave'>,
  ): Promise<ReplyOf<'conversation.leave'>> {
    await entitled(this.#options.cache, session, conversationId, 'leave')
    await this.#takeOut(session, conversationId, session, 'left')
    return {}
  }

  /** `conversation.setRole` */
  async setRole(
    session: Session,
    { conversationId, identity, role }: ParsedRequestOf<'conversation.setRole'>,
  ): Promise<ReplyOf<'conversation.setRole'>> {
    const record = await entitled(this.#options.cache, session, conversationId, 'setRole')
    if (standingIn(record, identity) === 'outsider') throw requestErrors.notFound('member')
    if (identity === session.identity) {
      throw requestErrors.forbidden('an owner hands the group over by making somebody else its owner')
    }
    await this.#change(conversationId, { type: 'setRole', identity, role })
    return {}
  }

  /** `conversation.setPreferences` */
  async setPreferences(
    session: Session,
    { conversationId, mutedUntil, archived, pinned }: ParsedRequestOf<'conversation.setPreferences'>,
  ): Promise<ReplyOf<'conversation.setPreferences'>> {
    const { cache, store, lists } = this.#options
    await entitled(cache, session, conversationId, 'setPreferences')
    const change = { mutedUntilMs: mutedUntil, archived, pinned }
    if (!(await store.setPreferences(conversationId, session.identity, change))) {
      throw requestErrors.notFound('conversation')
    }
    await lists.personChanged(conversationId, session.identity)
    return {}
  }

  /** `conversation.typing` */
  async typing(
    session: Session,
    { conversationId, typing }: ParsedRequestOf<'conversation.typing'>,
  ): Promise<ReplyOf<'conversation.typing'>> {
    await entitled(this.#options.cache, session, conversationId, 'write')
    this.#options.notifier.toConversation(conversationId, 'conversation.typing', {
      conversationId,
      identity: session.identity,
      name: session.name,
      typing,
    })
    return {}
  }

  async #known(identities: readonly string[]): Promise<KnownPerson[]> {
    const people = await Promise.all(
      [...new Set(identities)].map((identity) => this.#options.store.person(identity)),
    )
    return people.map((person) => {
      if (person === undefined) throw requestErrors.notFound('person')
      return person
    })
  }

  async #add(
    session: Session,
    { conversationId }: ConversationRecord,
    people: readonly KnownPerson[],
  ): Promise<ConversationRecord> {
    const identities = people.map(({ identity }) => identity)
    const record = await this.#change(conversationId, { type: 'add', identities })
    const named = people.map(({ identity, name }) => ({ identity, name }))
    const names = named.map(({ name }) => name).join(', ')
    await this.#note(session, conversationId, { type: 'added', people: named }, `added ${names}`)
    return record
  }

  async #takeOut(
    session: Session,
    conversationId: string,
    person: { readonly identity: string; readonly name: string },
    reason: 'left' | 'removed',
  ): Promise<void> {
    const { notifier } = this.#options
    const people = [{ identity: person.identity, name: person.name }]
    await this.#change(conversationId, { type: 'remove', identity: person.identity })
    notifier.unsubscribePerson(person.identity, conversationId)
    notifier.toPerson(person, 'conversation.gone', { conversationId, reason })
    const text = reason === 'left' ? 'left' : `removed ${person.name}`
    await this.#note(session, conversationId, { type: reason, people }, text)
  }

  async #change(conversationId: string, change: MembershipChange): Promise<ConversationRecord> {
    const { cache, notifier, lists, now } = this.#options
    const record = await cache.changeMembership(conversationId, change, now())
    if (record === undefined) throw requestErrors.notFound('conversation')
    notifier.toConversation(conversationId, 'conversation.updated', {
      // A group looks the same to everybody.
      conversation: conversationFor('', record),
    })
    lists.conversationChanged(conversationId)
    return record
  }

  #note(session: Session, conversationId: string, system: SystemLine, text: string): Promise<void> {
    const by = { identity: session.identity, name: session.name }
    return this.#options.writer.writeLine({ conversationId, id: randomUUID(), by, text, system })
  }
}

/** The group that somebody creates under a name of their own: the same for a repeat, and nobody else's. */
const memberGroupId = (identity: string, clientConversationId: string): string =>
  memberGroupPrefix +
  createHash('sha256').update(`${identity}\n${clientConversationId}`).digest('hex').slice(0, 40)
