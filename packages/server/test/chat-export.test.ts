import { expect, test } from 'vitest'
import { startTestServer, type TestServer } from './support/test-server.ts'

const exported = (server: TestServer, token: string, conversationId: string, format: string) =>
  fetch(`${server.url}/api/v1/conversations/${encodeURIComponent(conversationId)}/export?format=${format}`, {
    headers: { authorization: `Bearer ${token}` },
  })

const script = '<script>alert("1")</script> & <img src=x onerror=alert(1)>'

test('a conversation is given out whole, in order and inert', async () => {
  const server = await startTestServer()
  const asha = await server.guest('Asha')
  await asha.ask('conversation.open', { conversationId: 'team', title: '<b>Team</b>' })
  await Promise.all(
    Array.from({ length: 450 }, (_, index) =>
      asha.ask('conversation.send', {
        conversationId: 'team',
        clientMessageId: `m${index}`,
        text: index === 0 ? script : `text ${index}`,
      }),
    ),
  )
  await asha.ask('message.delete', { conversationId: 'team', number: 2, clientChangeId: 'd' })
  const json = await exported(server, asha.token, 'team', 'json')
  const whole = (await json.json()) as { conversation: object; messages: { number: number; text: string }[] }
  expect(whole.conversation).toMatchObject({ conversationId: 'team', title: '<b>Team</b>' })
  expect(whole.messages.map(({ number }) => number)).toEqual(Array.from({ length: 450 }, (_, i) => i + 1))
  expect(whole.messages[0]?.text).toBe(script)
  const html = await exported(server, asha.token, 'team', 'html')
  expect(html.headers.get('content-disposition')).toBe('attachment; filename="conversation.html"')
  expect(html.headers.get('content-security-policy')).toContain('sandbox')
  const page = await html.text()
  expect(page.match(/<article>/g)).toHaveLength(450)
  expect(page).not.toMatch(/<(script|img|b)\b/)
  expect(page).toContain('&#60;script&#62;')
  expect(page).toContain('Message deleted')
})

test('is given to whoever may read it and to nobody else', async () => {
  const server = await startTestServer()
  const [asha, eve] = [await server.guest('Asha'), await server.guest('Eve')]
  const { conversation } = await asha.ask('conversation.create', {
    clientConversationId: 'c',
    title: 'Plans',
    members: [],
  })
  const status = async (token: string, id: string) => (await exported(server, token, id, 'json')).status
  expect(await status(asha.token, conversation.conversationId)).toBe(200)
  expect(await status(eve.token, conversation.conversationId)).toBe(404)
  expect(await status('a.b.c', conversation.conversationId)).toBe(401)
  expect(await status(asha.token, 'room:standup')).toBe(404)
  expect(await status(asha.token, '../../etc')).toBe(404)
  const blind = await server.sangam.tokens.issue({ identity: 'blind', name: 'Blind' })
  expect(await status(blind, 'team')).toBe(403)
})

test('of a room is given to whoever may chat there now', async () => {
  const server = await startTestServer()
  const [asha, eve] = [await server.guest('Asha'), await server.guest('Eve')]
  await asha.ask('room.join', { roomId: 'standup' })
  const conversationId = 'room:standup'
  await asha.ask('conversation.open', { conversationId })
  await asha.ask('conversation.send', { conversationId, clientMessageId: 'm', text: 'notes' })
  const json = await exported(server, asha.token, conversationId, 'json')
  expect(await json.json()).toMatchObject({ messages: [{ text: 'notes' }] })
  expect((await exported(server, eve.token, conversationId, 'json')).status).toBe(200)
  await asha.ask('room.changeSettings', { roomId: 'standup', settings: { locked: true } })
  const refused = await exported(server, eve.token, conversationId, 'json')
  expect([refused.status, await refused.json()]).toMatchObject([
    403,
    { error: { code: 'forbidden', details: { reason: 'notInRoom' } } },
  ])
  expect((await exported(server, asha.token, conversationId, 'html')).status).toBe(200)
  await asha.ask('room.ban', { roomId: 'standup', identity: eve.identity })
  await asha.ask('room.changeSettings', { roomId: 'standup', settings: { locked: false } })
  expect((await exported(server, eve.token, conversationId, 'json')).status).toBe(403)
})
