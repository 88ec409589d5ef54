import type { Attachment, ParsedRequestOf, ReplyOf } from '@sangam/protocol'
import { limits } from '@sangam/protocol'
import { conversationKindOf, may } from '../access/policy.ts'
import type { Clock, Notifier, Session } from '../ports.ts'
import { RequestError, requestErrors } from '../request-errors.ts'
import type { ConversationCache } from './conversation-cache.ts'
import { entitled, entitledIn, isVisible } from './conversation-rights.ts'
import { conversationFor, titleFor } from './conversation-views.ts'
import { directConversationId } from './direct-conversation.ts'
import type { ListNotices } from './list-notices.ts'
import { memberGroupPrefix } from './membership-service.ts'
import { mentionsIn } from './mentions.ts'
import type { MessageFiles } from './message-files.ts'
import type { MessageWriter } from './message-writer.ts'
import { numberAt } from './number-at.ts'
import { standingIn } from './roles.ts'
import { wordsOf } from './search-words.ts'
import type { AppendRequest, ChatStore, ConversationRecord, MessageExtra, Page, Progress } from './store.ts'

/** What {@link ChatService} needs. */
export type ChatOptions = {
  readonly store: ChatStore
  readonly cache: ConversationCache
  readonly writer: MessageWriter
  readonly lists: ListNotices
  readonly notifier: Notifier
  readonly files: MessageFiles
  /** Called before a message is stored. @throws RequestError when it may not be now */
  readonly beforeSend: (record: ConversationRecord, identity: string) => void
  readonly now: Clock
}

type SendRequest = ParsedRequestOf<'conversation.send'>

/** Chat between the socket and the store: who may see what, who is told, in which order. */
export class ChatService {
  readonly #store: ChatStore
  readonly #notifier: Notifier
  readonly #now: Clock
  readonly #cache: ConversationCache
  readonly #writer: MessageWriter
  readonly #lists: ListNotices
  readonly #files: MessageFiles
  readonly #beforeSend: ChatOptions['beforeSend']

