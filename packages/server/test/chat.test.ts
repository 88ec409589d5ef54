import { describe, expect, test } from 'vitest'
import { startTestServer } from './support/test-server.ts'

const text = (index: number) => ({
  conversationId: 'team',
  clientMessageId: `m${index}`,
  text: `text ${index}`,
})

describe('a conversation', () => {
  test('is created when it is first opened, with its title', async () => {
    const server = await startTestServer()
    const asha = await server.guest('Asha')
    const opened = await asha.ask('conversation.open', { conversationId: 'team', title: 'The team' })
    expect(opened).toMatchObject({
      conversation: { conversationId: 'team', kind: 'group', title: 'The team', lastNumber: 0 },
      messages: [],
      more: false,
    })
  })

  test('gives everybody who opened it every message, in order of number and without a gap', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await asha.ask('conversation.open', { conversationId: 'team' })
    await ravi.ask('conversation.open', { conversationId: 'team' })
    const sent = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        (index % 2 === 0 ? asha : ravi).ask('conversation.send', text(index)),
      ),
    )
    expect(sent.map(({ number }) => number).sort((a, b) => a - b)).toEqual(sent.map((_, index) => index + 1))
    await ravi.next('conversation.message', ({ message }) => message.number === 100)
    const numbers = (await ravi.received('conversation.message')).map(({ message }) => message.number)
    expect(numbers).toEqual(Array.from({ length: 99 }, (_, index) => index + 1))
  })

  test('keeps the order in which one person sent, before its first message is even stored', async () => {
    const server = await startTestServer()
    const asha = await server.guest('Asha')
    await asha.ask('conversation.open', { conversationId: 'team' })
    const numbers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => asha.ask('conversation.send', text(index))),
    )
    expect(numbers.map(({ number }) => number)).toEqual(numbers.map((_, index) => index + 1))
  })

  test('a retry with the same clientMessageId gets the same number and is told to nobody twice', async () => {
    const server = await startTestServer()
    const asha = await server.guest('Asha')
    await asha.ask('conversation.open', { conversationId: 'team' })
    const [first, second] = await Promise.all([
      asha.ask('conversation.send', text(1)),
      asha.ask('conversation.send', text(1)),
    ])
    expect(second).toEqual(first)
    expect(await asha.received('conversation.message')).toHaveLength(1)
  })

  test('the same clientMessageId with other content is a conflict; of another sender it is not', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await asha.ask('conversation.open', { conversationId: 'team' })
    await asha.ask('conversation.send', text(1))
    expect(await asha.refusal('conversation.send', { ...text(1), text: 'other' })).toMatchObject({
      code: 'conflict',
    })
    expect(await ravi.ask('conversation.send', text(1))).toMatchObject({ number: 2 })
  })

  test('gives what came after a number, page by page', async () => {
    const server = await startTestServer()
    const asha = await server.guest('Asha')
    await asha.ask('conversation.open', { conversationId: 'team' })
    await Promise.all(Array.from({ length: 250 }, (_, index) => asha.ask('conversation.send', text(index))))
    const opened = await asha.ask('conversation.open', { conversationId: 'team', after: 10 })
    expect(opened.messages.map(({ number }) => number)).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 11),
    )
    expect(opened.more).toBe(true)
    const rest = await asha.ask('conversation.history', { conversationId: 'team', after: 210, limit: 200 })
    expect(rest.messages.map(({ number }) => number)).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 211),
    )
    expect(rest.more).toBe(false)
  })

  test('gives its newest page first and the older ones before it', async () => {
    const server = await startTestServer()
    const asha = await server.guest('Asha')
    await asha.ask('conversation.open', { conversationId: 'team' })
    await Promise.all(Array.from({ length: 60 }, (_, index) => asha.ask('conversation.send', text(index))))
    const opened = await asha.ask('conversation.open', { conversationId: 'team' })
    expect([opened.messages[0]?.number, opened.messages.at(-1)?.number, opened.more]).toEqual([11, 60, true])
    const older = await asha.ask('conversation.history', { conversationId: 'team', before: 11 })
    expect([older.messages[0]?.number, older.messages.at(-1)?.number, older.more]).toEqual([1, 10, false])
  })

  test('counts what is unread, and reading only ever rises, at most to the newest', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await asha.ask('conversation.open', { conversationId: 'team' })
    await ravi.ask('conversation.open', { conversationId: 'team' })
    for (const index of [1, 2, 3]) await asha.ask('conversation.send', text(index))
    const unread = async () => (await ravi.ask('conversation.list', {})).conversations[0]?.unread
    expect(await unread()).toBe(3)
    await ravi.ask('conversation.read', { conversationId: 'team', number: 2 })
    expect(await asha.next('conversation.receipt')).toMatchObject({ identity: ravi.identity, read: 2 })
    await ravi.ask('conversation.read', { conversationId: 'team', number: 1 })
    expect(await unread()).toBe(1)
    await ravi.ask('conversation.read', { conversationId: 'team', number: 99 })
    expect(await asha.next('conversation.receipt')).toMatchObject({ read: 3 })
    expect((await asha.ask('conversation.list', {})).conversations[0]?.unread).toBe(0)
  })

  test('news reach a member who does not have it open, with what is unread', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await ravi.ask('conversation.open', { conversationId: 'team' })
    await asha.ask('conversation.open', { conversationId: 'team' })
    const phone = await server.again(ravi.token)
    await asha.ask('conversation.send', text(1))
    const { conversation } = await phone.next('conversation.listed')
    expect(conversation).toMatchObject({ conversationId: 'team', unread: 1, lastMessage: { text: 'text 1' } })
  })
})

