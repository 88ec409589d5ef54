import { randomBytes } from 'node:crypto'
import type { Message } from '@sangam/protocol'
import type { MessagePlace } from '../chat/care-store.ts'
import type { ConversationCache } from '../chat/conversation-cache.ts'
import type { MessageFiles } from '../chat/message-files.ts'
import type { ChatStore } from '../chat/store.ts'
import type { Clock, Notifier } from '../ports.ts'
import type { RecordStore, StoredRecord } from '../records/record-store.ts'
import { careActor, reportKind } from './care-service.ts'

/** What {@link Erasure} needs. */
export type ErasureOptions = {
  readonly store: ChatStore
  readonly cache: ConversationCache
  readonly records: RecordStore
  readonly files: MessageFiles & { readonly removeOwnedBy: (identity: string) => Promise<void> }
  /** Puts a person out of every room and forgets them there. */
  readonly forgetInRooms: (identity: string) => Promise<void>
  readonly notifier: Notifier
  readonly now: Clock
}

/** All that is kept of a person. */
export type PersonExport = {
  readonly identity: string
  readonly name: string | undefined
  readonly messages: readonly Message[]
  /** Files, subscriptions, blocks, reports about their messages. */
  readonly records: readonly (StoredRecord & { readonly kind: string })[]
}

const pageSize = 200

/** Deletes messages for good, gives out all that is kept of a person, and erases a person. */
export class Erasure {
  readonly #options: ErasureOptions

  constructor(options: ErasureOptions) {
    this.#options = options
  }

  /** Deletes messages for everybody, with their files; those that are deleted already are passed over. */
  async deleteMessages(messages: readonly Message[]): Promise<void> {
    const { store, cache, notifier, files, now } = this.#options
    await Promise.all(
      messages.map(async ({ conversationId, number, attachments, deletedAt }) => {
        if (deletedAt !== undefined) return
        const clientChangeId = `delete:${conversationId}:${number}`
        const outcome = await store.change({
          conversationId,
          number,
          clientChangeId,
          change: { type: 'delete' },
          actorId: careActor,
          atMs: now(),
        })
        await files.remove((attachments ?? []).map(({ fileId }) => fileId))
        if (outcome.outcome !== 'changed') return
        const { revision, message } = outcome
        cache.changed(conversationId, revision)
        notifier.toConversation(conversationId, 'message.changed', { revision, message })
      }),
    )
  }

  /** All that is kept of a person. */
  async export(identity: string): Promise<PersonExport> {
    const messages: Message[] = []
    for await (const page of this.#messagesOf(identity)) messages.push(...page)
    return { ...(await this.#factsOf(identity)), messages }
  }

  /**
   * All that is kept of a person for themselves, as JSON text in pieces, so that any amount needs no more memory than a
   * page. Reports about their messages are left out: they would tell who made them.
   */
  async *exportOwn(identity: string): AsyncGenerator<string> {
    const { name, records } = await this.#factsOf(identity)
    const own = records.filter(({ kind }) => kind !== reportKind)
    yield `{"identity":${JSON.stringify(identity)},"name":${JSON.stringify(name ?? null)},"records":${JSON.stringify(own)},"messages":[`
    let separator = '\n'
    for await (const page of this.#messagesOf(identity)) {
      let piece = ''
      for (const message of page) {
        piece += separator + JSON.stringify(message)
        separator = ',\n'
      }
      yield piece
    }
    yield '\n]}\n'
  }

  async #factsOf(identity: string): Promise<Omit<PersonExport, 'messages'>> {
    const { store, records } = this.#options
    const person = await store.person(identity)
    return { identity, name: person?.name, records: await records.ownedBy(identity) }
  }

  async *#messagesOf(identity: string): AsyncGenerator<readonly Message[]> {
    for (let after: MessagePlace | undefined; ; ) {
      const page = await this.#options.store.sentBy(identity, after, pageSize)
      if (page.length > 0) yield page
      after = page.at(-1)
      if (page.length < pageSize) return
    }
  }

  /**
   * Erases a person: their messages (the places stay, under a pseudonym that stands for nobody), files, reactions,
   * memberships, subscriptions and settings, and what rooms remember of them, in the databases, their write-ahead logs and
   * the search index.
   */
  async erase(identity: string): Promise<void> {
    const { store, cache, records, files, forgetInRooms } = this.#options
    await forgetInRooms(identity)
    for (;;) {
      const page = await store.aboutPerson(identity, pageSize)
      if (page.length === 0) break
      await this.deleteMessages(page)
    }
    await files.removeOwnedBy(identity)
    await records.removeOwnedBy(identity)
    await store.forgetPerson(identity, `gone-${randomBytes(9).toString('hex')}`)
    cache.forgetAll()
    await this.scrub()
  }

  /** Takes what was deleted off the disk. */
  async scrub(): Promise<void> {
    await this.#options.store.scrub()
    await this.#options.records.scrub()
  }
}
