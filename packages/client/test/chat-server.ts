import type {
  ClientEventName,
  Message,
  PayloadOf,
  ReplyOf,
  RequestOf,
  ServerEventName,
} from '@sangam/protocol'
import type { ConnectionSnapshot } from '../src/api.ts'
import type { Signalling } from '../src/connection/signalling.ts'
import { errors, SangamError } from '../src/errors.ts'
import { TypedEmitter } from '../src/events.ts'
import { WritableStore } from '../src/store.ts'

export const ASHA = { identity: 'asha', name: 'Asha' }

/** What becomes of a message or a change on its way: lost there, lost on the way back, or refused. */
export type Fate = 'lost' | 'answerLost' | 'forbidden' | 'rateLimited'

type Payload = Record<string, unknown>

/** The server's side of one conversation, over a connection that may be deaf, cut or lossy. */
export class ChatServer implements Signalling {
  readonly state = new WritableStore<ConnectionSnapshot>({ state: 'online', attempt: 0 })
  readonly log: Message[] = []
  revision = 0
  /** Fates of the next messages and changes. */
  readonly fates: Fate[] = []
  /** Whether live events arrive. */
  live = true
  /** Whether the person may no longer read it. */
  isGone = false
  /** Names of what was asked. */
  readonly requests: string[] = []
  /** What was stored, in order: texts of messages, and changes as `type number`. */
  readonly history: string[] = []
  readonly #pageSize: number
  readonly #changes = new Map<string, number>()
  readonly #notices = new TypedEmitter<Record<string, [unknown]>>()
  readonly #online = new TypedEmitter<{ online: [] }>()

  constructor(pageSize = 50) {
    this.#pageSize = pageSize
  }

  get online(): boolean {
    return this.state.get().state === 'online'
  }

  on<Name extends ServerEventName>(event: Name, listener: (payload: PayloadOf<Name>) => void): () => void {
    return this.#notices.on(event, listener as (payload: unknown) => void)
  }

  onOnline(listener: () => void): () => void {
    return this.#online.on('online', listener)
  }

  cut(): void {
    this.state.set({ state: 'reconnecting', attempt: 1 })
  }

  restore(): void {
    if (this.online) return
    this.state.set({ state: 'online', attempt: 0 })
    this.#online.emit('online')
  }

  /** Stores a message and tells of it. */
  store(senderId: string, clientMessageId: string, text: string, thread?: number): Message {
    const known = this.log.find((one) => one.senderId === senderId && one.clientMessageId === clientMessageId)
    if (known) return known
    const number = this.log.length + 1
    const root = thread === undefined ? undefined : this.log[thread - 1]
    if (thread !== undefined && root !== undefined) {
      this.log[thread - 1] = { ...root, replies: { count: (root.replies?.count ?? 0) + 1, last: number } }
    }
    const message: Message = {
      conversationId: 'team',
      number,
      clientMessageId,
      senderId,
      senderName: senderId,
      text,
      sentAt: number,
      ...(root === undefined || thread === undefined ? {} : { thread }),
    }
    this.log.push(message)
    this.history.push(text)
    this.#tell('conversation.message', { message })
    return message
  }

  /** Somebody else says the next thing. */
  say(thread?: number): void {
    const number = this.log.length + 1
    this.store('ravi', `r${number}`, `text ${number}`, thread)
  }

  /** A message stands differently from now on. */
  change(number: number, text: string): void {
    this.#change(number, (message) => ({ ...message, text }))
  }

  async request<Name extends ClientEventName>(event: Name, payload: RequestOf<Name>): Promise<ReplyOf<Name>> {
    this.requests.push(event)
    const isWrite = event === 'conversation.send' || event in CHANGES
    // Questions are answered as of now and told later: what happens meanwhile comes first.
    const answer = this.online && !isWrite ? this.#answer(event, payload as Payload) : undefined
    await Promise.resolve()
    if (isWrite) return this.#write(event, payload as Payload) as ReplyOf<Name>
    await Promise.resolve()
    if (answer === undefined || !this.online) throw errors.offline(event)
    if (this.isGone) throw new SangamError('notFound', 'There is no such conversation.')
    return answer as ReplyOf<Name>
  }

