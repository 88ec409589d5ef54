import { type ChildProcess, fork } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Message } from '@sangam/protocol'
import pino from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { createOutbound } from '../src/outbound/outbound-request.ts'
import { isPublicAddress } from '../src/outbound/public-address.ts'
import { recordStoreOver } from '../src/records/record-store.ts'
import { openSqliteRunner } from '../src/records/sqlite-runner.ts'
import { retryDelayMs } from '../src/webhooks/retry-delay.ts'
import { WebhookService } from '../src/webhooks/webhook-service.ts'
import { connectWith, guestPass, type TestClient } from './support/test-client.ts'
import { startTestServer, temporaryFolder } from './support/test-server.ts'

type Delivery = { readonly conversationId: string; readonly number: number; readonly text: string }

let receiver: Server | undefined
afterEach(() => {
  receiver?.closeAllConnections()
  receiver?.close()
})

const key = Buffer.alloc(32, 7)
const webhookSecret = `whsec_${key.toString('base64')}`

const idOf = (text: string): string => text.replace(/\W+/g, '-')
const sendText = (client: TestClient, text: string) =>
  client.ask('conversation.send', { conversationId: 'team', clientMessageId: idOf(text), text })
const edit = (client: TestClient, number: number, text: string) =>
  client.ask('message.edit', { conversationId: 'team', number, clientChangeId: idOf(text), text })

/** What a delivery tells. */
const told = (body: string) => {
  const { type, data } = JSON.parse(body) as { type: string; data: { message: Delivery } }
  return [type, data.message.number, data.message.text]
}

/** A backend that answers the n-th delivery with the n-th status, then with 204, and notes what it took. */
const startReceiver = async (statuses: number[]) => {
  const taken: Delivery[] = []
  const seen: { headers: IncomingHttpHeaders; body: string }[] = []
  let onTaken = (): void => undefined
  receiver = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      seen.push({ headers: request.headers, body })
      const status = statuses.shift() ?? 204
      if (status === 204) taken.push((JSON.parse(body) as { data: { message: Delivery } }).data.message)
      response.writeHead(status).end()
      onTaken()
    })
  })
  await new Promise<void>((resolve) => receiver?.listen(0, '127.0.0.1', resolve))
  const { port } = receiver.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    taken,
    seen,
    untilTaken: (count: number): Promise<void> =>
      new Promise((resolve) => {
        onTaken = () => {
          if (taken.length >= count) resolve()
        }
        onTaken()
      }),
  }
}

