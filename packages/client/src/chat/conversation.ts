import { limits, type Message, type ReplyOf, type Conversation as WireConversation } from '@sangam/protocol'
import type {
  ChatMessage,
  Conversation,
  ConversationEvents,
  ConversationSnapshot,
  OutboxEntry,
} from '../api.ts'
import type { Signalling } from '../connection/signalling.ts'
import { errors, isSangamError, type SangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import { randomId } from '../random-id.ts'
import { WritableStore } from '../store.ts'
import {
  emptyLog,
  hasGap,
  lastNumber,
  learnHighest,
  type MessageLog,
  prepend,
  receive,
} from './message-log.ts'
import { errorOf, type Outbox } from './outbox.ts'

type StoredMessage = ChatMessage & { readonly number: number }
type Opened = ReplyOf<'conversation.open'>

/** Messages asked for at once when catching up. */
const CATCH_UP_PAGE = 200
const DEFAULT_PAGE = 50

/** Who the session is, for telling own messages from others'. */
export interface Self {
  readonly identity: string
  readonly name: string
}

interface PendingSend {
  readonly resolve: (message: ChatMessage) => void
  readonly reject: (error: SangamError) => void
}

/** One conversation on this device: the log of numbered messages, the own ones on their way, and who has read what. */
export class ConversationHandle extends TypedEmitter<ConversationEvents> implements Conversation {
  readonly conversationId: string
  readonly state: WritableStore<ConversationSnapshot>
  readonly #signalling: Signalling
  readonly #outbox: Outbox
  readonly #self: Self
  #info: WireConversation
  #log: MessageLog<StoredMessage>
  #read: ReadonlyMap<string, number>
  readonly #pending = new Map<string, PendingSend>()
  #catchingUp: Promise<void> | undefined

  constructor(signalling: Signalling, outbox: Outbox, self: Self, opened: Opened) {
    super()
    this.#signalling = signalling
    this.#outbox = outbox
    this.#self = self
    this.conversationId = opened.conversation.conversationId
    this.#info = opened.conversation
    this.#read = readNumbers(opened.conversation)
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
  }

  async send(text: string): Promise<ChatMessage> {
    // Checked here, not by the server alone: what exceeds its socket's bound would break the connection each time.
    if (text === '') throw errors.invalidOptions('A message needs a text.')
    if (new TextEncoder().encode(text).length > limits.textBytes) throw errors.tooLarge(limits.textBytes)
    const clientMessageId = randomId()
    const { promise, resolve, reject } = Promise.withResolvers<ChatMessage>()
    this.#pending.set(clientMessageId, { resolve, reject })
    try {
      await this.#outbox.add(this.conversationId, clientMessageId, text)
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
    this.#log = prepend(
      this.#log,
      page.messages.map((message) => this.#stored(message)),
    )
    this.#publish()
    return this.#log.base > 0
  }

  async markRead(number: number = lastNumber(this.#log)): Promise<void> {
    if (number <= (this.#read.get(this.#self.identity) ?? 0)) return
    this.handleReceipt(this.#self.identity, number)
    const payload = { conversationId: this.conversationId, number }
    await this.#signalling.request('conversation.read', payload, { idempotent: true })
  }

  /** A message that the server stored, live. */
  handleMessage(message: Message): void {
    this.#take([message])
    if (hasGap(this.#log)) void this.catchUp()
  }

  /** Somebody has read up to `read`. */
  handleReceipt(identity: string, read: number): void {
    if (read <= (this.#read.get(identity) ?? 0)) return
    this.#read = new Map(this.#read).set(identity, read)
    this.#publish()
    this.emit('receipt', { identity, read })
  }

  /** Subscribes the new connection and asks for everything after the last number held. */
  async resume(): Promise<void> {
    const { conversationId } = this
    const payload = { conversationId, after: lastNumber(this.#log) }
    const opened = await this.#signalling.request('conversation.open', payload, { idempotent: true })
    this.#info = opened.conversation
    for (const [identity, read] of readNumbers(opened.conversation)) {
      if (read > (this.#read.get(identity) ?? 0)) this.#read = new Map(this.#read).set(identity, read)
    }
    this.#log = learnHighest(this.#log, opened.conversation.lastNumber)
    this.#take(opened.messages)
    this.#publish()
    if (hasGap(this.#log)) await this.catchUp()
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
    this.removeAll()
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
      messages.map((message) => this.#stored(message)),
    )
    this.#log = log
    for (const message of messages) this.#noteOwn(message)
    if (delivered.length > 0) this.#publish()
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
    // The acknowledgement holds all of the message, so it is shown as sent without waiting for its echo.
    this.handleMessage({
      conversationId: this.conversationId,
      number: receipt.number,
      clientMessageId: entry.clientMessageId,
      senderId: this.#self.identity,
      senderName: this.#self.name,
      text: entry.text,
      sentAt: receipt.sentAt,
    })
  }

  #handleFailed(entry: OutboxEntry, error: SangamError): void {
    this.#publish()
    this.#pending.get(entry.clientMessageId)?.reject(error)
    this.#pending.delete(entry.clientMessageId)
    this.emit('sendFailed', this.#unsent(entry))
  }

  #publish(): void {
    this.state.set(this.#snapshot())
  }

  #snapshot(): ConversationSnapshot {
    const { conversationId, kind, title, members } = this.#info
    const { messages, ahead, base } = this.#log
    // An own message that is stored beyond a gap is shown already; those of others wait until the gap closes.
    const ownAhead = ahead.filter((message) => message.own)
    const stored = new Set([...messages, ...ownAhead].map((message) => message.key))
    const unsent = this.#outbox
      .entries(conversationId)
      .map((entry) => this.#unsent(entry))
      .filter((message) => !stored.has(message.key))
    const last = [...ownAhead, ...unsent]
    const ownRead = this.#read.get(this.#self.identity) ?? 0
    const unreadHeld = messages.filter((message) => !message.own && message.number > ownRead).length
    return {
      conversationId,
      kind,
      title,
      members,
      messages: last.length === 0 ? messages : [...messages, ...last],
      hasEarlier: base > 0,
      lastNumber: lastNumber(this.#log),
      read: this.#read,
      unread: unreadHeld + Math.max(0, base - ownRead),
    }
  }

  #stored(message: Message): StoredMessage {
    const own = message.senderId === this.#self.identity
    return { ...message, key: `${message.senderId}/${message.clientMessageId}`, own, state: 'sent' }
  }

  #unsent(entry: OutboxEntry): ChatMessage {
    const error = errorOf(entry)
    return {
      key: `${entry.senderId}/${entry.clientMessageId}`,
      conversationId: entry.conversationId,
      clientMessageId: entry.clientMessageId,
      senderId: entry.senderId,
      senderName: this.#self.name,
      text: entry.text,
      sentAt: entry.createdAt,
      own: true,
      state: error === undefined ? 'sending' : 'failed',
      ...(error === undefined ? {} : { error }),
    }
  }
}

function readNumbers(conversation: WireConversation): ReadonlyMap<string, number> {
  return new Map(conversation.members.map(({ identity, read }) => [identity, read]))
}