  constructor({ store, cache, writer, lists, notifier, files, beforeSend, now }: ChatOptions) {
    this.#store = store
    this.#notifier = notifier
    this.#now = now
    this.#cache = cache
    this.#writer = writer
    this.#lists = lists
    this.#files = files
    this.#beforeSend = beforeSend
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
    const changes =
      request.revision === undefined || request.revision >= record.lastRevision
        ? { changes: [], revision: record.lastRevision, moreChanges: false }
        : await this.#store.changes(conversationId, request.revision, limits.pageSize)
    const page = await this.#store.messages({
      conversationId,
      after: request.after,
      limit: request.after === undefined ? limits.openPageSize : limits.pageSize,
    })
    const lastNumber = Math.max(record.lastNumber, page.messages.at(-1)?.number ?? 0)
    return {
      conversation: conversationFor(session.identity, { ...record, lastNumber }),
      ...replyOf(page),
      ...changes,
      changes: [...changes.changes],
    }
  }

  /** `conversation.list` */
  async list(session: Session): Promise<ReplyOf<'conversation.list'>> {
    const summaries = await this.#store.conversationsOf(session.identity, 500, this.#now())
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
    request: ParsedRequestOf<'conversation.history'>,
  ): Promise<ReplyOf<'conversation.history'>> {
    const { conversationId, before, after, around, at, thread, limit } = request
    const record = await entitled(this.#cache, session, conversationId)
    const middle = around ?? (at === undefined ? undefined : await this.#numberAt(record, at))
    if (middle === undefined) {
      return replyOf(await this.#store.messages({ conversationId, before, after, thread, limit }))
    }
    const first = Math.max(0, middle - 1 - Math.floor(limit / 2))
    return replyOf(await this.#store.messages({ conversationId, after: first, limit }))
  }

  /**
   * `conversation.send`: answers after the commit, then tells everybody who has the conversation open. What may not be sent it
   * refuses by a rejection, or throws at once where the conversation is known.
   */
  send(session: Session, request: SendRequest): Promise<ReplyOf<'conversation.send'>> {
    const sentAtMs = this.#now()
    const record = this.#cache.known(request.conversationId)
    // No turn of the queue of promises for what is known: the way of every message in a busy conversation.
    if (record !== undefined) return this.#sendTo(record, session, request, sentAtMs)
    return this.#cache
      .get(request.conversationId)
      .then((found) => this.#sendTo(found, session, request, sentAtMs))
  }

  #sendTo(
    record: ConversationRecord | undefined,
    session: Session,
    request: SendRequest,
    sentAtMs: number,
  ): Promise<ReplyOf<'conversation.send'>> {
    this.#beforeSend(entitledIn(record, session.identity, 'write'), session.identity)
    const { attachments } = request
    if (attachments !== undefined) return this.#sendWithFiles(session, request, attachments, sentAtMs)
    return this.#writer.write(appendOf(session, request, undefined, sentAtMs))
  }

  async #sendWithFiles(
    session: Session,
    request: SendRequest,
    fileIds: readonly string[],
    sentAtMs: number,
  ): Promise<ReplyOf<'conversation.send'>> {
    const { conversationId, clientMessageId } = request
    const files = this.#files
    const attachments = await files.claim(session.identity, conversationId, clientMessageId, fileIds)
    try {
      const stored = await this.#writer.write(appendOf(session, request, attachments, sentAtMs))
      // Nobody waits for it: where it fails, the sweep of the files finds the message.
      files.settle(clientMessageId, fileIds).catch(() => undefined)
      return stored
    } catch (error) {
      const isFinal = error instanceof RequestError && ['conflict', 'notFound'].includes(error.wire.code)
      if (isFinal) await files.release(clientMessageId, fileIds)
      throw error
    }
  }

  /** `conversation.read` */
  read(
    session: Session,
    { conversationId, number }: ParsedRequestOf<'conversation.read'>,
  ): Promise<ReplyOf<'conversation.read'>> {
    return this.#progress(session, conversationId, { read: number })
  }

  /** `conversation.delivered` */
  async delivered(
    session: Session,
    { conversationId, number }: ParsedRequestOf<'conversation.delivered'>,
  ): Promise<ReplyOf<'conversation.delivered'>> {
    const record = await entitled(this.#cache, session, conversationId)
    // What everybody has delivered to everybody grows with the square of their number.
    if (record.members.length > limits.deliveryMembers) return {}
    return this.#progress(session, conversationId, { delivered: number })
  }

  /** `conversation.search` */
  async search(
    session: Session,
    { query, conversationId, before, limit }: ParsedRequestOf<'conversation.search'>,
  ): Promise<ReplyOf<'conversation.search'>> {
    const conversationIds = await this.#searchable(session, conversationId)
    const words = wordsOf(query)
    if (words.length === 0) return { messages: [], more: false }
    const found = await this.#store.search({ words, conversationIds, before, limit })
    return replyOf(found)
  }

  /** A connection renewed its token: it hears no more of conversations that it may no longer read. */
  grantsChanged(session: Session): void {
    for (const conversationId of this.#notifier.subscriptions(session.connectionId)) {
      if (!may(session.grants, { type: 'conversation.read', conversationId }).allowed) {
        this.#notifier.unsubscribe(session.connectionId, conversationId)
      }
    }
  }

  async #searchable(session: Session, conversationId: string | undefined): Promise<string[]> {
    const mayRead = (id: string): boolean =>
      may(session.grants, { type: 'conversation.read', conversationId: id }).allowed
    if (conversationId === undefined) {
      const own = await this.#store.conversationsOf(session.identity, 500, this.#now())
      return own.map((summary) => summary.conversationId).filter(mayRead)
    }
    const verdict = may(session.grants, { type: 'conversation.read', conversationId })
    if (!verdict.allowed) throw requestErrors.forbidden(verdict.reason)
    await entitled(this.#cache, session, conversationId)
    return [conversationId]
  }

  #numberAt({ conversationId, lastNumber }: ConversationRecord, atMs: number): Promise<number> {
    const sentAt = async (number: number): Promise<number | undefined> => {
      const { messages } = await this.#store.messages({ conversationId, after: number - 1, limit: 1 })
      return messages[0]?.sentAt
    }
    return numberAt(sentAt, lastNumber, atMs)
  }

  async #progress(
    session: Session,
    conversationId: string,
    progress: Partial<Progress>,
  ): Promise<Record<string, never>> {
    const { identity } = session
    await entitled(this.#cache, session, conversationId)
    const raised = await this.#store.markProgress(conversationId, identity, progress)
    if (raised === undefined) return {}
    this.#cache.progressed(conversationId, identity, raised)
    this.#notifier.toConversation(conversationId, 'conversation.receipt', {
      conversationId,
      identity,
      ...raised,
    })
    // The person's other devices count what is unread.
    if (progress.read !== undefined && this.#notifier.isOutside(identity, conversationId)) {
      await this.#lists.personChanged(conversationId, identity)
    }
    return {}
  }

  async #openDirect(session: Session, withIdentity: string): Promise<ConversationRecord> {
    const other = withIdentity === session.identity ? undefined : await this.#store.person(withIdentity)
    if (other === undefined) throw requestErrors.notFound('person')
    return this.#cache.open({
      conversationId: directConversationId(session.identity, withIdentity),
      kind: 'direct',
      title: 'direct',
      members: [session.identity, withIdentity],
      nowMs: this.#now(),
    })
  }

  async #openById(session: Session, conversationId: string, title?: string): Promise<ConversationRecord> {
    const kind = conversationKindOf(conversationId)
    const existing = await this.#cache.get(conversationId)
    if (kind === 'direct' || conversationId.startsWith(memberGroupPrefix)) {
      return entitled(this.#cache, session, conversationId)
    }
    if (existing !== undefined && !isVisible(existing, session.identity)) {
      throw requestErrors.notFound('conversation')
    }
    if (
      existing === undefined &&
      !may(session.grants, { type: 'conversation.write', conversationId }).allowed
    ) {
      throw requestErrors.notFound('conversation')
    }
    // A room's chat belongs to whoever may be in the room: it has no members and stands in no list.
    const members = kind === 'room' ? [] : [session.identity]
    const isMember = existing !== undefined && standingIn(existing, session.identity) !== 'outsider'
    if (existing !== undefined && (isMember || members.length === 0)) return existing
    const defaultTitle = kind === 'room' ? conversationId.slice('room:'.length) : conversationId
    const opened = await this.#cache.open({
      conversationId,
      kind: 'group',
      title: title ?? defaultTitle.slice(0, limits.nameLength),
      members,
      nowMs: this.#now(),
    })
    // In a large group the news of each who comes, to each who is there, would grow with the square of their number.
    if (members.length > 0 && opened.members.length <= limits.deliveryMembers) {
      this.#notifier.toConversation(conversationId, 'conversation.updated', {
        conversation: conversationFor(session.identity, opened),
      })
    }
    return opened
  }
}

const replyOf = (page: Page) => ({ messages: [...page.messages], more: page.more })

const appendOf = (
  { identity, name }: Session,
  request: SendRequest,
  attachments: readonly Attachment[] | undefined,
  sentAtMs: number,
): AppendRequest => ({
  conversationId: request.conversationId,
  clientMessageId: request.clientMessageId,
  text: request.text,
  senderId: identity,
  senderName: name,
  sentAtMs,
  follows: request.follows,
  thread: request.thread,
  extra: extraOf(request, attachments),
})

const extraOf = (
  { text, replyTo, preview }: SendRequest,
  attachments: readonly Attachment[] | undefined,
): MessageExtra | undefined => {
  const mentions = mentionsIn(text)
  if (mentions.length > 0) return { replyTo, preview, attachments, mentions }
  if (replyTo === undefined && preview === undefined && attachments === undefined) return undefined
  return { replyTo, preview, attachments }
}
