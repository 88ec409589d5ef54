import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ConversationHandle } from '../src/chat/conversation.ts'
import { Conversations } from '../src/chat/conversations.ts'
import { memoryOutbox } from '../src/chat/memory-outbox.ts'
import { applyChanges, type Changeable, countReplies, newest } from '../src/chat/message-changes.ts'
import { emptyLog, receive } from '../src/chat/message-log.ts'
import { Outbox } from '../src/chat/outbox.ts'
import { ASHA, ChatServer } from './chat-server.ts'

async function openTeam(server: ChatServer): Promise<ConversationHandle> {
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
    const server = new ChatServer(50)
    server.say()
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
    const server = new ChatServer(50)
    for (const _ of Array(5)) server.say()
    const team = await openTeam(server)
    server.cut()
    server.change(2, 'changed away')
    server.say()
    server.requests.splice(0)
    server.restore()
    await settle()
    expect(server.requests.filter((event) => event !== 'conversation.list')).toEqual(['conversation.open'])
    expect(team.state.get().messages.map(({ text }) => text)).toEqual(server.log.map(({ text }) => text))
  })

  test('a change that was missed live is asked for when the next one comes', async () => {
    const server = new ChatServer(50)
    for (const _ of Array(3)) server.say()
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
        const server = new ChatServer(pageSize)
        for (const _ of Array(4)) server.say()
        const team = await openTeam(server)
        const told = new Map<number, number>()
        team.on('changed', ({ number = 0, revision = 0 }) => {
          expect(revision).toBeGreaterThan(told.get(number) ?? 0)
          told.set(number, revision)
        })
        for (const [index, one] of steps.entries()) {
          if (one.do === 'store') server.say()
          if (one.do === 'reply') server.say(one.at)
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
