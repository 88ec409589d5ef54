import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createOutbound } from '../src/outbound/outbound-request.ts'
import { isPublicAddress } from '../src/outbound/public-address.ts'
import { retryDelayMs } from '../src/webhooks/retry-delay.ts'
import { startTestServer } from './support/test-server.ts'

type Delivery = { readonly conversationId: string; readonly number: number; readonly text: string }

let receiver: Server | undefined
afterEach(() => {
  receiver?.closeAllConnections()
  receiver?.close()
})

const key = Buffer.alloc(32, 7)
const webhookSecret = `whsec_${key.toString('base64')}`

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
