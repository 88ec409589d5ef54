import type { ParsedRequestOf, ReplyOf } from '@sangam/protocol'
import type { Clock, Notifier, Session } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import type { ConversationCache } from './conversation-cache.ts'
import { entitled } from './conversation-rights.ts'
import type { ListNotices } from './list-notices.ts'
import { mentionsIn } from './mentions.ts'
import type { MessageChange } from './message-change-store.ts'
import type { MessageFiles } from './message-files.ts'
import type { Standing } from './roles.ts'
import type { ChatStore } from './store.ts'

/** What {@link MessageService} needs. */
export type MessageServiceOptions = {
  readonly store: ChatStore
  readonly cache: ConversationCache
  readonly notifier: Notifier
  readonly lists: ListNotices
  readonly files: MessageFiles
  readonly now: Clock
}

type Place = {
  readonly conversationId: string
  readonly number: number
  readonly clientChangeId: string
}

/** Changes of single messages: who may make them, and who is told. */
export class MessageService {
  readonly #options: MessageServiceOptions

  constructor(options: MessageServiceOptions) {
    this.#options = options
  }

  /** `message.edit` */
  async edit(
    session: Session,
    { text, preview, ...place }: ParsedRequestOf<'message.edit'>,
  ): Promise<ReplyOf<'message.edit'>> {
    await entitled(this.#options.cache, session, place.conversationId, 'write')
    const message = await this.#message(place)
    if (message.senderId !== session.identity) throw requestErrors.forbidden('the message is not one’s own')
    if (message.system !== undefined) throw requestErrors.forbidden('the line is the server’s')
    return this.#change(session, place, { type: 'edit', text, preview, mentions: mentionsIn(text) })
  }

  /** `message.delete` */
  async delete(
    session: Session,
    place: ParsedRequestOf<'message.delete'>,
    standing?: Standing,
  ): Promise<ReplyOf<'message.delete'>> {
    const { cache } = this.#options
    await entitled(cache, session, place.conversationId, 'write')
    const message = await this.#message(place)
    const isOwn = message.senderId === session.identity && message.system === undefined
    if (!isOwn) await entitled(cache, session, place.conversationId, 'deleteOthers', standing)
    const reply = await this.#change(session, place, { type: 'delete' })
    await this.#options.files.remove((message.attachments ?? []).map(({ fileId }) => fileId))
    return reply
  }

  /** `message.react` */
  async react(
    session: Session,
    { emoji, on, ...place }: ParsedRequestOf<'message.react'>,
  ): Promise<ReplyOf<'message.react'>> {
    await entitled(this.#options.cache, session, place.conversationId, 'write')
    return this.#change(session, place, { type: 'react', emoji, on })
  }

  /** `message.pin` */
  async pin(
    session: Session,
    { on, ...place }: ParsedRequestOf<'message.pin'>,
    standing?: Standing,
  ): Promise<ReplyOf<'message.pin'>> {
    await entitled(this.#options.cache, session, place.conversationId, 'pin', standing)
    return this.#change(session, place, { type: 'pin', on })
  }

  /** `message.versions` */
  async versions(
    session: Session,
    { conversationId, number }: ParsedRequestOf<'message.versions'>,
  ): Promise<ReplyOf<'message.versions'>> {
    await entitled(this.#options.cache, session, conversationId)
    const versions = await this.#options.store.versions(conversationId, number)
    return { versions: versions.map(({ text, at }) => ({ text, at })) }
  }

  /** `conversation.changes` */
  async changes(
    session: Session,
    { conversationId, revision, limit }: ParsedRequestOf<'conversation.changes'>,
  ): Promise<ReplyOf<'conversation.changes'>> {
    await entitled(this.#options.cache, session, conversationId)
    const page = await this.#options.store.changes(conversationId, revision, limit)
    return { ...page, changes: [...page.changes] }
  }

  /** `conversation.pinned` */
  async pinned(
    session: Session,
    { conversationId }: ParsedRequestOf<'conversation.pinned'>,
  ): Promise<ReplyOf<'conversation.pinned'>> {
    await entitled(this.#options.cache, session, conversationId)
    return { messages: [...(await this.#options.store.pinned(conversationId))] }
  }

  async #message({ conversationId, number }: Place) {
    const message = await this.#options.store.message(conversationId, number)
    if (message === undefined) throw requestErrors.notFound('message')
    return message
  }

  async #change(session: Session, place: Place, change: MessageChange): Promise<{ revision: number }> {
    const { store, cache, notifier, lists, now } = this.#options
    const { conversationId, number, clientChangeId } = place
    const outcome = await store.change({
      conversationId,
      number,
      clientChangeId,
      change,
      actorId: session.identity,
      atMs: now(),
    })
    switch (outcome.outcome) {
      case 'conflict':
        throw requestErrors.conflictingChange()
      case 'noMessage':
        throw requestErrors.notFound('message')
      case 'deleted':
        throw requestErrors.wrongState('The message was deleted.')
      case 'full':
        throw requestErrors.tooMany(change.type === 'pin' ? 'pinned messages' : 'reactions')
      case 'repeated':
        return { revision: outcome.revision }
      case 'changed': {
        const { revision, message } = outcome
        cache.changed(conversationId, revision)
        notifier.toConversation(conversationId, 'message.changed', { revision, message })
        // Lists show the newest message, and count mentions.
        if (change.type === 'edit' || change.type === 'delete') lists.conversationChanged(conversationId)
        return { revision }
      }
    }
  }
}
