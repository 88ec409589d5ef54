import { describe, expect, test } from 'vitest'
import type { TestClient } from './support/test-client.ts'
import { startTestServer } from './support/test-server.ts'

const send = (who: TestClient, id: string, more: object = {}) =>
  who.ask('conversation.send', { conversationId: 'team', clientMessageId: id, text: `text ${id}`, ...more })
const change = (number: number, id: string) => ({ conversationId: 'team', number, clientChangeId: id })

const openTeam = async () => {
  const server = await startTestServer()
  const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
  for (const one of [asha, ravi]) await one.ask('conversation.open', { conversationId: 'team' })
  return { server, asha, ravi }
}

describe('changes of messages', () => {
  test('reach everybody who has the conversation open, once each and in order of revision', async () => {
    const { asha, ravi } = await openTeam()
    await send(asha, 'm1')
    await Promise.all([
      asha.ask('message.edit', { ...change(1, 'a'), text: 'new' }),
      asha.ask('message.edit', { ...change(1, 'a'), text: 'new' }),
      ravi.ask('message.react', { ...change(1, 'b'), emoji: '👍', on: true }),
      asha.ask('message.pin', { ...change(1, 'c'), on: true }),
    ])
    const told = await ravi.received('message.changed')
    expect(told.map(({ revision }) => revision)).toEqual([1, 2, 3])
    expect(told.at(-1)?.message).toMatchObject({
      text: 'new',
      editedAt: expect.any(Number),
      pinnedAt: expect.any(Number),
      reactions: [{ emoji: '👍', by: [ravi.identity] }],
    })
    expect(await asha.ask('message.versions', { conversationId: 'team', number: 1 })).toMatchObject({
      versions: [{ text: 'text m1' }],
    })
  })

  test('that were missed come with the one request that opens the conversation again', async () => {
    const { server, asha, ravi } = await openTeam()
    for (const id of ['m1', 'm2', 'm3']) await send(asha, id)
    const before = await ravi.ask('conversation.open', { conversationId: 'team' })
    ravi.close()
    await asha.ask('message.delete', change(1, 'd'))
    await asha.ask('message.edit', { ...change(3, 'e'), text: 'edited' })
    await send(asha, 'm4')
    const again = await server.again(ravi.token)
    const opened = await again.ask('conversation.open', {
      conversationId: 'team',
      after: 3,
      revision: before.revision,
    })
    expect(opened.messages.map(({ number }) => number)).toEqual([4])
    expect(opened.changes).toMatchObject([
      { number: 1, text: '', deletedAt: expect.any(Number) },
      { number: 3, text: 'edited' },
    ])
    expect(opened).toMatchObject({ revision: 2, moreChanges: false })
  })

  test('under an id that was used for another change, or in another conversation, are a conflict and change nothing', async () => {
    const { asha } = await openTeam()
    await send(asha, 'm1')
    await asha.ask('message.edit', { ...change(1, 'a'), text: 'new' })
    expect(await asha.refusal('message.edit', { ...change(1, 'a'), text: 'else' })).toMatchObject({
      code: 'conflict',
    })
    expect(await asha.refusal('message.delete', change(1, 'a'))).toMatchObject({ code: 'conflict' })
    await asha.ask('conversation.open', { conversationId: 'aside' })
    expect(
      await asha.refusal('message.edit', { ...change(1, 'b'), conversationId: 'aside', text: 'x' }),
    ).toMatchObject({ code: 'notFound' })
    await asha.ask('message.delete', change(1, 'd'))
    expect(await asha.refusal('message.edit', { ...change(1, 'e'), text: 'x' })).toMatchObject({
      code: 'wrongState',
    })
    expect((await asha.ask('conversation.open', { conversationId: 'team' })).revision).toBe(2)
  })

  test.each([
    ['a word as an emoji', 'message.react', { emoji: 'lol', on: true }],
    ['markup as an emoji', 'message.react', { emoji: '<b>', on: true }],
    ['two emoji', 'message.react', { emoji: '👍👍', on: true }],
    ['an empty text', 'message.edit', { text: '' }],
    [
      'a script address as a preview',
      'message.edit',
      { text: 'x', preview: { url: 'javascript:alert(1)', title: 't' } },
    ],
    ['an address that is none', 'message.edit', { text: 'x', preview: { url: 'nowhere', title: 't' } }],
    ['the server’s own ids', 'conversation.send', { clientMessageId: 'sangam:call:1', text: 'x' }],
  ])('%s is not valid, and nothing is stored', async (_what, event, payload) => {
    const { asha } = await openTeam()
    await send(asha, 'm1')
    const place = event === 'conversation.send' ? { conversationId: 'team' } : change(1, 'a')
    expect(await asha.refusal(event, { ...place, ...payload })).toMatchObject({ code: 'invalidMessage' })
    const { revision, messages } = await asha.ask('conversation.open', { conversationId: 'team' })
    expect([revision, messages.length]).toEqual([0, 1])
  })
})

