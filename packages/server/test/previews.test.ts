import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fetchPage, publicWeb } from '../src/previews/fetch-page.ts'
import { pageFacts } from '../src/previews/page-facts.ts'
import { startTestServer } from './support/test-server.ts'

const seen: IncomingMessage[] = []
const pages = new Map<string, (response: ServerResponse) => void>()
const site = createServer((request, response) => {
  seen.push(request)
  const page = pages.get(request.url ?? '')
  if (page === undefined) response.writeHead(404).end()
  else page(response)
})
let port = 0
let url = ''

beforeAll(async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  site.listen(0, '127.0.0.1', resolve)
  await promise
  port = (site.address() as AddressInfo).port
  url = `http://127.0.0.1:${port}`
})
afterAll(() => {
  site.closeAllConnections()
  site.close()
})

/** A page of this site, and the address that it has there. */
const serve = (path: string, body: string | Buffer, type = 'text/html; charset=utf-8'): string => {
  pages.set(path, (response) =>
    response.writeHead(200, { 'content-type': type, 'set-cookie': 'a=b' }).end(body),
  )
  return url + path
}
const redirect = (path: string, location: string): string => {
  pages.set(path, (response) => response.writeHead(302, { location, 'set-cookie': 'a=b' }).end())
  return url + path
}
/** This site alone may be fetched from. */
const here = (address: string, at: number): boolean => address === '127.0.0.1' && at === port

describe('fetching a page for a preview', () => {
  test('reads a page, through few redirects, without cookie, credentials or referrer', async () => {
    const page = serve('/page', '<title>Hello</title>')
    expect(await fetchPage(redirect('/away', page), here)).toContain('Hello')
    const { headers } = seen.at(-1) ?? {}
    expect(Object.keys(headers ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ])
    redirect('/round', `${url}/round`)
    const before = seen.length
    expect(await fetchPage(`${url}/round`, here)).toBeUndefined()
    expect(seen.length - before).toBe(4)
  })

  test('goes to no address that is not public, however it is written, and to no other port', async () => {
    const before = seen.length
    serve('/secret', '<title>Secret</title>')
    for (const host of [
      '127.0.0.1',
      'localhost',
      '2130706433',
      '0x7f.1',
      '017700000001',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '0',
    ]) {
      expect(await fetchPage(`http://${host}:${port}/secret`, publicWeb)).toBeUndefined()
      expect(
        await fetchPage(`http://${host}:${port}/secret`, (address) => publicWeb(address, 80)),
      ).toBeUndefined()
    }
    expect(seen).toHaveLength(before)
    expect([
      publicWeb('93.184.216.34', 443),
      publicWeb('93.184.216.34', 22),
      publicWeb('10.0.0.1', 80),
    ]).toEqual([true, false, false])
    for (const address of [
      `file:///etc/passwd`,
      `ftp://127.0.0.1:${port}/`,
      `http://a:b@127.0.0.1:${port}/secret`,
    ]) {
      expect(await fetchPage(address, here)).toBeUndefined()
    }
    expect(seen).toHaveLength(before)
  })

  test('a redirect is checked like the first address', async () => {
    const inner = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end('<title>Inner</title>'),
    )
    const { promise, resolve } = Promise.withResolvers<void>()
    inner.listen(0, '127.0.0.1', resolve)
    await promise
    const asked: string[] = []
    inner.on('request', ({ url: path = '' }) => asked.push(path))
    const other = `http://localhost:${(inner.address() as AddressInfo).port}/inner`
    expect(await fetchPage(redirect('/to-inner', other), here)).toBeUndefined()
    expect(await fetchPage(redirect('/to-file', 'file:///etc/passwd'), here)).toBeUndefined()
    expect(asked).toEqual([])
    inner.close()
  })

  test('takes HTML alone, uncompressed, and no more of it than half a megabyte', async () => {
    expect(await fetchPage(serve('/image', 'GIF89a', 'image/gif'), here)).toBeUndefined()
    pages.set('/packed', (response) =>
      response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' }).end('x'),
    )
    expect(await fetchPage(`${url}/packed`, here)).toBeUndefined()
    pages.set('/endless', (response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      const write = (): void => {
        while (!response.destroyed && response.write('<title>Endless</title>'.padEnd(64 * 1024))) {}
        if (!response.destroyed) response.once('drain', write)
      }
      write()
    })
    expect((await fetchPage(`${url}/endless`, here))?.length).toBe(512 * 1024)
  })

  test('reads the encoding that the page is in', async () => {
    const words = Buffer.from('<meta charset="iso-8859-1"><title>Gr\u00fc\u00dfe</title>', 'latin1')
    expect(pageFacts((await fetchPage(serve('/latin', words, 'text/html'), here)) ?? '')?.title).toBe('Grüße')
    expect(await fetchPage(serve('/odd', 'ok', 'text/html; charset=no-such'), here)).toBe('ok')
  })
})

