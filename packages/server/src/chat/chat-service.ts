import type { Conversation, ConversationSummary, Member, ParsedRequestOf, ReplyOf } from '@sangam/protocol'
import { limits } from '@sangam/protocol'
import { conversationKindOf, may } from '../access/policy.ts'
import type { Clock, Notifier, Session } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import { Coalescer } from '../socket/coalescer.ts'
import { ConversationCache } from './conversation-cache.ts'
import { directConversationId } from './direct-conversation.ts'
import type { ChatStore, ConversationRecord, Page } from './store.ts'

/** What {@link ChatService} needs. */
export type ChatOptions = {
  readonly store: ChatStore
  readonly notifier: Notifier
  readonly now: Clock
  /** Called when a message was stored, with the time from request to commit. */
  readonly onStored: (ackMs: number) => void
}

const listedDelayMs = 100
const listedMembers = 20

/** Chat between the socket and the store: who may see what, who is told, in which order. */
export class ChatService {
  readonly #store: ChatStore
  readonly #notifier: Notifier
  readonly #now: Clock
  readonly #onStored: (ackMs: number) => void
  readonly #cache: ConversationCache
  readonly #listed: Coalescer

  constructor({ store, notifier, now, onStored }: ChatOptions) {
    this.#store = store
    this.#notifier = notifier
    this.#now = now
    this.#onStored = onStored
    this.#cache = new ConversationCache(store)
    this.#listed = new Coalescer(listedDelayMs, (conversationId) => void this.#tellMembers(conversationId))
  }

