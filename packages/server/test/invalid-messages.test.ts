import { clientEvents, limits } from '@sangam/protocol'
import { describe, expect, test } from 'vitest'
import { startTestServer } from './support/test-server.ts'

const nested = (depth: number): unknown => (depth === 0 ? 'x' : { a: nested(depth - 1) })

const hostile: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  ['a text', 'conversation'],
  ['a list', [1, 2, 3]],
  ['binary', Buffer.from([1, 2, 3])],
  ['an unknown key', { surprise: 1 }],
  ['__proto__', JSON.parse('{"__proto__":{"isAdmin":true},"conversationId":"team"}')],
  ['constructor', { constructor: { prototype: { isAdmin: true } } }],
  ['deep nesting', nested(500)],
  [
    'a huge text',
    { conversationId: 'x'.repeat(60_000), roomId: 'x'.repeat(60_000), callId: 'x'.repeat(60_000) },
  ],
  ['a huge list', { list: Array.from({ length: 20_000 }, () => 1) }],
]

describe('a message that is not valid', () => {
  test.each(hostile)(
    'gets invalidMessage from every event when it is %s, and the connection lives on',
    async (_name, payload) => {
      const server = await startTestServer()
      const client = await server.guest('Asha')
      for (const event of Object.keys(clientEvents)) {
        const code = (await client.refusal(event, payload))?.code
        expect([event, code]).toEqual([event, 'invalidMessage'])
      }
      expect(await client.ask('presence.set', { status: 'online' })).toEqual({})
      expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
    },
  )

  test('names the path and what was expected, and never repeats the content', async () => {
    const server = await startTestServer()
    const client = await server.guest('Asha')
    const error = await client.refusal('conversation.send', {
      conversationId: 'team',
      clientMessageId: 'm',
      text: ['planted'],
    })
    expect(error?.details).toMatchObject({ path: 'text' })
    expect(JSON.stringify(error)).not.toContain('planted')
  })

  test('an event of an unknown name gets unknownEvent, also one that an object inherits', async () => {
    const server = await startTestServer()
    const client = await server.guest('Asha')
    for (const event of ['nope', 'toString', '__proto__', 'constructor', '']) {
      expect([event, (await client.refusal(event, {}))?.code]).toEqual([event, 'unknownEvent'])
    }
  })

  test('an event without an acknowledgement is done all the same', async () => {
    const server = await startTestServer()
    const client = await server.guest('Asha')
    await client.ask('conversation.open', { conversationId: 'team' })
    client.socket.emit('conversation.send', { conversationId: 'team', clientMessageId: 'm', text: 'hello' })
    client.socket.emit('conversation.send', 'rubbish')
    expect((await client.next('conversation.message')).message.text).toBe('hello')
  })

  test('a text may be as long as 16 KiB of UTF-8 and no longer', async () => {
    const server = await startTestServer()
    const client = await server.guest('Asha')
    await client.ask('conversation.open', { conversationId: 'team' })
    const send = (clientMessageId: string, text: string) =>
      client.refusal('conversation.send', { conversationId: 'team', clientMessageId, text })
    expect(await send('a', 'ä'.repeat(limits.textBytes / 2))).toBeUndefined()
    expect((await send('b', `${'ä'.repeat(limits.textBytes / 2)}x`))?.code).toBe('invalidMessage')
    expect((await send('c', 'lone \ud800 surrogate'))?.code).toBe('invalidMessage')
  })

  test.each([64 * 1024, 1024 * 1024 - 512])(
    'a text of %i bytes gets a typed error, nothing is stored, and the connection lives on',
    async (bytes) => {
      const server = await startTestServer()
      const client = await server.guest('Asha')
      await client.ask('conversation.open', { conversationId: 'team' })
      const request = { conversationId: 'team', clientMessageId: 'm', text: 'x'.repeat(bytes) }
      const error = await client.refusal('conversation.send', request)
      expect(error).toMatchObject({ code: 'invalidMessage', details: { path: 'text' } })
      const { messages } = await client.ask('conversation.history', { conversationId: 'team' })
      expect(messages).toEqual([])
    },
  )

  test('a packet beyond 1 MiB ends that connection and no other', async () => {
    const server = await startTestServer()
    const [rude, polite] = [await server.guest('Rude'), await server.guest('Polite')]
    const ended = new Promise((resolve) => rude.socket.once('disconnect', resolve))
    rude.socket.emit('conversation.send', { text: 'x'.repeat(1200 * 1024) })
    await ended
    expect(await polite.ask('presence.set', { status: 'online' })).toEqual({})
  })
})

describe('a flood', () => {
  test('is throttled with an error that says for how long, and passes again after that', async () => {
    let nowMs = Date.now()
    const server = await startTestServer({ rateLimitFactor: 1, now: () => nowMs })
    const client = await server.guest('Asha')
    const codes = await Promise.all(
      Array.from({ length: 120 }, () => client.refusal('presence.set', { status: 'online' })),
    )
    const refused = codes.filter((error) => error?.code === 'rateLimited')
    expect(refused).toHaveLength(20)
    const waitMs = refused[0]?.retryAfterMs ?? 0
    expect(waitMs).toBeGreaterThan(0)
    nowMs += waitMs
    expect(await client.refusal('presence.set', { status: 'online' })).toBeUndefined()
    // Another class of events has a bucket of its own.
    expect(
      await client.refusal('conversation.send', { conversationId: 'x', clientMessageId: 'm', text: 'x' }),
    ).toMatchObject({ code: 'notFound' })
  })

  test('beyond the hard limit ends the connection with a reason', async () => {
    const nowMs = Date.now()
    const server = await startTestServer({ rateLimitFactor: 0.1, now: () => nowMs })
    const client = await server.guest('Asha')
    const ended = new Promise((resolve) => client.socket.once('disconnect', resolve))
    for (let sent = 0; sent < 300; sent += 1) client.socket.emit('nope', {})
    expect(await client.next('session.ended')).toMatchObject({ reason: 'flood' })
    await ended
  })
})
