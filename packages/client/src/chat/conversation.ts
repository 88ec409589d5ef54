import {
  type ClientEventName,
  limits,
  type Message,
  type ReplyOf,
  type RequestOf,
  type Conversation as WireConversation,
} from '@sangam/protocol'
import type {
  CareSettings,
  ChangeTarget,
  ChatMessage,
  Conversation,
  ConversationEvents,
  ConversationMember,
  ConversationSnapshot,
  HistoryView,
  MessageChange,
  MessageReport,
  OutboxChange,
  OutboxEntry,
  OutboxMessage,
  SendOptions,
} from '../api.ts'
import type { Signalling } from '../connection/signalling.ts'
import { errors, isSangamError, type SangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import { randomId } from '../random-id.ts'
import { WritableStore } from '../store.ts'
import { Awaited } from './awaited.ts'
import type { CachedConversation } from './chat-cache.ts'
import { snapshotOf } from './conversation-snapshot.ts'
import type { Delivery } from './delivery.ts'
import { ConversationHistory, type HistoryStart } from './history-view.ts'
import { lastNumber } from './message-log.ts'
import type { Outbox } from './outbox.ts'
import { isChange } from './outbox-queue.ts'
import { repin } from './pinned-messages.ts'
import { advance, type Progress, progressOf } from './progress.ts'
import { Timeline } from './timeline.ts'
import { Typists } from './typists.ts'
import { waitingChanges, withWaiting } from './waiting-changes.ts'
import {
  membersOf,
  type Self,
  type StoredMessage,
  sentMessage,
  unsentMessage,
  wireMessage,
} from './wire-messages.ts'

/** Events of which a conversation is the place. */
type ConversationEventName = Exclude<
  Extract<ClientEventName, `conversation.${string}` | `message.${string}`>,
  'conversation.open' | 'conversation.list' | 'conversation.create' | 'conversation.search'
>

const DEFAULT_PAGE = 50
/** Messages of each conversation that a device keeps. */
const CACHED_MESSAGES = 100

/** What a conversation stands on. */
export interface ConversationHost {
  readonly signalling: Signalling
  readonly outbox: Outbox
  readonly delivery: Delivery
  readonly self: Self
}

/** One conversation on this device: its timeline, what is on its way to the server, and who has read what. */
export class ConversationHandle extends TypedEmitter<ConversationEvents> implements Conversation {
  readonly conversationId: string
  readonly state: WritableStore<ConversationSnapshot>
  readonly #host: ConversationHost
  readonly #timeline: Timeline
  readonly #typists = new Typists(() => this.#publish())
  readonly #views = new Set<ConversationHistory>()
  /** Whoever waits for a message, or for a change of one, to be stored. */
  readonly #sends = new Awaited<ChatMessage>()
  readonly #changes = new Awaited<undefined>()
  /** Changes that were acknowledged before their result came. */
  readonly #landed = new Map<string, { readonly entry: OutboxChange; readonly revision: number }>()
  #info: WireConversation
  /** Undefined until somebody asked for them. */
  #pinned: readonly StoredMessage[] | undefined
  #progress: Progress
  #gone: 'left' | 'removed' | undefined
  #memberList: { readonly of: WireConversation; readonly list: readonly ConversationMember[] } | undefined

  constructor(host: ConversationHost, opened: CachedConversation, source: 'server' | 'cache') {
    super()
    const { signalling, outbox, self } = host
    this.#host = host
    this.conversationId = opened.conversation.conversationId
    this.#info = opened.conversation
    this.#progress = progressOf(opened.conversation)
    const listener = {
      opened: (conversation: WireConversation) => this.#handleOpened(conversation),
      arrived: (messages: readonly StoredMessage[]) => this.#noteOwn(messages),
      delivered: (messages: readonly StoredMessage[]) => this.#handleDelivered(messages),
      changed: (messages: readonly StoredMessage[], held: readonly StoredMessage[]) =>
        this.#handleChanges(messages, held),
      moved: () => this.#handleMoved(),
    }
    this.#timeline = new Timeline({ signalling, self, listener }, opened, source)
    this.state = new WritableStore(this.#snapshot())
    outbox.listen(this.conversationId, {
      changed: () => this.#publishAll(),
      stored: (entry, receipt) => this.#handleStored(entry, receipt),
      changeStored: (entry, revision) => this.#handleChangeStored(entry, revision),
      failed: (entry, error) => this.#handleFailed(entry, error),
    })
    this.#noteOwn(this.#timeline.log.messages)
    this.#tellHeld()
  }

  async send(text: string, options: SendOptions = {}): Promise<ChatMessage> {
    // Checked here, not by the server alone: what exceeds its socket's bound would break the connection each time.
    if (text === '' && options.attachments === undefined)
      throw errors.invalidOptions('A message needs a text or attachments.')
    checkLength(text)
    const clientMessageId = randomId()
    const stored = this.#sends.of(clientMessageId)
    this.#host.outbox.add(this.conversationId, clientMessageId, text, options).then(
      () => this.#typists.sent(),
      (error: unknown) => this.#sends.reject(clientMessageId, error),
    )
    return stored
  }

  async retry(id: string): Promise<ChatMessage | undefined> {
    const { outbox } = this.#host
    const entry = outbox.entries(this.conversationId).find((one) => one.clientMessageId === id)
    if (entry === undefined)
      throw errors.invalidOptions(`Nothing unsent is called ${id} in this conversation.`)
    const stored: Promise<ChatMessage | undefined> = (isChange(entry) ? this.#changes : this.#sends).of(id)
    outbox.retry(this.conversationId, id).catch((error: unknown) => this.#reject([id], error))
    return stored
  }

  async discard(id: string): Promise<void> {
    const ids = await this.#host.outbox.discard(this.conversationId, id)
    this.#reject(ids, errors.discarded())
  }

  async report(number: number, reason: string): Promise<void> {
    await this.#request('message.report', { number, reason })
  }

  async reports(): Promise<readonly MessageReport[]> {
    return (await this.#request('conversation.reports', {})).reports
  }

  async dismissReports(number: number): Promise<void> {
    await this.#request('conversation.dismissReports', { number })
  }

  async previewLink(url: string): Promise<SendOptions['preview']> {
    return (await this.#request('message.preview', { url })).preview
  }

  care(): Promise<CareSettings> {
    return this.#request('conversation.care', {})
  }

  setCare(settings: Partial<CareSettings>): Promise<CareSettings> {
    return this.#request('conversation.setCare', settings)
  }

  loadEarlier(limit: number = DEFAULT_PAGE): Promise<boolean> {
    return this.#timeline.loadEarlier(limit)
  }

  async markRead(number: number = lastNumber(this.#timeline.log)): Promise<void> {
    const { read, delivered } = this.#progress
    const { identity } = this.#host.self
    if (number <= (read.get(identity) ?? 0)) return
    this.handleReceipt(identity, { read: number, delivered: Math.max(number, delivered.get(identity) ?? 0) })
    await this.#request('conversation.read', { number })
  }

  async edit(
    message: number | string,
    text: string,
    { preview }: Pick<SendOptions, 'preview'> = {},
  ): Promise<void> {
    if (text === '') throw errors.invalidOptions('An edited message needs a text; delete() takes it away.')
    checkLength(text)
    const target = this.#targetOf(message)
    const { outbox } = this.#host
    if ('clientMessageId' in target && outbox.isUnsent(this.conversationId, target.clientMessageId)) {
      const stored = this.#sends.of(target.clientMessageId)
      await outbox.rewrite(this.conversationId, target.clientMessageId, text, preview)
      await stored
      return
    }
    await this.#changeMessage(target, { type: 'edit', text, ...(preview === undefined ? {} : { preview }) })
  }

  async delete(message: number | string): Promise<void> {
    const target = this.#targetOf(message)
    const isUnsent =
      'clientMessageId' in target && this.#host.outbox.isUnsent(this.conversationId, target.clientMessageId)
    if (isUnsent) await this.discard(target.clientMessageId)
    else await this.#changeMessage(target, { type: 'delete' })
  }

  async react(message: number | string, emoji: string, on: boolean): Promise<void> {
    await this.#changeMessage(this.#targetOf(message), { type: 'react', emoji, on })
  }

  async pin(message: number | string, on: boolean): Promise<void> {
    await this.#changeMessage(this.#targetOf(message), { type: 'pin', on })
  }

  async versions(number: number): Promise<readonly { readonly text: string; readonly at: number }[]> {
    return (await this.#request('message.versions', { number })).versions
  }

  async loadPinned(): Promise<void> {
    const { messages } = await this.#request('conversation.pinned', {})
    // A change that came while this was on its way is newer.
    this.#pinned = messages.map((message) => this.#timeline.newest(message))
    this.#publish()
  }

  setTyping(typing: boolean): void {
    const { signalling } = this.#host
    if (!signalling.online || !this.#typists.mayTell(typing, performance.now())) return
    // A sign that is lost is repeated or forgotten.
    signalling
      .request('conversation.typing', { conversationId: this.conversationId, typing }, { offline: 'fail' })
      .catch(ignoreRefusal)
  }

  async history(start: HistoryStart): Promise<HistoryView> {
    const { signalling, self } = this.#host
    const view = await ConversationHistory.open(
      {
        signalling,
        conversationId: this.conversationId,
        self,
        shown: (messages) => this.#shown(messages),
        released: (released) => this.#views.delete(released),
      },
      start,
    )
    this.#views.add(view)
    // What came or changed while the page was on its way.
    view.handleChanges(this.#timeline.newestStates)
    const { messages } = this.#timeline.log
    view.handleMessages(messages.filter(({ number }) => number > (view.newestNumber ?? 0)))
    return view
  }

  async rename(title: string): Promise<void> {
    await this.#request('conversation.rename', { title })
  }

  async invite(identities: readonly string[]): Promise<void> {
    await this.#request('conversation.invite', { identities: [...identities] })
  }

  async remove(identity: string): Promise<void> {
    await this.#request('conversation.remove', { identity })
  }

  async leave(): Promise<void> {
    await this.#request('conversation.leave', {})
  }

  async setRole(identity: string, role: ConversationMember['role']): Promise<void> {
    await this.#request('conversation.setRole', { identity, role })
  }

  async setPreferences(preferences: {
    readonly mutedUntil?: number
    readonly archived?: boolean
    readonly pinned?: boolean
  }): Promise<void> {
    await this.#request('conversation.setPreferences', preferences)
  }

  /** A message that the server stored, live. */
  handleMessage(message: Message): void {
    this.#typists.heard(message.senderId, message.senderName, false)
    this.#timeline.take(message)
  }

  /** A message stands differently, as the change of this revision made it. */
  handleChanged(revision: number, message: Message): void {
    this.#timeline.takeChange(revision, message)
  }

  /** Somebody has come farther. */
  handleReceipt(identity: string, { read, delivered }: { read: number; delivered: number }): void {
    const progress = advance(this.#progress, identity, { read, delivered })
    if (progress === this.#progress) return
    this.#progress = progress
    this.#publish()
    this.emit('receipt', { identity, read, delivered })
  }

  /** Title or members are different. */
  handleUpdated(conversation: WireConversation): void {
    const { title } = this.#info
    this.#handleOpened(conversation.kind === 'direct' ? { ...conversation, title } : conversation)
    this.#publish()
  }

  /** Somebody writes, or no longer. */
  handleTyping(identity: string, name: string, typing: boolean): void {
    if (identity !== this.#host.self.identity) this.#typists.heard(identity, name, typing)
  }

  /** It is kept in another way. */
  handleCare(settings: CareSettings): void {
    this.emit('careChanged', settings)
  }

  /** This person is no longer in it. */
  handleGone(reason: 'left' | 'removed'): void {
    this.#gone = reason
    this.#publish()
  }

  /** Subscribes the new connection and asks for everything that was missed. */
  resume(): Promise<void> {
    return this.#timeline.resume()
  }

  /** Asks for what is known to exist and is not held. */
  catchUp(): Promise<void> {
    return this.#timeline.catchUp()
  }

  /** What this device keeps of it: its newest messages and how far its changes are known. */
  cacheable(): CachedConversation {
    const { log, revision } = this.#timeline
    const { read, delivered } = this.#progress
    return {
      conversation: {
        ...this.#info,
        lastNumber: lastNumber(log),
        members: this.#info.members.map((member) => ({
          ...member,
          read: read.get(member.identity) ?? 0,
          delivered: delivered.get(member.identity) ?? 0,
        })),
      },
      messages: log.messages.slice(-CACHED_MESSAGES).map(wireMessage),
      revision,
      more: true,
    }
  }

  /** What waits can't resolve any more; it stays in the outbox. */
  close(): void {
    this.#sends.rejectAll(errors.sessionClosed())
    this.#changes.rejectAll(errors.sessionClosed())
    this.#typists.close()
    this.removeAll()
  }

  #request<Name extends ConversationEventName>(
    event: Name,
    payload: Omit<RequestOf<Name>, 'conversationId'>,
  ): Promise<ReplyOf<Name>> {
    const whole = { conversationId: this.conversationId, ...payload } as RequestOf<Name>
    return this.#host.signalling.request(event, whole, { idempotent: true })
  }

  /** A message by its number; by its id where only that is known. */
  #targetOf(message: number | string): ChangeTarget {
    if (typeof message === 'number') return { number: message }
    const stored = this.#timeline.log.messages.findLast((one) => one.own && one.clientMessageId === message)
    if (stored !== undefined) return { number: stored.number }
    const isUnsent = this.#host.outbox
      .entries(this.conversationId)
      .some((entry) => !isChange(entry) && entry.clientMessageId === message)
    if (!isUnsent) throw errors.invalidOptions(`No own message ${message} is in this conversation.`)
    return { clientMessageId: message }
  }

  #changeMessage(target: ChangeTarget, change: MessageChange): Promise<undefined> {
    const clientChangeId = randomId()
    const stored = this.#changes.of(clientChangeId)
    this.#host.outbox
      .addChange(this.conversationId, clientChangeId, { target, change }, (needless) => {
        for (const id of needless) this.#changes.move(id, clientChangeId)
      })
      .catch((error: unknown) => this.#changes.reject(clientChangeId, error))
    return stored
  }

  #reject(ids: readonly string[], error: unknown): void {
    for (const id of ids) {
      this.#sends.reject(id, error)
      this.#changes.reject(id, error)
    }
  }

  #handleOpened(conversation: WireConversation): void {
    this.#info = conversation
    for (const { identity, ...progress } of conversation.members) {
      this.#progress = advance(this.#progress, identity, progress)
    }
  }

  #handleDelivered(messages: readonly StoredMessage[]): void {
    for (const view of this.#views) view.handleMessages(messages)
    this.#tellHeld()
    this.#publish()
    for (const message of messages) this.emit('message', message)
  }

  #handleChanges(messages: readonly StoredMessage[], held: readonly StoredMessage[]): void {
    this.#pinned = this.#pinned && repin(this.#pinned, messages)
    for (const { number, revision = 0 } of messages) this.#forgetLanded(number, revision)
    for (const view of this.#views) view.handleChanges(messages)
    this.#publish()
    for (const message of held) this.emit('changed', message)
  }

  #handleMoved(): void {
    for (const [id, { revision }] of this.#landed) {
      if (revision <= this.#timeline.revision) this.#landed.delete(id)
    }
    this.#publish()
  }

  /** The result of a change came, by itself or as a part of a later one. */
  #forgetLanded(number: number, known: number): void {
    for (const [id, { entry, revision }] of this.#landed) {
      const isOfIt = 'number' in entry.target && entry.target.number === number
      if (isOfIt && revision <= known) this.#landed.delete(id)
    }
  }

  /** Tells the server which messages this device holds, where others may be waiting to know. */
  #tellHeld(): void {
    const last = this.#timeline.log.messages.at(-1)
    if (last === undefined || last.own || this.#info.members.length > limits.deliveryMembers) return
    if (last.number <= (this.#progress.delivered.get(this.#host.self.identity) ?? 0)) return
    this.#host.delivery.holds(this.conversationId, last.number)
  }

  #noteOwn(messages: readonly StoredMessage[]): void {
    for (const message of messages) {
      if (!message.own) continue
      this.#sends.resolve(message.clientMessageId, message)
      this.#host.outbox.noteStored(this.conversationId, message.clientMessageId, message.number)
    }
  }

  #handleStored(entry: OutboxMessage, receipt: { readonly number: number; readonly sentAt: number }): void {
    const { replyTo } = entry.options ?? {}
    const quoted = replyTo === undefined ? undefined : this.#timeline.at(replyTo)
    // The acknowledgement holds all of the message, so it is shown as sent without waiting for its echo; unless what it
    // quotes is not here.
    if (replyTo !== undefined && quoted === undefined) this.#timeline.learnLast(receipt.number)
    else this.handleMessage(sentMessage(entry, receipt, this.#host.self, quoted))
  }

  #handleChangeStored(entry: OutboxChange, revision: number | undefined): void {
    const id = entry.clientMessageId
    if (revision !== undefined && revision > this.#timeline.revision) {
      const known = 'number' in entry.target ? this.#timeline.revisionOf(entry.target.number) : 0
      if (revision > known) this.#landed.set(id, { entry, revision })
      this.#timeline.learnRevision(revision)
    }
    this.#changes.resolve(id, undefined)
  }

  #handleFailed(entry: OutboxEntry, error: SangamError): void {
    this.#publishAll()
    this.#reject([entry.clientMessageId], error)
    if (!isChange(entry)) this.emit('sendFailed', unsentMessage(entry, this.#host.self))
  }

  #publish(): void {
    this.state.set(this.#snapshot())
  }

  /** What waits is another: that shows in every view. */
  #publishAll(): void {
    for (const view of this.#views) view.redraw()
    this.#publish()
  }

  #waiting() {
    return waitingChanges(this.#host.outbox.entries(this.conversationId), this.#landed)
  }

  /** Messages as the changes that wait leave them. */
  #shown(messages: readonly StoredMessage[]): readonly ChatMessage[] {
    const waiting = this.#waiting()
    if (waiting.size === 0) return messages
    return messages.map((message) => withWaiting(message, waiting, this.#host.self.identity))
  }

  #snapshot(): ConversationSnapshot {
    return snapshotOf({
      info: this.#info,
      members: this.#members(),
      self: this.#host.self,
      log: this.#timeline.log,
      unstored: this.#host.outbox.entries(this.conversationId),
      waiting: this.#waiting(),
      progress: this.#progress,
      typing: this.#typists.list,
      pinned: this.#pinned,
      caughtUp: !this.#timeline.isStale,
      gone: this.#gone,
    })
  }

  /** The same list until members change. */
  #members(): readonly ConversationMember[] {
    if (this.#memberList?.of !== this.#info)
      this.#memberList = { of: this.#info, list: membersOf(this.#info) }
    return this.#memberList.list
  }
}

function checkLength(text: string): void {
  if (new TextEncoder().encode(text).length > limits.textBytes) throw errors.tooLarge(limits.textBytes)
}

function ignoreRefusal(error: unknown): void {
  if (!isSangamError(error)) throw error
}