  #tell(event: string, payload: unknown): void {
    if (this.live && this.online) this.#notices.emit(event, payload)
  }

  #write(event: ClientEventName, payload: Payload): unknown {
    const fate = this.online ? this.fates.shift() : 'lost'
    if (fate === 'forbidden') throw new SangamError('forbidden', 'not here')
    if (fate === 'rateLimited') throw new SangamError('rateLimited', 'too fast', { retryAfterMs: 1 })
    if (fate === 'lost') this.cut()
    if (fate === 'lost') throw errors.offline(event)
    const answer = event === 'conversation.send' ? this.#send(payload) : this.#changed(event, payload)
    if (fate === 'answerLost') this.cut()
    if (fate === 'answerLost') throw errors.offline(event)
    return answer
  }

  #send({ clientMessageId, text }: Payload): unknown {
    const { number, sentAt } = this.store(ASHA.identity, String(clientMessageId), String(text))
    return { number, sentAt }
  }

  #changed(event: ClientEventName, payload: Payload): unknown {
    const { number, clientChangeId } = payload as { number: number; clientChangeId: string }
    const repeated = this.#changes.get(clientChangeId)
    if (repeated !== undefined) return { revision: repeated }
    const held = this.log[number - 1]
    if (held === undefined) throw new SangamError('notFound', 'There is no such message.')
    if (held.deletedAt !== undefined) throw new SangamError('wrongState', 'The message was deleted.')
    this.#change(number, (message) => ({ ...message, ...CHANGES[event]?.(message, payload) }))
    this.history.push(`${event.split('.')[1]} ${number}`)
    this.#changes.set(clientChangeId, this.revision)
    return { revision: this.revision }
  }

  #change(number: number, change: (message: Message) => Message): void {
    const held = this.log[number - 1]
    if (held === undefined) return
    this.revision += 1
    const message = { ...change(held), revision: this.revision }
    this.log[number - 1] = message
    this.#tell('message.changed', { revision: this.revision, message })
  }

  #answer(event: ClientEventName, payload: Payload): unknown {
    const { after, before, revision } = payload as Record<string, number | undefined>
    switch (event) {
      case 'conversation.open':
        return { conversation: this.#info(), ...this.#page(after, before), ...this.#changesAfter(revision) }
      case 'conversation.history':
        return this.#page(after, before)
      case 'conversation.changes':
        return this.#changesAfter(revision)
      case 'conversation.list':
        return { conversations: [] }
      default:
        return {}
    }
  }

  #info(): unknown {
    const members = [{ ...ASHA, role: 'owner', read: 0, delivered: 0 }]
    const lastNumber = this.log.length
    return { conversationId: 'team', kind: 'group', access: 'open', title: 'team', lastNumber, members }
  }

  #changesAfter(revision: number | undefined): object {
    if (revision === undefined) return { changes: [], revision: this.revision, moreChanges: false }
    const changed = this.log
      .filter((message) => (message.revision ?? 0) > revision)
      .sort((a, b) => (a.revision ?? 0) - (b.revision ?? 0))
    const changes = changed.slice(0, this.#pageSize)
    const moreChanges = changed.length > changes.length
    return { changes, moreChanges, revision: moreChanges ? changes.at(-1)?.revision : this.revision }
  }

  #page(after: number | undefined, before: number | undefined): { messages: Message[]; more: boolean } {
    const rest =
      after === undefined ? this.log.slice(0, (before ?? this.log.length + 1) - 1) : this.log.slice(after)
    const messages = after === undefined ? rest.slice(-this.#pageSize) : rest.slice(0, this.#pageSize)
    return { messages, more: rest.length > this.#pageSize }
  }
}

/** What each change makes of its message. */
const CHANGES: Partial<Record<string, (message: Message, payload: Payload) => Partial<Message>>> = {
  'message.edit': (_, { text }) => ({ text: String(text), editedAt: 1 }),
  'message.delete': () => ({ text: '', deletedAt: 1, reactions: undefined }),
  'message.pin': (_, { on }) => ({ pinnedAt: on === true ? 1 : undefined }),
  'message.react': ({ reactions = [] }, { emoji, on }) => {
    const others = reactions.filter((one) => one.emoji !== emoji)
    return { reactions: on === true ? [...others, { emoji: String(emoji), by: [ASHA.identity] }] : others }
  },
}