describe('what a page says of itself', () => {
  test('Open Graph comes before the title and the description', () => {
    const html = `<head><title>Plain</title><meta name=description content="In &quot;short&quot;">
      <meta property="og:title" content="Better"></head><body><meta property="og:title" content="Late"><title>Later</title>`
    expect(pageFacts(html)).toEqual({ title: 'Better', description: 'In "short"' })
    expect(pageFacts('<title> Two\n\t lines\u202e </title>')).toEqual({ title: 'Two lines' })
    expect(pageFacts('<p>none</p>')).toBeUndefined()
  })

  test('is cut to its bounds, between characters', () => {
    const title = pageFacts(`<title>${'👍'.repeat(300)}</title>`)?.title ?? ''
    expect(title.length).toBeLessThanOrEqual(200)
    expect(title.isWellFormed()).toBe(true)
    expect(
      pageFacts(`<title>t</title><meta name="description" content="${'d'.repeat(9000)}">`)?.description,
    ).toHaveLength(500)
  })
})

describe('message.preview', () => {
  const team = { conversationId: 'team' }

  test('is off unless the operator switched it on', async () => {
    const server = await startTestServer()
    const asha = await server.guest('Asha')
    const before = seen.length
    const refusal = await asha.refusal('message.preview', {
      ...team,
      url: serve('/off', '<title>Off</title>'),
    })
    expect(refusal?.code).toBe('unsupported')
    expect(seen).toHaveLength(before)
  })

  test('gives title and description; nothing, and no reason, where there is no page to be had', async () => {
    const server = await startTestServer({ linkPreviews: true, previewTarget: here })
    const asha = await server.guest('Asha')
    await asha.ask('conversation.open', team)
    const page = serve('/news', '<title>News</title><meta name="description" content="Of today">')
    expect(await asha.ask('message.preview', { ...team, url: page })).toEqual({
      preview: { url: page, title: 'News', description: 'Of today' },
    })
    for (const nothing of [`${url}/missing`, 'http://10.1.2.3/', 'http://127.0.0.1:1/']) {
      expect(await asha.ask('message.preview', { ...team, url: nothing })).toEqual({})
    }
    expect((await asha.refusal('message.preview', { ...team, url: 'file:///etc/passwd' }))?.code).toBe(
      'invalidMessage',
    )
  })

  test('a server of the public web alone fetches nothing of its own machine', async () => {
    const server = await startTestServer({ linkPreviews: true })
    const asha = await server.guest('Asha')
    await asha.ask('conversation.open', team)
    const before = seen.length
    expect(await asha.ask('message.preview', { ...team, url: serve('/own', '<title>Own</title>') })).toEqual(
      {},
    )
    expect(seen).toHaveLength(before)
  })

  test('one person can’t have many made', async () => {
    const server = await startTestServer({ linkPreviews: true, previewTarget: here, rateLimitFactor: 0.1 })
    const asha = await server.guest('Asha')
    await asha.ask('conversation.open', team)
    const request = { ...team, url: `${url}/missing` }
    for (const _ of Array(2)) await asha.ask('message.preview', request)
    expect(await asha.refusal('message.preview', request)).toMatchObject({
      code: 'rateLimited',
      retryAfterMs: expect.any(Number),
    })
  })
})