describe('webhooks', () => {
  test('tell of every message, signed, in order per conversation, again after a refusal', async () => {
    const { url, taken, seen, untilTaken } = await startReceiver([500])
    const server = await startTestServer({ webhookUrl: url, webhookSecret, outboundPrivate: true })
    const asha = await server.guest('Asha')
    for (const conversationId of ['team', 'other']) await asha.ask('conversation.open', { conversationId })
    for (let index = 1; index <= 5; index += 1) {
      for (const conversationId of ['team', 'other']) {
        const clientMessageId = `${conversationId}-${index}`
        await asha.ask('conversation.send', { conversationId, clientMessageId, text: `text ${index}` })
      }
    }
    await untilTaken(10)
    for (const conversationId of ['team', 'other']) {
      const numbers = taken.filter((one) => one.conversationId === conversationId).map(({ number }) => number)
      expect(numbers).toEqual([1, 2, 3, 4, 5])
    }
    for (const { headers, body } of seen) {
      const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
      const signature = createHmac('sha256', key).update(signed).digest('base64')
      expect(headers['webhook-signature']).toBe(`v1,${signature}`)
    }
    expect(server.logLines.join()).not.toContain('whsec_')
  })

  test('go on after a restart with what was not taken, and begin with what is stored once they are set up', async () => {
    const first = await startTestServer()
    const asha = await first.guest('Asha')
    await asha.ask('conversation.open', { conversationId: 'team' })
    const send = (client: typeof asha, id: string) =>
      client.ask('conversation.send', { conversationId: 'team', clientMessageId: id, text: id })
    await send(asha, 'before')
    await first.sangam.close()

    const { url, taken, untilTaken } = await startReceiver(Array.from({ length: 1 }, () => 503))
    const options = { dataDir: first.dataDir, webhookUrl: url, webhookSecret, outboundPrivate: true }
    const second = await startTestServer(options)
    const again = await second.again(asha.token)
    await send(again, 'one')
    await send(again, 'two')
    await second.sangam.close()

    await startTestServer(options)
    await untilTaken(2)
    expect(taken.map(({ text }) => text)).toEqual(['one', 'two'])
  })

  test('tell of changes after the messages that they change, each as it stands, and begin with what changes from then on', async () => {
    const first = await startTestServer()
    const asha = await first.guest('Asha')
    await asha.ask('conversation.open', { conversationId: 'team' })
    await sendText(asha, 'before')
    await edit(asha, 1, 'before, edited')
    await first.sangam.close()

    const { url, seen, untilTaken } = await startReceiver([])
    const options = { dataDir: first.dataDir, webhookUrl: url, webhookSecret, outboundPrivate: true }
    const second = await startTestServer(options)
    const again = await second.again(asha.token)
    await sendText(again, 'one')
    await untilTaken(1)
    await edit(again, 2, 'one, edited')
    await untilTaken(2)
    const emoji = { conversationId: 'team', number: 1, clientChangeId: 'r', emoji: '👍', on: true }
    await again.ask('message.react', emoji)
    await untilTaken(3)
    await again.ask('message.delete', { conversationId: 'team', number: 2, clientChangeId: 'd' })
    await untilTaken(4)
    expect(seen.map(({ headers, body }) => [headers['webhook-id'], ...told(body)])).toEqual([
      ['team.2', 'message.stored', 2, 'one'],
      ['team.r2', 'message.changed', 2, 'one, edited'],
      ['team.r3', 'message.changed', 1, 'before, edited'],
      ['team.r4', 'message.deleted', 2, ''],
    ])
  })

  test('of a server that is killed in the middle arrive in order, once or more, under the same ids', async () => {
    const dataDir = temporaryFolder()
    const ids: string[] = []
    const children: ChildProcess[] = []
    const allStored = Promise.withResolvers<void>()
    const complete = Promise.withResolvers<void>()
    receiver = createServer(async (request, response) => {
      await once(request.resume(), 'end')
      await allStored.promise
      ids.push(String(request.headers['webhook-id']))
      // The process dies while it waits for the answer: it cannot know that this one arrived.
      if (ids.length === 4 || ids.length === 7) children.at(-1)?.kill('SIGKILL')
      else response.writeHead(204).end()
      if (ids.at(-1) === 'team.r3') complete.resolve()
    })
    await new Promise<void>((resolve) => receiver?.listen(0, '127.0.0.1', resolve))
    const { port } = receiver.address() as AddressInfo
    const webhookUrl = `http://127.0.0.1:${port}/hook`
    const options = JSON.stringify({ webhookUrl, webhookSecret, outboundPrivate: true })
    const start = async () => {
      const entry = new URL('./support/chat-process.ts', import.meta.url)
      const child = fork(entry, [dataDir, options], { execArgv: [] })
      children.push(child)
      const [{ url }] = (await once(child, 'message')) as [{ url: string }]
      return { url, exited: once(child, 'exit') }
    }

    const first = await start()
    const { token } = await guestPass(first.url, 'Asha')
    const asha = await connectWith(first.url, token)
    await asha.ask('conversation.open', { conversationId: 'team' })
    for (let number = 1; number <= 6; number += 1) await sendText(asha, `text ${number}`)
    allStored.resolve()
    await first.exited
    asha.close()
    await (await start()).exited
    const last = await start()
    const back = await connectWith(last.url, token)
    for (const number of [1, 2, 3]) await edit(back, number, `edited ${number}`)
    await complete.promise
    back.close()
    children.at(-1)?.kill('SIGKILL')
    const numbers = [1, 2, 3, 4, 4, 5, 6, 6].map(String)
    expect(ids).toEqual([...numbers, 'r1', 'r2', 'r3'].map((place) => `team.${place}`))
  }, 60_000)

  test('of a conversation that an older server told of begin with the changes from then on; no change comes before its message', async () => {
    const records = recordStoreOver(await openSqliteRunner(join(temporaryFolder(), 'records.db')))
    const cursors = records.of<{ number: number }>('webhook')
    for (const [key, number] of [
      ['(began)', 0],
      ['team', 1],
    ] as const) {
      await cursors.put({ key, owner: '', topic: '', atMs: 0, value: { number } })
    }
    const messageOf = (number: number, revision: number): Message => ({
      conversationId: 'team',
      number,
      clientMessageId: `m${number}`,
      senderId: 'asha',
      senderName: 'Asha',
      text: 'text',
      sentAt: 1,
      revision,
    })
    const posted: string[] = []
    const { promise: complete, resolve } = Promise.withResolvers<void>()
    let isSecondStored = false
    const service = new WebhookService({
      url: 'http://backend.example/',
      secret: key,
      records,
      now: () => 1,
      logger: pino({ level: 'silent' }),
      post: async ({ headers }) => {
        posted.push(String(headers['webhook-id']))
        if (posted.length === 2) resolve()
        return { status: 204 }
      },
      log: {
        heads: async (afterId) =>
          afterId === '' ? [{ conversationId: 'team', lastNumber: 1, lastRevision: 5 }] : [],
        after: async (_conversationId, number) => (isSecondStored && number < 2 ? [messageOf(2, 7)] : []),
        changes: async (_conversationId, revision) => {
          // The second message is stored, and changed, between the two readings.
          isSecondStored = true
          return [messageOf(1, 5), messageOf(2, 7)].filter((message) => (message.revision ?? 0) > revision)
        },
      },
    })
    await service.start()
    expect(posted).toEqual([])
    service.hasNews('team')
    await complete
    expect(posted).toEqual(['team.2', 'team.r7'])
    await service.close()
    await records.close()
  })

  test.each([
    [1, 0, 1000],
    [2, 0, 2000],
    [3, 0.5, 3600],
    [40, 0, 3_600_000],
  ])('after %i failures (random %d) the next attempt is %i ms later', (failures, random, expected) => {
    expect(retryDelayMs(failures, random)).toBe(expected)
    expect(retryDelayMs(failures, random, 9_999_999)).toBe(9_999_999)
  })
})

describe('the way out', () => {
  test.each([
    'http://example.com/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://192.168.1.1/',
    'https://localhost/',
  ])('does not lead to %s', async (url) => {
    const outbound = createOutbound({ allowPrivate: false })
    await expect(outbound({ url, headers: {}, body: '' })).rejects.toThrow()
  })

  test.each([
    ['8.8.8.8', true],
    ['2606:4700::1111', true],
    ['10.1.2.3', false],
    ['100.64.0.1', false],
    ['fe80::1', false],
    ['::ffff:8.8.8.8', false],
    ['nonsense', false],
  ])('takes %s for public: %s', (address, isPublic) => {
    expect(isPublicAddress(address)).toBe(isPublic)
  })

  test('follows no redirect', async () => {
    const { url, seen } = await startReceiver([307])
    const outbound = createOutbound({ allowPrivate: true })
    expect(await outbound({ url, headers: {}, body: '{}' })).toMatchObject({ status: 307 })
    expect(seen).toHaveLength(1)
  })
})
