import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { startTestServer } from './support/test-server.ts'

let service: Server | undefined
afterEach(() => {
  service?.closeAllConnections()
  service?.close()
})

type Notification = {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly payload: unknown
}

/** A browser's own keys. */
const makeBrowser = () => {
  const ecdh = createECDH('prime256v1')
  const auth = randomBytes(16)
  const p256dh = ecdh.generateKeys()
  /** Decrypts a message of one record (RFC 8188 section 2, RFC 8291 section 3.4). */
  const decrypt = (body: Buffer): unknown => {
    const salt = body.subarray(0, 16)
    const keyLength = body[20] ?? 0
    const senderKey = body.subarray(21, 21 + keyLength)
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), p256dh, senderKey])
    const ikm = Buffer.from(hkdfSync('sha256', ecdh.computeSecret(senderKey), auth, info, 32))
    const key = Buffer.from(hkdfSync('sha256', ikm, salt, 'Content-Encoding: aes128gcm\0', 16))
    const nonce = Buffer.from(hkdfSync('sha256', ikm, salt, 'Content-Encoding: nonce\0', 12))
    const record = body.subarray(21 + keyLength)
    const decipher = createDecipheriv('aes-128-gcm', key, nonce)
    decipher.setAuthTag(record.subarray(-16))
    const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()])
    return JSON.parse(padded.subarray(0, padded.lastIndexOf(2)).toString())
  }
  return { keys: { p256dh: p256dh.toString('base64url'), auth: auth.toString('base64url') }, decrypt }
}

/** A push service for one browser. `/gone` is a subscription that it no longer knows. */
const startService = async (browser: ReturnType<typeof makeBrowser>) => {
  const told: Notification[] = []
  let onTold = (): void => undefined
  service = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const path = request.url ?? ''
      told.push({ path, headers: request.headers, payload: browser.decrypt(Buffer.concat(chunks)) })
      response.writeHead(path === '/gone' ? 410 : 201).end()
      onTold()
    })
  })
  await new Promise<void>((resolve) => service?.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
    told,
    untilTold: (count: number): Promise<void> =>
      new Promise((resolve) => {
        onTold = () => {
          if (told.length >= count) resolve()
        }
        onTold()
      }),
  }
}

const start = async () => {
  const browser = makeBrowser()
  const pushService = await startService(browser)
  const server = await startTestServer({ outboundPrivate: true, pushContact: 'mailto:ops@example.org' })
  const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
  for (const client of [asha, ravi]) await client.ask('conversation.open', { conversationId: 'team' })
  let sent = 0
  const send = (text: string) => {
    sent += 1
    return asha.ask('conversation.send', { conversationId: 'team', clientMessageId: `m${sent}`, text })
  }
  const subscribe = (path: string, showText: boolean) =>
    ravi.ask('push.subscribe', { endpoint: `${pushService.origin}${path}`, keys: browser.keys, showText })
  const leave = async (): Promise<void> => {
    const gone = asha.next('presence.changed', ({ people }) =>
      people.some(({ identity, presence }) => identity === ravi.identity && presence === 'offline'),
    )
    ravi.close()
    await gone
  }
  return { server, asha, ravi, send, subscribe, leave, ...pushService }
}

describe('push', () => {
  test('tells members without a connection, with the words only where they want them, encrypted for their browser', async () => {
    const { asha, ravi, send, subscribe, leave, told, untilTold } = await start()
    await subscribe('/silent', false)
    await subscribe('/wordy', true)
    await send('seen by everybody who is here')
    // Whom a message is pushed to is decided when the store has said who the members are; it answers one after another.
    await asha.ask('conversation.history', { conversationId: 'team', before: 2 })
    await leave()
    await send('nobody is here to read this')
    await untilTold(2)
    const payloads = new Map(told.map(({ path, payload }) => [path, payload]))
    const title = 'Asha in team'
    expect(payloads.get('/silent')).toEqual({ type: 'message', conversationId: 'team', title })
    expect(payloads.get('/wordy')).toEqual({
      type: 'message',
      conversationId: 'team',
      title,
      text: 'nobody is here to read this',
    })
    expect(told).toHaveLength(2)
    expect(ravi.violations).toEqual([])
  })

  test('proves who sends by the key that the browser subscribed with', async () => {
    const { asha, send, subscribe, leave, told, untilTold, origin } = await start()
    const { publicKey } = await asha.ask('push.key', {})
    await subscribe('/one', false)
    await leave()
    await send('hello')
    await untilTold(1)
    const { headers } = told[0] as Notification
    const [, token = '', key] = /^vapid t=([^,]+), ?k=(.+)$/.exec(headers.authorization ?? '') ?? []
    expect(key).toBe(publicKey)
    const [head = '', claims = '', signature = ''] = token.split('.')
    const point = Buffer.from(publicKey, 'base64url')
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    }
    const isRight = verify(
      'sha256',
      Buffer.from(`${head}.${claims}`),
      { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    )
    expect(isRight).toBe(true)
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      aud: origin,
      sub: 'mailto:ops@example.org',
    })
    expect(headers.ttl).toBe('86400')
    expect(headers['content-encoding']).toBe('aes128gcm')
  })

  test('forgets a subscription that its service no longer knows, and one that was ended', async () => {
    const { server, ravi, send, subscribe, leave, told, untilTold, origin } = await start()
    await subscribe('/gone', false)
    await subscribe('/ended', false)
    await subscribe('/kept', false)
    await ravi.ask('push.unsubscribe', { endpoint: `${origin}/ended` })
    await leave()
    await send('one')
    await untilTold(2)
    // Only when both were answered is the next one a question of what is left.
    await expect.poll(() => told.map(({ path }) => path).sort()).toEqual(['/gone', '/kept'])
    await server.guest('Somebody')
    await send('two')
    await untilTold(3)
    expect(told.at(-1)?.path).toBe('/kept')
    expect(server.logLines.join()).not.toContain(origin)
  })

  test('rings somebody who is away, and the call waits for them', async () => {
    const { server, asha, ravi, subscribe, leave, told, untilTold } = await start()
    await subscribe('/one', false)
    await leave()
    const { callId } = await asha.ask('call.start', {
      to: ravi.identity,
      media: { audio: true, video: true },
    })
    await untilTold(1)
    expect(told[0]?.payload).toEqual({ type: 'call', callId, from: 'Asha', video: true })
    const back = await server.again(ravi.token)
    await back.next('call.incoming', (call) => call.callId === callId)
  })
})
