import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ChatMessage, OutboxStore } from '../src/api.ts'
import type { ConversationHandle } from '../src/chat/conversation.ts'
import { Conversations } from '../src/chat/conversations.ts'
import { memoryOutbox } from '../src/chat/memory-outbox.ts'
import { Outbox } from '../src/chat/outbox.ts'
import { ASHA, ChatServer } from './chat-server.ts'

async function openTeam(
  server: ChatServer,
  store: OutboxStore = memoryOutbox(),
): Promise<{ team: ConversationHandle; conversations: Conversations; outbox: Outbox }> {
  const outbox = new Outbox(server, store, ASHA.identity)
  const conversations = new Conversations(server, outbox, ASHA)
  server.onOnline(() => void conversations.resume())
  await outbox.load()
  return { team: await conversations.open('team'), conversations, outbox }
}

/** Lets everything run that waits for nothing but promises. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve()
}

const texts = (messages: readonly ChatMessage[]): string[] => messages.map(({ text }) => text)

describe('conversation', () => {
  test('a message is shown at once and resolves as stored', async () => {
    const server = new ChatServer()
    const { team } = await openTeam(server)
    const sent = team.send('hello')
    expect(team.state.get().messages).toMatchObject([{ text: 'hello', state: 'sending', own: true }])
    await expect(sent).resolves.toMatchObject({ number: 1, state: 'sent' })
    expect(team.state.get().messages).toMatchObject([{ text: 'hello', state: 'sent', number: 1 }])
  })

  test('one whose answer was lost is not stored twice', async () => {
    const server = new ChatServer()
    const { team } = await openTeam(server)
    server.fates.push('answerLost')
    const sent = team.send('once')
    await settle()
    server.restore()
    await expect(sent).resolves.toMatchObject({ number: 1 })
    await settle()
    expect(texts(server.log as unknown as ChatMessage[])).toEqual(['once'])
    expect(team.state.get().messages).toHaveLength(1)
  })

  test('a refused message fails, can be retried and can be given up', async () => {
    const server = new ChatServer()
    const { team } = await openTeam(server)
    server.fates.push('forbidden', 'forbidden')
    await expect(team.send('no')).rejects.toMatchObject({ code: 'forbidden' })
    const [failed] = team.state.get().messages
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'forbidden' } })
    const id = failed?.clientMessageId ?? ''
    await expect(team.retry(id)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(team.retry(id)).resolves.toMatchObject({ number: 1 })
    server.fates.push('forbidden')
    await expect(team.send('never')).rejects.toMatchObject({ code: 'forbidden' })
    await team.discard(team.state.get().messages[1]?.clientMessageId ?? '')
    expect(texts(team.state.get().messages)).toEqual(['no'])
  })

  test('what an earlier page left unsent goes out before anything new', async () => {
    const server = new ChatServer()
    const store = memoryOutbox()
    const before = await openTeam(server, store)
    server.cut()
    before.team.send('first').catch(() => {})
    before.team.send('second').catch(() => {})
    await settle()
    before.conversations.close()
    await before.outbox.close({ forget: false })
    const { team } = await openTeam(server, store).catch(() => ({ team: undefined }))
    expect(team).toBeUndefined()
    server.restore()
    const after = await openTeam(server, store)
    await after.team.send('third')
    expect(texts(server.log as unknown as ChatMessage[])).toEqual(['first', 'second', 'third'])
    await settle()
    expect(await store.list(ASHA.identity)).toEqual([])
  })

  test('too long a text is refused before it can break the connection', async () => {
    const { team } = await openTeam(new ChatServer())
    await expect(team.send('x'.repeat(16 * 1024 + 1))).rejects.toMatchObject({ code: 'tooLarge' })
    await expect(team.send('')).rejects.toMatchObject({ code: 'invalidOptions' })
    expect(team.state.get().messages).toEqual([])
  })

  test('earlier pages join without gap, and say when there are no more', async () => {
    const server = new ChatServer(3)
    for (let i = 1; i <= 7; i += 1) server.store('ravi', `r${i}`, `${i}`)
    const { team } = await openTeam(server)
    expect(texts(team.state.get().messages)).toEqual(['5', '6', '7'])
    expect(team.state.get().unread).toBe(7)
    expect(await team.loadEarlier()).toBe(true)
    expect(await team.loadEarlier()).toBe(false)
    expect(texts(team.state.get().messages)).toEqual(['1', '2', '3', '4', '5', '6', '7'])
  })

  test('one reconnect brings everything that was missed, however many pages it takes', async () => {
    const server = new ChatServer(2)
    const { team } = await openTeam(server)
    server.cut()
    for (let i = 1; i <= 9; i += 1) server.store('ravi', `r${i}`, `${i}`)
    server.restore()
    await settle()
    expect(texts(team.state.get().messages)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9'])
  })

  test('a gap that a live message shows is filled without a reconnect', async () => {
    const server = new ChatServer()
    const { team } = await openTeam(server)
    server.live = false
    server.store('ravi', 'r1', 'missed')
    server.live = true
    server.store('ravi', 'r2', 'heard')
    expect(team.state.get().messages).toEqual([])
    await settle()
    expect(texts(team.state.get().messages)).toEqual(['missed', 'heard'])
  })

  test('a list that was read before a message does not take it back when its answer comes after', async () => {
    const server = new ChatServer()
    const { conversations } = await openTeam(server)
    const refreshed = conversations.refresh()
    server.say()
    expect(await refreshed).toMatchObject([{ conversationId: 'team', lastMessage: { text: 'text 1' } }])
  })

  test('reading counts down what is unread, and never goes back', async () => {
    const server = new ChatServer()
    for (let i = 1; i <= 3; i += 1) server.store('ravi', `r${i}`, `${i}`)
    const { team } = await openTeam(server)
    await team.markRead(2)
    expect(team.state.get().unread).toBe(1)
    await team.markRead(1)
    team.handleReceipt('asha', { read: 1, delivered: 1 })
    expect(team.state.get().read.get('asha')).toBe(2)
  })

  test('whatever is lost, cut or missed: after the last reconnect both sides hold the same log, each message once', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant('send' as const) },
      { weight: 2, arbitrary: fc.constant('other' as const) },
      fc.constantFrom('cut', 'restore', 'deaf', 'hearing', 'loseNext', 'loseNextAnswer', 'pause'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.constantFrom(2, 50), async (steps, pageSize) => {
        const server = new ChatServer(pageSize)
        const { team } = await openTeam(server)
        const heard: number[] = []
        team.on('message', ({ number }) => heard.push(number ?? 0))
        const own: string[] = []
        let count = 0
        for (const one of steps) {
          count += 1
          if (one === 'send') own.push(`own ${count}`)
          if (one === 'send') void team.send(`own ${count}`)
          if (one === 'other') server.store('ravi', `r${count}`, `other ${count}`)
          if (one === 'cut') server.cut()
          if (one === 'restore') server.restore()
          if (one === 'deaf') server.live = false
          if (one === 'hearing') server.live = true
          if (one === 'loseNext') server.fates.push('lost')
          if (one === 'loseNextAnswer') server.fates.push('answerLost')
          if (one === 'pause') await settle()
        }
        server.live = true
        // Each planned loss costs one more reconnect.
        for (let turn = steps.length; turn >= 0; turn -= 1) {
          await settle()
          server.cut()
          server.restore()
          await settle()
        }
        while (own.length > server.log.filter((one) => one.senderId === 'asha').length) await settle()
        await settle()
        expect(texts(team.state.get().messages)).toEqual(server.log.map(({ text }) => text))
        expect(heard).toEqual(server.log.map(({ number }) => number))
        expect(server.log.filter((one) => one.senderId === 'asha').map(({ text }) => text)).toEqual(own)
      }),
      { numRuns: 200 },
    )
  })
})
