import type {
  ClientEventName,
  Message,
  PayloadOf,
  ReplyOf,
  RequestOf,
  ServerEventName,
} from '@sangam/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ConnectionSnapshot } from '../src/api.ts'
import type { ConversationHandle } from '../src/chat/conversation.ts'
import { Conversations } from '../src/chat/conversations.ts'
import { memoryOutbox } from '../src/chat/memory-outbox.ts'
import { applyChanges, type Changeable, countReplies, newest } from '../src/chat/message-changes.ts'
import { emptyLog, receive } from '../src/chat/message-log.ts'
import { Outbox } from '../src/chat/outbox.ts'
import type { Signalling } from '../src/connection/signalling.ts'
import { errors } from '../src/errors.ts'
import { TypedEmitter } from '../src/events.ts'
import { WritableStore } from '../src/store.ts'

const ASHA = { identity: 'asha', name: 'Asha' }

/** The server's side of one conversation whose messages change, over a connection that may be deaf or cut. */
class ChangingServer implements Signalling {
  readonly state = new WritableStore<ConnectionSnapshot>({ state: 'online', attempt: 0 })
  readonly log: Message[] = []
  revision = 0
  live = true
  readonly requests: string[] = []
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

async function openTeam(server: ChangingServer): Promise<ConversationHandle> {
  const outbox = new Outbox(server, memoryOutbox(), ASHA.identity)
  const conversations = new Conversations(server, outbox, ASHA)
  server.onOnline(() => void conversations.resume())
  return conversations.open('team')
}

/** Lets everything run that waits for nothing but promises. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await Promise.resolve()
}

describe('changes of messages in the SDK', () => {
  test('a change shows at once and is told once; an older state is no news', async () => {
    const server = new ChangingServer(50)
    server.store()
    const team = await openTeam(server)
    const told: string[] = []
    team.on('changed', ({ text }) => told.push(text))
    server.change(1, 'new')
    const [message] = server.log
    if (message !== undefined) team.handleChanged(1, message)
    expect(team.state.get().messages.map(({ text }) => text)).toEqual(['new'])
    expect(told).toEqual(['new'])
  })

  test('messages and changes that were missed come with one request', async () => {
    const server = new ChangingServer(50)
    for (const _ of Array(5)) server.store()
    const team = await openTeam(server)
    server.cut()
    server.change(2, 'changed away')
    server.store()
    server.requests.splice(0)
    server.restore()
    await settle()
    expect(server.requests.filter((event) => event !== 'conversation.list')).toEqual(['conversation.open'])
    expect(team.state.get().messages.map(({ text }) => text)).toEqual(server.log.map(({ text }) => text))
  })

  test('a change that was missed live is asked for when the next one comes', async () => {
    const server = new ChangingServer(50)
    for (const _ of Array(3)) server.store()
    const team = await openTeam(server)
    server.live = false
    server.change(1, 'missed')
    server.live = true
    server.change(2, 'heard')
    await settle()
    expect(team.state.get().messages.map(({ text }) => text)).toEqual(['missed', 'heard', 'text 3'])
  })

  test('whatever is cut, missed or on its way: after the last reconnect all messages stand as on the server, and no state was told after a newer one', async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constant({ do: 'store' as const, at: 0 }) },
      {
        weight: 5,
        arbitrary: fc.record({ do: fc.constant('change' as const), at: fc.integer({ min: 1, max: 12 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('reply' as const), at: fc.integer({ min: 1, max: 4 }) }),
      },
      fc.record({
        do: fc.constantFrom(
          'cut' as const,
          'restore' as const,
          'deaf' as const,
          'hearing' as const,
          'earlier' as const,
          'pause' as const,
        ),
        at: fc.constant(0),
      }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.constantFrom(2, 50), async (steps, pageSize) => {
        const server = new ChangingServer(pageSize)
        for (const _ of Array(4)) server.store()
        const team = await openTeam(server)
        const told = new Map<number, number>()
        team.on('changed', ({ number = 0, revision = 0 }) => {
          expect(revision).toBeGreaterThan(told.get(number) ?? 0)
          told.set(number, revision)
        })
        for (const [index, one] of steps.entries()) {
          if (one.do === 'store') server.store()
          if (one.do === 'reply') server.store(one.at)
          if (one.do === 'change') server.change(one.at, `change ${index}`)
          if (one.do === 'cut') server.cut()
          if (one.do === 'restore') server.restore()
          if (one.do === 'deaf') server.live = false
          if (one.do === 'hearing') server.live = true
          if (one.do === 'earlier') void team.loadEarlier(pageSize).catch(() => {})
          if (one.do === 'pause') await settle()
        }
        server.live = true
        await settle()
        server.cut()
        server.restore()
        for (let turn = 0; turn < 10; turn += 1) await settle()
        while (team.state.get().hasEarlier) await team.loadEarlier(pageSize)
        const seen = team.state
          .get()
          .messages.map(({ number, text, revision, replies }) => [number, text, revision, replies])
        expect(seen).toEqual(
          server.log.map(({ number, text, revision, replies }) => [number, text, revision, replies]),
        )
      }),
      { numRuns: 300 },
    )
  })
})

describe('the parts of it', () => {
  const line = (number: number, revision?: number, more: object = {}) => ({
    number,
    ...(revision === undefined ? {} : { revision }),
    ...more,
  })

  test('a newer state that is known wins over an older one that arrives', () => {
    const { overlay } = applyChanges(emptyLog(0), new Map(), [line(3, 5)])
    expect(newest(overlay, line(3))).toEqual(line(3, 5))
    expect(newest(overlay, line(3, 6))).toEqual(line(3, 6))
    expect(newest(overlay, line(4))).toEqual(line(4))
  })

  test('answers are counted where their thread begins, each once', () => {
    const begun: Changeable[] = [
      { number: 1, replies: { count: 1, last: 2 } },
      { number: 2, thread: 1 },
    ]
    const { log } = receive(emptyLog<Changeable>(0), begun)
    const answers: Changeable[] = [
      { number: 2, thread: 1 },
      { number: 3, thread: 1 },
      { number: 4 },
      { number: 5, thread: 9 },
    ]
    expect(countReplies(log, answers).messages[0]?.replies).toEqual({ count: 2, last: 3 })
  })
})