describe('a direct conversation', () => {
  test('is the same whichever of the two opens it, and bears the name of the other', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    const mine = await asha.ask('conversation.open', { withIdentity: ravi.identity })
    const theirs = await ravi.ask('conversation.open', { withIdentity: asha.identity })
    expect(theirs.conversation.conversationId).toBe(mine.conversation.conversationId)
    expect([mine.conversation.title, theirs.conversation.title]).toEqual(['Ravi', 'Asha'])
  })

  test('cannot be read, written or even found by a third person who knows its id', async () => {
    const server = await startTestServer()
    const [asha, ravi, eve] = [
      await server.guest('Asha'),
      await server.guest('Ravi'),
      await server.guest('Eve'),
    ]
    const { conversation } = await asha.ask('conversation.open', { withIdentity: ravi.identity })
    const { conversationId } = conversation
    await asha.ask('conversation.send', { conversationId, clientMessageId: 'm', text: 'secret' })
    const attempts = [
      eve.refusal('conversation.open', { conversationId }),
      eve.refusal('conversation.history', { conversationId }),
      eve.refusal('conversation.send', { conversationId, clientMessageId: 'm', text: 'x' }),
      eve.refusal('conversation.read', { conversationId, number: 1 }),
    ]
    expect((await Promise.all(attempts)).map((error) => error?.code)).toEqual(Array(4).fill('notFound'))
    expect(await eve.received('conversation.message')).toEqual([])
  })

  test('its first message lists it for the other, who never opened it', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    const { conversation } = await asha.ask('conversation.open', { withIdentity: ravi.identity })
    expect((await ravi.ask('conversation.list', {})).conversations).toEqual([])
    await asha.ask('conversation.send', {
      conversationId: conversation.conversationId,
      clientMessageId: 'm',
      text: 'hi',
    })
    expect((await ravi.next('conversation.listed')).conversation).toMatchObject({ title: 'Asha', unread: 1 })
    expect((await ravi.ask('conversation.list', {})).conversations).toHaveLength(1)
  })

  test('may be opened with somebody who is offline, and with nobody who never was here', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    ravi.close()
    expect((await asha.ask('conversation.open', { withIdentity: ravi.identity })).conversation.title).toBe(
      'Ravi',
    )
    expect(await asha.refusal('conversation.open', { withIdentity: 'ghost' })).toMatchObject({
      code: 'notFound',
    })
    expect(await asha.refusal('conversation.open', { withIdentity: asha.identity })).toMatchObject({
      code: 'notFound',
    })
  })
})

describe('the chat of a room', () => {
  test('is open to whoever may chat there, and stands in no list', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await asha.ask('conversation.open', { conversationId: 'room:standup' })
    await ravi.ask('conversation.open', { conversationId: 'room:standup' })
    await asha.ask('conversation.send', { conversationId: 'room:standup', clientMessageId: 'm', text: 'hi' })
    expect((await ravi.next('conversation.message')).message.text).toBe('hi')
    expect((await asha.ask('conversation.list', {})).conversations).toEqual([])
  })
})

test('messages and what was read are there after the server was closed and started again', async () => {
  const first = await startTestServer()
  const asha = await first.guest('Asha')
  await asha.ask('conversation.open', { conversationId: 'team' })
  await asha.ask('conversation.send', text(1))
  await first.sangam.close()
  const second = await startTestServer({ dataDir: first.dataDir })
  const again = await second.again(asha.token)
  expect(again.identity).toBe(asha.identity)
  const { conversations } = await again.ask('conversation.list', {})
  expect(conversations).toMatchObject([{ lastNumber: 1, unread: 0, lastMessage: { text: 'text 1' } }])
  expect(await again.ask('conversation.send', text(1))).toMatchObject({ number: 1 })
})
