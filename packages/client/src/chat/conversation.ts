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
  ChatMessage,
  Conversation,
  ConversationEvents,
  ConversationMember,
  ConversationSnapshot,
  HistoryView,
  OutboxEntry,
  SendOptions,
} from '../api.ts'
import type { Signalling } from '../connection/signalling.ts'
import { errors, isSangamError, type SangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import { randomId } from '../random-id.ts'
import { WritableStore } from '../store.ts'
import type { CachedConversation } from './chat-cache.ts'
import type { Delivery } from './delivery.ts'
import { ConversationHistory, type HistoryStart } from './history-view.ts'
import { applyChanges, countReplies, newest, type Overlay } from './message-changes.ts'
import {
  emptyLog,
  hasGap,
  lastNumber,
  learnHighest,
  type MessageLog,
  prepend,
  receive,
} from './message-log.ts'
import type { Outbox } from './outbox.ts'
import { Typists } from './typists.ts'
import {
  membersOf,
  type Self,
  type StoredMessage,
  storedMessage,
  unsentMessage,
  wireMessage,
} from './wire-messages.ts'

/** Events of which a conversation is the place. */
type ConversationEventName = Exclude<
  Extract<ClientEventName, `conversation.${string}` | `message.${string}`>,
  'conversation.open' | 'conversation.list' | 'conversation.create' | 'conversation.search'
>
type Progress = {
  readonly read: ReadonlyMap<string, number>
  readonly delivered: ReadonlyMap<string, number>
}

/** Messages asked for at once when catching up. */
const CATCH_UP_PAGE = 200
const DEFAULT_PAGE = 50
/** Messages of each conversation that a device keeps. */
const CACHED_MESSAGES = 100

interface PendingSend {
  readonly resolve: (message: ChatMessage) => void
  readonly reject: (error: SangamError) => void
}

/** What a conversation stands on. */
export interface ConversationHost {
  readonly signalling: Signalling
  readonly outbox: Outbox
  readonly delivery: Delivery
  readonly self: Self
}

/** One conversation on this device: the log of numbered messages, the own ones on their way, and who has read what. */
export class ConversationHandle extends TypedEmitter<ConversationEvents> implements Conversation {
  readonly conversationId: string
  readonly state: WritableStore<ConversationSnapshot>
  readonly #signalling: Signalling
  readonly #outbox: Outbox
  readonly #delivery: Delivery
  readonly #self: Self
  readonly #typists = new Typists(() => this.#publish())
  readonly #views = new Set<ConversationHistory>()
  #info: WireConversation
  #log: MessageLog<StoredMessage>
  /** All changes up to this one are known. */
  #revision: number
  #overlay: Overlay<StoredMessage> = new Map()
  /** Undefined until somebody asked for them. */
  #pinned: readonly StoredMessage[] | undefined
  #progress: Progress
  #gone: 'left' | 'removed' | undefined
  /** It comes from this device's cache and the server was not asked yet. */
  #isStale: boolean
  #memberList: { readonly of: WireConversation; readonly list: readonly ConversationMember[] } | undefined
  readonly #pending = new Map<string, PendingSend>()
  #catchingUp: Promise<void> | undefined
  #catchingUpChanges: Promise<void> | undefined

  constructor(
    { signalling, outbox, delivery, self }: ConversationHost,
    opened: CachedConversation,
    source: 'server' | 'cache',
  ) {
    super()
    this.#signalling = signalling
    this.#outbox = outbox
    this.#delivery = delivery
    this.#self = self
    this.conversationId = opened.conversation.conversationId
    this.#info = opened.conversation
    this.#revision = opened.revision
    this.#isStale = source === 'cache'
    this.#progress = progressOf(opened.conversation)
    const base = (opened.messages[0]?.number ?? opened.conversation.lastNumber + 1) - 1
    const log = receive(
      emptyLog<StoredMessage>(base),
      opened.messages.map((message) => this.#stored(message)),
    )
    this.#log = learnHighest(log.log, opened.conversation.lastNumber)
    this.state = new WritableStore(this.#snapshot())
    outbox.listen(this.conversationId, {
      changed: () => this.#publish(),
      stored: (entry, receipt) => this.#handleStored(entry, receipt),
      failed: (entry, error) => this.#handleFailed(entry, error),
    })
    for (const message of opened.messages) this.#noteOwn(message)
    this.#tellHeld()
  }

  async send(text: string, options: SendOptions = {}): Promise<ChatMessage> {
    // Checked here, not by the server alone: what exceeds its socket's bound would break the connection each time.
    if (text === '' && options.attachments === undefined)
      throw errors.invalidOptions('A message needs a text or attachments.')
    if (new TextEncoder().encode(text).length > limits.textBytes) throw errors.tooLarge(limits.textBytes)
    const clientMessageId = randomId()
    const { promise, resolve, reject } = Promise.withResolvers<ChatMessage>()
    this.#pending.set(clientMessageId, { resolve, reject })
    try {
      await this.#outbox.add(this.conversationId, clientMessageId, text, options)
      this.#typists.sent()
    } catch (error) {
      this.#pending.delete(clientMessageId)
      throw error
    }
    return promise
  }

  async retry(clientMessageId: string): Promise<ChatMessage> {
    const waits = this.#outbox
      .entries(this.conversationId)
      .some((entry) => entry.clientMessageId === clientMessageId)
    if (!waits) throw errors.invalidOptions(`No unsent message ${clientMessageId} is in this conversation.`)
    const { promise, resolve, reject } = Promise.withResolvers<ChatMessage>()
    this.#pending.set(clientMessageId, { resolve, reject })
    await this.#outbox.retry(this.conversationId, clientMessageId)
    return promise
  }

  async report(number: number, reason: string): Promise<void> {
    const payload = { conversationId: this.conversationId, number, reason }
    await this.#signalling.request('message.report', payload, { idempotent: true })
  }

  care(): Promise<CareSettings> {
    const { conversationId } = this
    return this.#signalling.request('conversation.care', { conversationId }, { idempotent: true })
  }

  setCare(settings: Partial<CareSettings>): Promise<CareSettings> {
    const payload = { conversationId: this.conversationId, ...settings }
    return this.#signalling.request('conversation.setCare', payload, { idempotent: true })
  }

  async discard(clientMessageId: string): Promise<void> {
    await this.#outbox.remove(this.conversationId, clientMessageId)
    this.#pending.get(clientMessageId)?.reject(errors.discarded())
    this.#pending.delete(clientMessageId)
  }

  async loadEarlier(limit: number = DEFAULT_PAGE): Promise<boolean> {
    if (this.#log.base === 0) return false
    const page = await this.#signalling.request(
      'conversation.history',
      { conversationId: this.conversationId, before: this.#log.base + 1, limit },
      { idempotent: true },
    )
    this.#log = countReplies(
      prepend(
        this.#log,
        page.messages.map((message) => newest(this.#overlay, this.#stored(message))),
      ),
      this.#log.messages,
    )
    this.#publish()
    return this.#log.base > 0
  }

  async markRead(number: number = lastNumber(this.#log)): Promise<void> {
    const { read, delivered } = this.#progress
    const { identity } = this.#self
    if (number <= (read.get(identity) ?? 0)) return
    this.handleReceipt(identity, { read: number, delivered: Math.max(number, delivered.get(identity) ?? 0) })
    await this.#request('conversation.read', { number })
  }

  async edit(number: number, text: string): Promise<void> {
    if (new TextEncoder().encode(text).length > limits.textBytes) throw errors.tooLarge(limits.textBytes)
    await this.#request('message.edit', { number, text, clientChangeId: randomId() })
  }

  async delete(number: number): Promise<void> {
    await this.#request('message.delete', { number, clientChangeId: randomId() })
  }

  async react(number: number, emoji: string, on: boolean): Promise<void> {
    await this.#request('message.react', { number, emoji, on, clientChangeId: randomId() })
  }

  async pin(number: number, on: boolean): Promise<void> {
    await this.#request('message.pin', { number, on, clientChangeId: randomId() })
  }

  async versions(number: number): Promise<readonly { readonly text: string; readonly at: number }[]> {
    return (await this.#request('message.versions', { number })).versions
  }

  async loadPinned(): Promise<void> {
    const { messages } = await this.#request('conversation.pinned', {})
    const held = new Map(this.#log.messages.map((message) => [message.number, message]))
    // A change that came while this was on its way is newer.
    this.#pinned = messages
      .map((message) => newest(this.#overlay, this.#stored(message)))
      .map((message) => newest(held, message))
    this.#publish()
  }

  setTyping(typing: boolean): void {
    if (!this.#signalling.online || !this.#typists.mayTell(typing, performance.now())) return
    // A sign that is lost is repeated or forgotten.
    this.#signalling
      .request('conversation.typing', { conversationId: this.conversationId, typing }, { offline: 'fail' })
      .catch(ignoreRefusal)
  }

  async history(start: HistoryStart): Promise<HistoryView> {
    const view = await ConversationHistory.open(
      {
        signalling: this.#signalling,
        conversationId: this.conversationId,
        self: this.#self,
        released: (released) => this.#views.delete(released),
      },
      start,
    )
    this.#views.add(view)
    // What came or changed while the page was on its way.
    view.handleChanges([...this.#overlay.values(), ...this.#log.messages])
    view.handleMessages(this.#log.messages.filter(({ number }) => number > (view.newestNumber ?? 0)))
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
    this.#take([message])
    if (hasGap(this.#log)) void this.catchUp()
  }

  /** A message stands differently, as the change of this revision made it. */
  handleChanged(revision: number, message: Message): void {
    this.#applyChanges([message])
    if (revision === this.#revision + 1) this.#revision = revision
    // One was missed: all after the last one known.
    else if (revision > this.#revision) void this.#catchUpChanges()
  }

  /** Somebody has come farther. */
  handleReceipt(identity: string, { read, delivered }: { read: number; delivered: number }): void {
    const before = this.#progress
    if (read <= (before.read.get(identity) ?? 0) && delivered <= (before.delivered.get(identity) ?? 0)) return
    this.#progress = {
      read: raised(before.read, identity, read),
      delivered: raised(before.delivered, identity, delivered),
    }
    this.#publish()
    this.emit('receipt', { identity, read, delivered })
  }

  /** Title or members are different. */
  handleUpdated(conversation: WireConversation): void {
    this.#info = conversation.kind === 'direct' ? { ...conversation, title: this.#info.title } : conversation
    this.#takeProgress(conversation)
    this.#publish()
  }

  /** Somebody writes, or no longer. */
  handleTyping(identity: string, name: string, typing: boolean): void {
    if (identity !== this.#self.identity) this.#typists.heard(identity, name, typing)
  }

  /** This person is no longer in it. */
  handleGone(reason: 'left' | 'removed'): void {
    this.#gone = reason
    this.#publish()
  }

  /** Subscribes the new connection and asks for everything that was missed: messages and changes in one request. */
  async resume(): Promise<void> {
    const { conversationId } = this
    const payload = { conversationId, after: lastNumber(this.#log), revision: this.#revision }
    const opened = await this.#signalling.request('conversation.open', payload, { idempotent: true })
    this.#info = opened.conversation
    this.#takeProgress(opened.conversation)
    if (this.#isStale && opened.more) {
      // So much came meanwhile that it is quicker to begin at the end; what lies between is loaded as one scrolls.
      await this.#restart()
      return
    }
    this.#log = learnHighest(this.#log, opened.conversation.lastNumber)
    this.#applyChanges(opened.changes)
    this.#revision = Math.max(this.#revision, opened.revision)
    this.#take(opened.messages)
    this.#isStale = false
    this.#publish()
    if (opened.moreChanges) await this.#catchUpChanges()
    if (hasGap(this.#log)) await this.catchUp()
  }

  /** What this device keeps of it: its newest messages and how far its changes are known. */
  cacheable(): CachedConversation {
    const messages = this.#log.messages.slice(-CACHED_MESSAGES)
    const { read, delivered } = this.#progress
    return {
      conversation: {
        ...this.#info,
        lastNumber: lastNumber(this.#log),
        members: this.#info.members.map((member) => ({
          ...member,
          read: read.get(member.identity) ?? 0,
          delivered: delivered.get(member.identity) ?? 0,
        })),
      },
      messages: messages.map(wireMessage),
      revision: this.#revision,
      more: true,
    }
  }

  /** Pages forward until no gap is left; one run at a time. */
  catchUp(): Promise<void> {
    this.#catchingUp ??= this.#pageForward().finally(() => {
      this.#catchingUp = undefined
    })
    return this.#catchingUp
  }

  /** Sends that wait can't resolve any more; their messages stay in the outbox. */
  close(): void {
    for (const { reject } of this.#pending.values()) reject(errors.sessionClosed())
    this.#pending.clear()
    this.#typists.close()
    this.removeAll()
  }

  #request<Name extends ConversationEventName>(
    event: Name,
    payload: Omit<RequestOf<Name>, 'conversationId'>,
  ): Promise<ReplyOf<Name>> {
    const whole = { conversationId: this.conversationId, ...payload } as RequestOf<Name>
    return this.#signalling.request(event, whole, { idempotent: true })
  }

  async #restart(): Promise<void> {
    const opened = await this.#signalling.request(
      'conversation.open',
      { conversationId: this.conversationId },
      { idempotent: true },
    )
    this.#isStale = false
    const base = (opened.messages[0]?.number ?? opened.conversation.lastNumber + 1) - 1
    this.#log = emptyLog<StoredMessage>(base)
    this.#revision = opened.revision
    this.#take(opened.messages)
    this.#publish()
    if (hasGap(this.#log)) await this.catchUp()
  }

  /** One run at a time; what comes meanwhile is asked for by it. */
  #catchUpChanges(): Promise<void> {
    this.#catchingUpChanges ??= this.#pageChanges().finally(() => {
      this.#catchingUpChanges = undefined
    })
    return this.#catchingUpChanges
  }

  async #pageChanges(): Promise<void> {
    try {
      for (let more = true; more; ) {
        const page = await this.#request('conversation.changes', { revision: this.#revision })
        this.#applyChanges(page.changes)
        this.#revision = Math.max(this.#revision, page.revision)
        more = page.moreChanges
      }
    } catch (error) {
      // The next reconnect resumes; a refusal leaves what is held.
      ignoreRefusal(error)
    }
  }

  #applyChanges(messages: readonly Message[]): void {
    if (messages.length === 0) return
    const arriving = messages.map((message) => this.#stored(message))
    const { log, overlay, changed } = applyChanges(this.#log, this.#overlay, arriving)
    this.#log = log
    this.#overlay = overlay
    this.#pinned = this.#pinned && repin(this.#pinned, arriving)
    for (const view of this.#views) view.handleChanges(arriving)
    this.#publish()
    for (const message of changed) this.emit('changed', message)
  }

  /** Tells the server which messages this device holds, where others may be waiting to know. */
  #tellHeld(): void {
    const last = this.#log.messages.at(-1)
    if (last === undefined || last.own || this.#info.members.length > limits.deliveryMembers) return
    if (last.number <= (this.#progress.delivered.get(this.#self.identity) ?? 0)) return
    this.#delivery.holds(this.conversationId, last.number)
  }

  #takeProgress(conversation: WireConversation): void {
    for (const { identity, read, delivered } of conversation.members) {
      this.#progress = {
        read: raised(this.#progress.read, identity, read),
        delivered: raised(this.#progress.delivered, identity, delivered),
      }
    }
  }

  async #pageForward(): Promise<void> {
    try {
      while (hasGap(this.#log)) {
        const after = lastNumber(this.#log)
        const page = await this.#signalling.request(
          'conversation.history',
          { conversationId: this.conversationId, after, limit: CATCH_UP_PAGE },
          { idempotent: true },
        )
        this.#take(page.messages)
        // Nothing new although something is said to exist: don't ask in circles.
        if (lastNumber(this.#log) === after) return
      }
    } catch (error) {
      // The next reconnect resumes; a refusal leaves what is held.
      if (!isSangamError(error)) throw error
    }
  }

  #take(messages: readonly Message[]): void {
    const { log, delivered } = receive(
      this.#log,
      messages.map((message) => newest(this.#overlay, this.#stored(message))),
    )
    this.#log = countReplies(log, delivered)
    for (const message of messages) this.#noteOwn(message)
    if (delivered.length > 0) {
      for (const view of this.#views) view.handleMessages(delivered)
      this.#tellHeld()
      this.#publish()
    }
    for (const message of delivered) this.emit('message', message)
  }

  #noteOwn(message: Message): void {
    if (message.senderId !== this.#self.identity) return
    this.#settlePending(this.#stored(message))
    this.#outbox.noteStored(this.conversationId, message.clientMessageId)
  }

  #settlePending(message: StoredMessage): void {
    this.#pending.get(message.clientMessageId)?.resolve(message)
    this.#pending.delete(message.clientMessageId)
  }

  #handleStored(entry: OutboxEntry, receipt: { readonly number: number; readonly sentAt: number }): void {
    const { replyTo } = entry.options ?? {}
    if (replyTo !== undefined && this.#heldAt(replyTo) === undefined) {
      // What it quotes is not here: its echo tells.
      this.#log = learnHighest(this.#log, receipt.number)
      if (hasGap(this.#log)) void this.catchUp()
      return
    }
    // The acknowledgement holds all of the message, so it is shown as sent without waiting for its echo.
    this.handleMessage({
      conversationId: this.conversationId,
      number: receipt.number,
      clientMessageId: entry.clientMessageId,
      senderId: this.#self.identity,
      senderName: this.#self.name,
      text: entry.text,
      sentAt: receipt.sentAt,
      ...this.#sentWith(entry),
    })
  }

  #handleFailed(entry: OutboxEntry, error: SangamError): void {
    this.#publish()
    this.#pending.get(entry.clientMessageId)?.reject(error)
    this.#pending.delete(entry.clientMessageId)
    this.emit('sendFailed', unsentMessage(entry, this.#self))
  }

  #publish(): void {
    this.state.set(this.#snapshot())
  }

  /** What an own message bears that is known before its echo comes. */
  #sentWith({ text, options }: OutboxEntry): Partial<Message> {
    const { thread, preview, replyTo, attachments } = options ?? {}
    const quoted = replyTo === undefined ? undefined : this.#heldAt(replyTo)
    const mentions = [...new Set(Array.from(text.matchAll(/<@([^>\s]+)>/g), ([, identity = '']) => identity))]
    return {
      ...(thread === undefined ? {} : { thread }),
      ...(preview === undefined ? {} : { preview }),
      ...(attachments === undefined ? {} : { attachments: [...attachments] }),
      ...(mentions.length === 0 ? {} : { mentions }),
      ...(quoted === undefined ? {} : { replyTo: quoteOf(quoted) }),
    }
  }

  #snapshot(): ConversationSnapshot {
    const { conversationId, kind, access, title } = this.#info
    const { messages, ahead, base } = this.#log
    // An own message that is stored beyond a gap is shown already; those of others wait until the gap closes.
    const ownAhead = ahead.filter((message) => message.own)
    const stored = new Set([...messages, ...ownAhead].map((message) => message.key))
    const unsent = this.#outbox
      .entries(conversationId)
      .map((entry) => unsentMessage(entry, this.#self))
      .filter((message) => !stored.has(message.key))
    const last = [...ownAhead, ...unsent]
    const { read, delivered } = this.#progress
    const { identity } = this.#self
    const ownRead = read.get(identity) ?? 0
    const unreadHeld = messages.filter((message) => !message.own && message.number > ownRead)
    return {
      conversationId,
      kind,
      access,
      title,
      members: this.#members(),
      messages: last.length === 0 ? messages : [...messages, ...last],
      hasEarlier: base > 0,
      lastNumber: lastNumber(this.#log),
      read,
      delivered,
      unread: unreadHeld.length + Math.max(0, base - ownRead),
      mentioned: unreadHeld.filter(({ mentions = [] }) => mentions.includes(identity)).length,
      typing: this.#typists.list,
      pinned: this.#pinned ?? NONE,
      caughtUp: !this.#isStale,
      ...(this.#gone === undefined ? {} : { gone: this.#gone }),
    }
  }

  /** The same list until members change. */
  #members(): readonly ConversationMember[] {
    if (this.#memberList?.of !== this.#info)
      this.#memberList = { of: this.#info, list: membersOf(this.#info) }
    return this.#memberList.list
  }

  #heldAt(number: number): StoredMessage | undefined {
    return this.#log.messages[number - this.#log.base - 1]
  }

  #stored(message: Message): StoredMessage {
    return storedMessage(message, this.#self)
  }
}

const NONE: readonly ChatMessage[] = []

function progressOf(conversation: WireConversation): Progress {
  return {
    read: new Map(conversation.members.map(({ identity, read }) => [identity, read])),
    delivered: new Map(conversation.members.map(({ identity, delivered }) => [identity, delivered])),
  }
}

function raised(
  numbers: ReadonlyMap<string, number>,
  identity: string,
  number: number,
): ReadonlyMap<string, number> {
  return number > (numbers.get(identity) ?? 0) ? new Map(numbers).set(identity, number) : numbers
}

/** The pinned messages after some messages changed, the one pinned last first. */
function repin(
  pinned: readonly StoredMessage[],
  changed: readonly StoredMessage[],
): readonly StoredMessage[] {
  const byNumber = new Map(pinned.map((message) => [message.number, message]))
  for (const message of changed) {
    if ((byNumber.get(message.number)?.revision ?? 0) <= (message.revision ?? 0)) {
      byNumber.set(message.number, message)
    }
  }
  return [...byNumber.values()]
    .filter(({ pinnedAt }) => pinnedAt !== undefined)
    .sort((a, b) => (b.pinnedAt ?? 0) - (a.pinnedAt ?? 0) || b.number - a.number)
}

function quoteOf({ number, senderId, senderName, text }: StoredMessage): NonNullable<Message['replyTo']> {
  return { number, senderId, senderName, text: text.slice(0, limits.quoteLength) }
}

function ignoreRefusal(error: unknown): void {
  if (!isSangamError(error)) throw error
}
