import { limits, type Message, type Conversation as WireConversation } from '@sangam/protocol'
import type { Signalling } from '../connection/signalling.ts'
import { isSangamError } from '../errors.ts'
import type { CachedConversation } from './chat-cache.ts'
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
import { type Self, type StoredMessage, storedMessage } from './wire-messages.ts'

/** Messages asked for at once when catching up. */
const CATCH_UP_PAGE = limits.pageSize

/** What a timeline tells the conversation that it belongs to. */
export interface TimelineListener {
  /** The server told how the conversation stands. */
  opened(conversation: WireConversation): void
  /** Messages came, known before or not. */
  arrived(messages: readonly StoredMessage[]): void
  /** New ones at the end, in order, each once. */
  delivered(messages: readonly StoredMessage[]): void
  /** These stand differently; `held` are those of them that are in the log. */
  changed(messages: readonly StoredMessage[], held: readonly StoredMessage[]): void
  /** The log is another one, without any of the above. */
  moved(): void
}

/** What a timeline stands on. */
export interface TimelineHost {
  readonly signalling: Signalling
  readonly self: Self
  readonly listener: TimelineListener
}

/**
 * The stored messages of one conversation on this device, without gap and in their newest state: what comes live is
 * taken in any order, and what was missed is asked for, by number and by revision.
 */
export class Timeline {
  readonly #conversationId: string
  readonly #host: TimelineHost
  #log: MessageLog<StoredMessage>
  /** All changes up to this one are known. */
  #revision: number
  #overlay: Overlay<StoredMessage> = new Map()
  /** It comes from this device's cache and the server was not asked yet. */
  #isStale: boolean
  #catchingUp: Promise<void> | undefined
  #catchingUpChanges: Promise<void> | undefined

  constructor(host: TimelineHost, opened: CachedConversation, source: 'server' | 'cache') {
    this.#host = host
    this.#conversationId = opened.conversation.conversationId
    this.#revision = opened.revision
    this.#isStale = source === 'cache'
    const log = receive(
      emptyLog<StoredMessage>(baseOf(opened)),
      opened.messages.map((message) => this.#stored(message)),
    )
    this.#log = learnHighest(log.log, opened.conversation.lastNumber)
  }

  get log(): MessageLog<StoredMessage> {
    return this.#log
  }

  get revision(): number {
    return this.#revision
  }

  get isStale(): boolean {
    return this.#isStale
  }

  /** The newest states known, of held messages and of others. */
  get newestStates(): readonly StoredMessage[] {
    return [...this.#overlay.values(), ...this.#log.messages]
  }

  /** The message of this number, if it is held. */
  at(number: number): StoredMessage | undefined {
    return this.#log.messages[number - this.#log.base - 1]
  }

  /** The change that made the newest known state of this message; 0 when none is known. */
  revisionOf(number: number): number {
    return Math.max(this.at(number)?.revision ?? 0, this.#overlay.get(number)?.revision ?? 0)
  }

  /** The newer of a message that came by another way and what is known. */
  newest(message: Message): StoredMessage {
    const known = newest(this.#overlay, this.#stored(message))
    const held = this.at(message.number)
    return held !== undefined && (held.revision ?? 0) > (known.revision ?? 0) ? held : known
  }

  /** A message that the server stored, live. */
  take(message: Message): void {
    this.#take([message])
    if (hasGap(this.#log)) void this.catchUp()
  }

  /** Messages up to this one exist. */
  learnLast(number: number): void {
    this.#log = learnHighest(this.#log, number)
    if (hasGap(this.#log)) void this.catchUp()
  }

  /** A message stands differently, as the change of this revision made it. */
  takeChange(revision: number, message: Message): void {
    this.#applyChanges([message])
    if (revision === this.#revision + 1) this.#revision = revision
    else this.learnRevision(revision)
  }

  /** Changes up to this one exist: what was missed is asked for. */
  learnRevision(revision: number): void {
    if (revision > this.#revision) void this.#catchUpChanges()
  }

  /** Loads an earlier page; resolves whether there is still more. */
  async loadEarlier(limit: number): Promise<boolean> {
    if (this.#log.base === 0) return false
    const page = await this.#host.signalling.request(
      'conversation.history',
      { conversationId: this.#conversationId, before: this.#log.base + 1, limit },
      { idempotent: true },
    )
    this.#log = countReplies(
      prepend(
        this.#log,
        page.messages.map((message) => newest(this.#overlay, this.#stored(message))),
      ),
      this.#log.messages,
    )
    this.#host.listener.moved()
    return this.#log.base > 0
  }

  /** Subscribes the new connection and asks for everything that was missed: messages and changes in one request. */
  async resume(): Promise<void> {
    const { listener } = this.#host
    const opened = await this.#open({ after: lastNumber(this.#log), revision: this.#revision })
    listener.opened(opened.conversation)
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
    listener.moved()
    if (opened.moreChanges) await this.#catchUpChanges()
    if (hasGap(this.#log)) await this.catchUp()
  }

  /** Pages forward until no gap is left; one run at a time. */
  catchUp(): Promise<void> {
    this.#catchingUp ??= this.#pageForward().finally(() => {
      this.#catchingUp = undefined
    })
    return this.#catchingUp
  }

  #open(from: { readonly after?: number; readonly revision?: number }) {
    const payload = { conversationId: this.#conversationId, ...from }
    return this.#host.signalling.request('conversation.open', payload, { idempotent: true })
  }

  async #restart(): Promise<void> {
    const opened = await this.#open({})
    this.#isStale = false
    this.#log = emptyLog<StoredMessage>(baseOf(opened))
    this.#revision = opened.revision
    this.#take(opened.messages)
    this.#host.listener.moved()
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
        const page = await this.#host.signalling.request(
          'conversation.changes',
          { conversationId: this.#conversationId, revision: this.#revision },
          { idempotent: true },
        )
        this.#applyChanges(page.changes)
        this.#revision = Math.max(this.#revision, page.revision)
        more = page.moreChanges
      }
    } catch (error) {
      // The next reconnect resumes; a refusal leaves what is held.
      ignoreRefusal(error)
    }
  }

  async #pageForward(): Promise<void> {
    try {
      while (hasGap(this.#log)) {
        const after = lastNumber(this.#log)
        const page = await this.#host.signalling.request(
          'conversation.history',
          { conversationId: this.#conversationId, after, limit: CATCH_UP_PAGE },
          { idempotent: true },
        )
        this.#take(page.messages)
        // Nothing new although something is said to exist: don't ask in circles.
        if (lastNumber(this.#log) === after) return
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
    this.#host.listener.changed(arriving, changed)
  }

  #take(messages: readonly Message[]): void {
    const arriving = messages.map((message) => newest(this.#overlay, this.#stored(message)))
    const { log, delivered } = receive(this.#log, arriving)
    this.#log = countReplies(log, delivered)
    this.#host.listener.arrived(arriving)
    if (delivered.length > 0) this.#host.listener.delivered(delivered)
  }

  #stored(message: Message): StoredMessage {
    return storedMessage(message, this.#host.self)
  }
}

function baseOf({ messages, conversation }: Pick<CachedConversation, 'messages' | 'conversation'>): number {
  return (messages[0]?.number ?? conversation.lastNumber + 1) - 1
}

function ignoreRefusal(error: unknown): void {
  if (!isSangamError(error)) throw error
}