  /** `conversation.open` */
  async open(
    session: Session,
    request: ParsedRequestOf<'conversation.open'>,
  ): Promise<ReplyOf<'conversation.open'>> {
    const record =
      'withIdentity' in request
        ? await this.#openDirect(session, request.withIdentity)
        : await this.#openById(session, request.conversationId, request.title)
    const { conversationId } = record
    // Subscribed before the page is read: a message stored in between arrives twice rather than never.
    this.#notifier.subscribe(session.connectionId, conversationId)
    const page = await this.#store.messages({
      conversationId,
      after: request.after,
      limit: request.after === undefined ? limits.openPageSize : limits.pageSize,
    })
    const lastNumber = Math.max(record.lastNumber, page.messages.at(-1)?.number ?? 0)
    return { conversation: conversationFor(session.identity, { ...record, lastNumber }), ...replyOf(page) }
  }

  /** `conversation.list` */
  async list(session: Session): Promise<ReplyOf<'conversation.list'>> {
    const summaries = await this.#store.conversationsOf(session.identity, 500)
    const visible = summaries.filter(
      ({ conversationId }) => may(session.grants, { type: 'conversation.read', conversationId }).allowed,
    )
    return {
      conversations: visible.map((summary) => ({ ...summary, title: titleFor(session.identity, summary) })),
    }
  }

  /** `conversation.history` */
  async history(
    session: Session,
    { conversationId, before, after, limit }: ParsedRequestOf<'conversation.history'>,
  ): Promise<ReplyOf<'conversation.history'>> {
    await this.#visible(session, conversationId)
    return replyOf(await this.#store.messages({ conversationId, before, after, limit }))
  }

  /** `conversation.send`: answers after the commit, then tells everybody who has the conversation open. */
  async send(
    session: Session,
    { conversationId, clientMessageId, text, follows }: ParsedRequestOf<'conversation.send'>,
  ): Promise<ReplyOf<'conversation.send'>> {
    const beganMs = this.#now()
    await this.#visible(session, conversationId)
    const outcome = await this.#store.append({
      conversationId,
      clientMessageId,
      text,
      senderId: session.identity,
      senderName: session.name,
      sentAtMs: beganMs,
      follows,
    })
    if (outcome.outcome === 'conflict') throw requestErrors.conflictingMessage()
    if (outcome.outcome === 'outOfOrder') throw requestErrors.outOfOrder()
    if (outcome.outcome === 'noConversation') throw requestErrors.notFound('conversation')
    const { number, sentAtMs } = outcome
    if (outcome.outcome === 'stored') {
      this.#onStored(this.#now() - beganMs)
      this.#cache.stored(conversationId, number, session.identity)
      this.#notifier.toConversation(conversationId, 'conversation.message', {
        message: {
          conversationId,
          number,
          clientMessageId,
          senderId: session.identity,
          senderName: session.name,
          text,
          sentAt: sentAtMs,
        },
      })
      this.#listed.add(conversationId)
    }
    return { number, sentAt: sentAtMs }
  }

  /** `conversation.read` */
  async read(
    session: Session,
    { conversationId, number }: ParsedRequestOf<'conversation.read'>,
  ): Promise<ReplyOf<'conversation.read'>> {
    await this.#visible(session, conversationId)
    const read = await this.#store.markRead(conversationId, session.identity, number)
    if (read !== undefined) {
      this.#cache.read(conversationId, session.identity, read)
      this.#notifier.toConversation(conversationId, 'conversation.receipt', {
        conversationId,
        identity: session.identity,
        read,
      })
    }
    return {}
  }

  /** A connection renewed its token: it hears no more of conversations that it may no longer read. */
  grantsChanged(session: Session): void {
    for (const conversationId of this.#notifier.subscriptions(session.connectionId)) {
      if (may(session.grants, { type: 'conversation.read', conversationId }).allowed) continue
      this.#notifier.unsubscribe(session.connectionId, conversationId)
    }
  }

  /** Forgets notices that wait. */
  close(): void {
    this.#listed.close()
  }

  async #openDirect(session: Session, withIdentity: string): Promise<ConversationRecord> {
    const other = withIdentity === session.identity ? undefined : await this.#store.person(withIdentity)
    if (other === undefined) throw requestErrors.notFound('person')
    const conversationId = directConversationId(session.identity, withIdentity)
    return this.#cache.open({
      conversationId,
      kind: 'direct',
      title: 'direct',
      members: [session.identity, withIdentity],
      nowMs: this.#now(),
    })
  }

  async #openById(session: Session, conversationId: string, title?: string): Promise<ConversationRecord> {
    const kind = conversationKindOf(conversationId)
    const existing = await this.#cache.get(conversationId)
    if (kind === 'direct') return this.#visible(session, conversationId)
    if (
      existing === undefined &&
      !may(session.grants, { type: 'conversation.write', conversationId }).allowed
    ) {
      throw requestErrors.notFound('conversation')
    }
    // A room's chat belongs to whoever may be in the room: it has no members and stands in no list.
    const members = kind === 'room' ? [] : [session.identity]
    const isMember = existing?.members.some((member) => member.identity === session.identity) ?? false
    if (existing !== undefined && (isMember || members.length === 0)) return existing
    const defaultTitle = kind === 'room' ? conversationId.slice('room:'.length) : conversationId
    return this.#cache.open({
      conversationId,
      kind: 'group',
      title: title ?? defaultTitle.slice(0, limits.nameLength),
      members,
      nowMs: this.#now(),
    })
  }

  /** The conversation, when there is one and, being direct, the person is one of the two. */
  async #visible(session: Session, conversationId: string): Promise<ConversationRecord> {
    const record = await this.#cache.get(conversationId)
    const isOutsider =
      record?.kind === 'direct' && !record.members.some((member) => member.identity === session.identity)
    if (record === undefined || isOutsider) throw requestErrors.notFound('conversation')
    return record
  }

  /** Tells members who are connected without having the conversation open that it has news. */
  async #tellMembers(conversationId: string): Promise<void> {
    const record = await this.#cache.get(conversationId).catch(() => undefined)
    if (record === undefined || record.members.length === 0) return
    const page = await this.#store.messages({ conversationId, limit: 1 }).catch(() => undefined)
    const lastMessage = page?.messages[0]
    for (const member of record.members) {
      // Asked before anything is built: in a busy conversation nearly everybody has it open.
      if (!this.#notifier.isOutside(member.identity, conversationId)) continue
      const summary: ConversationSummary = {
        ...conversationFor(member.identity, record),
        members: record.members.slice(0, listedMembers),
        unread: Math.max(0, record.lastNumber - member.read),
        ...(lastMessage === undefined ? {} : { lastMessage }),
      }
      this.#notifier.toPersonOutside(member.identity, conversationId, 'conversation.listed', {
        conversation: summary,
      })
    }
  }
}

const replyOf = (page: Page) => ({ messages: [...page.messages], more: page.more })

const titleFor = (
  viewer: string,
  conversation: { kind: 'group' | 'direct'; title: string; members: readonly Member[] },
): string => {
  if (conversation.kind === 'group') return conversation.title
  return conversation.members.find((member) => member.identity !== viewer)?.name ?? conversation.title
}

const conversationFor = (viewer: string, record: ConversationRecord): Conversation => ({
  conversationId: record.conversationId,
  kind: record.kind,
  title: titleFor(viewer, record),
  lastNumber: record.lastNumber,
  members: [...record.members],
})
