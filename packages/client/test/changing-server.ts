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

/** The server's side of one conversation whose messages change, over a connection that may be deaf or cut. */
export class ChangingServer implements Signalling {
  readonly state = new WritableStore<ConnectionSnapshot>({ state: 'online', attempt: 0 })
  readonly log: Message[] = []
  revision = 0
  live = true
  readonly requests: string[] = []
  /** Whether the person may no longer read it. */
  isGone = false
  readonly #pageSize: number
  readonly #notices = new TypedEmitter<Record<string, [unknown]>>()
  readonly #online = new TypedEmitter<{ online: [] }>()

  constructor(pageSize: number) {
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

  store(thread?: number): void {
    const number = this.log.length + 1
    const root = thread === undefined ? undefined : this.log[thread - 1]
    if (thread !== undefined && root !== undefined) {
      this.log[thread - 1] = { ...root, replies: { count: (root.replies?.count ?? 0) + 1, last: number } }
    }
    const message: Message = {
      conversationId: 'team',
      number,
      clientMessageId: `r${number}`,
      senderId: 'ravi',
      senderName: 'Ravi',
      text: `text ${number}`,
      sentAt: number,
      ...(root === undefined || thread === undefined ? {} : { thread }),
    }
    this.log.push(message)
    this.#tell('conversation.message', { message })
  }

  change(number: number, text: string): void {
    const held = this.log[number - 1]
    if (held === undefined) return
    this.revision += 1
    const message = { ...held, text, revision: this.revision }
    this.log[number - 1] = message
    this.#tell('message.changed', { revision: this.revision, message })
  }

  async request<Name extends ClientEventName>(event: Name, payload: RequestOf<Name>): Promise<ReplyOf<Name>> {
    // Answered as of now, told later: what happens meanwhile comes first.
    const answer = this.online
      ? this.#answer(event, payload as Record<string, number | undefined>)
      : undefined
    this.requests.push(event)
    await Promise.resolve()
    await Promise.resolve()
    if (answer === undefined || !this.online) throw errors.offline(event)
    if (this.isGone) throw new SangamError('notFound', 'There is no such conversation.')
    return answer as ReplyOf<Name>
  }

  #tell(event: string, payload: unknown): void {
    if (this.live && this.online) this.#notices.emit(event, payload)
  }

  #answer(event: ClientEventName, { after, before, revision }: Record<string, number | undefined>): unknown {
    switch (event) {
      case 'conversation.open':
        return { conversation: this.#info(), ...this.#page(after, before), ...this.#changes(revision) }
      case 'conversation.history':
        return this.#page(after, before)
      case 'conversation.changes':
        return this.#changes(revision)
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

  #changes(revision: number | undefined): object {
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