describe('answers, threads and mentions', () => {
  test('are told with the message, and mentions are counted for who is named', async () => {
    const { server, asha, ravi } = await openTeam()
    const phone = await server.again(ravi.token)
    await send(asha, 'm1')
    await send(asha, 'm2', { replyTo: 1, thread: 1, text: `<@${ravi.identity}> and <@nobody@x> see <@>` })
    const { message } = await ravi.next('conversation.message', ({ message: { number } }) => number === 2)
    expect(message).toMatchObject({
      replyTo: { number: 1, text: 'text m1' },
      thread: 1,
      mentions: [ravi.identity, 'nobody@x'],
    })
    const listed = await phone.next(
      'conversation.listed',
      ({ conversation }) => conversation.lastNumber === 2,
    )
    expect(listed.conversation).toMatchObject({ unread: 2, mentioned: 1 })
    const { messages } = await ravi.ask('conversation.history', { conversationId: 'team', thread: 1 })
    expect(messages.map(({ number }) => number)).toEqual([2])
    expect(
      await asha.refusal('conversation.send', {
        conversationId: 'team',
        clientMessageId: 'm3',
        text: 'x',
        replyTo: 9,
      }),
    ).toMatchObject({ code: 'notFound' })
    await ravi.ask('conversation.read', { conversationId: 'team', number: 2 })
    const read = await phone.next('conversation.listed', ({ conversation }) => conversation.unread === 0)
    expect(read.conversation).toMatchObject({ unread: 0, mentioned: 0 })
  })

  test('history finds the place of a number and of a moment', async () => {
    let nowMs = 1_700_000_000_000
    const server = await startTestServer({ now: () => nowMs })
    const asha = await server.guest('Asha')
    await asha.ask('conversation.open', { conversationId: 'team' })
    for (let index = 1; index <= 30; index += 1) {
      nowMs += 1000
      await send(asha, `m${index}`)
    }
    const page = async (where: object) => {
      const { messages, more } = await asha.ask('conversation.history', {
        conversationId: 'team',
        limit: 4,
        ...where,
      })
      return [...messages.map(({ number }) => number), more]
    }
    expect(await page({ around: 10 })).toEqual([8, 9, 10, 11, true])
    expect(await page({ around: 1 })).toEqual([1, 2, 3, 4, true])
    expect(await page({ at: 1_700_000_000_000 + 20_000 })).toEqual([18, 19, 20, 21, true])
    expect(await page({ at: 0 })).toEqual([1, 2, 3, 4, true])
    expect(await page({ at: nowMs + 1 })).toEqual([29, 30, false])
  })
})

describe('groups of named members', () => {
  test('are created once however often that is asked, and known to their members alone', async () => {
    const server = await startTestServer()
    const [asha, ravi, eve] = [
      await server.guest('Asha'),
      await server.guest('Ravi'),
      await server.guest('Eve'),
    ]
    const request = { clientConversationId: 'c1', title: 'Plans', members: [ravi.identity] }
    const { conversation } = await asha.ask('conversation.create', request)
    const again = await asha.ask('conversation.create', request)
    const { conversationId } = conversation
    expect(again.conversation.conversationId).toBe(conversationId)
    expect(conversation.members.map(({ identity, role }) => [identity, role])).toEqual([
      [asha.identity, 'owner'],
      [ravi.identity, 'member'],
    ])
    expect((await ravi.next('conversation.listed')).conversation).toMatchObject({ title: 'Plans', unread: 1 })
    expect(await eve.refusal('conversation.open', { conversationId })).toMatchObject({ code: 'notFound' })
    expect(await eve.refusal('conversation.open', { conversationId: 'group:guess' })).toMatchObject({
      code: 'notFound',
    })
    const words = { conversationId, clientMessageId: 'm', text: 'the secret plan' }
    await asha.ask('conversation.send', words)
    const found = async (who: TestClient) =>
      (await who.ask('conversation.search', { query: 'secret pl' })).messages.length
    expect([await found(asha), await found(ravi), await found(eve)]).toEqual([1, 1, 0])
  })

  test('whoever is removed hears no more of it, on any device', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    const { conversation } = await asha.ask('conversation.create', {
      clientConversationId: 'c1',
      title: 'Plans',
      members: [ravi.identity],
    })
    const { conversationId } = conversation
    for (const one of [asha, ravi]) await one.ask('conversation.open', { conversationId })
    await asha.ask('conversation.remove', { conversationId, identity: ravi.identity })
    expect(await ravi.next('conversation.gone')).toEqual({ conversationId, reason: 'removed' })
    await asha.ask('conversation.send', { conversationId, clientMessageId: 'm', text: 'without you' })
    const heard = await ravi.received('conversation.message')
    expect(heard.filter(({ message }) => message.text === 'without you')).toEqual([])
    expect(await ravi.refusal('conversation.history', { conversationId })).toMatchObject({ code: 'notFound' })
    const { conversation: left } = await asha.next(
      'conversation.updated',
      (told) => told.conversation.members.length === 1,
    )
    expect(left.members).toMatchObject([{ identity: asha.identity }])
  })

  test('how one wants a conversation listed is told to all one’s devices', async () => {
    const { server, ravi } = await openTeam()
    const phone = await server.again(ravi.token)
    await ravi.ask('conversation.setPreferences', { conversationId: 'team', pinned: true, mutedUntil: 0 })
    for (const device of [ravi, phone]) {
      const { conversation } = await device.next(
        'conversation.listed',
        (listed) => listed.conversation.pinned,
      )
      expect(conversation).toMatchObject({ pinned: true, archived: false, mutedUntil: 0 })
    }
  })
})

test('who comes into an open group is told to those who have it open', async () => {
  const { asha, ravi } = await openTeam()
  const { conversation } = await asha.next(
    'conversation.updated',
    (told) => told.conversation.members.length === 2,
  )
  expect(conversation.members.map(({ identity, role }) => [identity, role])).toEqual([
    [asha.identity, 'owner'],
    [ravi.identity, 'member'],
  ])
})

describe('states', () => {
  test('delivered and read rise by person, and writing is told on', async () => {
    const { asha, ravi } = await openTeam()
    await send(asha, 'm1')
    await ravi.ask('conversation.delivered', { conversationId: 'team', number: 1 })
    expect(await asha.next('conversation.receipt')).toMatchObject({ read: 0, delivered: 1 })
    await ravi.ask('conversation.read', { conversationId: 'team', number: 1 })
    expect(await asha.next('conversation.receipt')).toMatchObject({ read: 1, delivered: 1 })
    await ravi.ask('conversation.typing', { conversationId: 'team', typing: true })
    expect(await asha.next('conversation.typing')).toMatchObject({ identity: ravi.identity, typing: true })
  })

  test('who is offline was seen when their last connection ended', async () => {
    const { asha, ravi } = await openTeam()
    ravi.close()
    const gone = await asha.next('presence.changed', ({ people: [person] }) => person?.presence === 'offline')
    expect(gone.people).toEqual([
      { identity: ravi.identity, name: 'Ravi', presence: 'offline', lastSeenAt: expect.any(Number) },
    ])
  })
})

describe('a call leaves a line in the chat of the two', () => {
  const call = { media: { audio: true, video: false } }

  test('with its length when it was answered', async () => {
    let nowMs = Date.now()
    const server = await startTestServer({ now: () => nowMs })
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await asha.ask('conversation.open', { withIdentity: ravi.identity })
    const { callId } = await asha.ask('call.start', { to: ravi.identity, ...call })
    await ravi.ask('call.accept', { callId })
    nowMs += 12 * 60_000
    await asha.ask('call.hangup', { callId })
    const { message } = await asha.next('conversation.message')
    expect(message).toMatchObject({
      senderId: asha.identity,
      text: 'Call, 12 min',
      system: { type: 'call', outcome: 'answered', video: false, durationMs: 12 * 60_000 },
    })
    const place = { conversationId: message.conversationId, number: message.number, clientChangeId: 'c' }
    expect(await asha.refusal('message.edit', { ...place, text: 'never called' })).toMatchObject({
      code: 'forbidden',
    })
    expect(await asha.refusal('message.delete', place)).toMatchObject({ code: 'forbidden' })
  })

  test('as missed when nobody was there, so that it waits for them', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    ravi.close()
    await asha.next('presence.changed', ({ people: [person] }) => person?.presence === 'offline')
    await asha.refusal('call.start', { to: ravi.identity, ...call })
    const { conversation } = await asha.next('conversation.listed')
    expect(conversation.lastMessage).toMatchObject({ text: 'Missed call', system: { outcome: 'missed' } })
    const back = await server.again(ravi.token)
    expect((await back.ask('conversation.list', {})).conversations).toMatchObject([
      { unread: 1, title: 'Asha' },
    ])
  })
})
