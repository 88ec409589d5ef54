import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { isSangamError } from '../src/errors.ts'
import { AuthorizedHttp } from '../src/files/authorized-http.ts'
import { UploadHandle } from '../src/files/upload.ts'
import { storeReaches } from '../src/store.ts'

const fileId = 'f'.repeat(22)
let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** A server that keeps one upload, and does with the n-th PATCH what `fates` says: keep it all, keep half and break, refuse. */
async function startUploads(fates: ('keep' | 'break' | 'refuse')[]) {
  let held = Buffer.alloc(0)
  let size = 0
  const seen: string[] = []
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const answer = (status: number, value: object): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
      }
      const where = (): object => ({ fileId, offset: held.length, size })
      seen.push(`${request.method} ${request.headers['upload-offset'] ?? ''}`.trim())
      if (request.headers.authorization !== 'Bearer fresh') {
        answer(401, { error: { code: 'tokenExpired', message: 'old' } })
      } else if (request.method === 'POST') {
        size = (JSON.parse(body.toString()) as { size: number }).size
        answer(201, where())
      } else if (request.method !== 'PATCH') {
        answer(200, where())
      } else {
        const fate = fates.shift() ?? 'keep'
        if (fate === 'refuse') return answer(413, { error: { code: 'tooLarge', message: 'no' } })
        held = Buffer.concat([held, fate === 'keep' ? body : body.subarray(0, body.length / 2)])
        if (fate === 'break') request.socket.destroy()
        else answer(200, where())
      }
    })
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  let token = 'stale'
  const http = new AuthorizedHttp(`http://127.0.0.1:${port}`, {
    current: async () => token,
    renew: async () => token,
    invalidate: () => {
      token = 'fresh'
    },
    forget: () => undefined,
    noteExpiry: () => undefined,
  })
  return { http, seen, held: () => held }
}

const bytes = randomBytes(2_500_000)
const file = new File([bytes], 'C:\\pictures\\a.png', { type: 'image/png; charset=x' })

describe('an upload', () => {
  test('goes in pieces and tells how far it is', async () => {
    const { http, seen, held } = await startUploads([])
    const upload = new UploadHandle(http, 'team', file, {})
    const told: number[] = []
    upload.state.subscribe(() => told.push(upload.state.get().sentBytes))
    expect(await upload.done).toEqual({ fileId, name: 'a.png', type: 'image/png', size: 2_500_000 })
    expect(held().equals(bytes)).toBe(true)
    expect(seen).toEqual(['POST', 'POST', 'PATCH 0', 'PATCH 1048576', 'PATCH 2097152'])
    expect([...new Set(told)]).toEqual([0, 1048576, 2097152, 2_500_000])
    expect(upload.state.get().status).toBe('done')
  })

  test('asks after a break how far it came, and goes on there', async () => {
    const { http, seen, held } = await startUploads(['keep', 'break'])
    const upload = new UploadHandle(http, 'team', file, {})
    await storeReaches(upload.state, ({ status }) => status === 'waiting')
    await upload.done
    expect(held().equals(bytes)).toBe(true)
    expect(seen.slice(4)).toEqual(['GET', 'PATCH 1572864'])
  })

  test('that is refused fails, and goes on where it was when it is tried again', async () => {
    const { http, held } = await startUploads(['keep', 'refuse'])
    const upload = new UploadHandle(http, 'team', file, {})
    await expect(upload.done).rejects.toMatchObject({ code: 'tooLarge' })
    expect(upload.state.get()).toMatchObject({ status: 'failed', sentBytes: 1048576 })
    upload.retry()
    await upload.done
    expect(held().equals(bytes)).toBe(true)
  })

  test('that is cancelled sends no more and is forgotten by the server', async () => {
    const { http, seen } = await startUploads(['break', 'break', 'break', 'break'])
    const upload = new UploadHandle(http, 'team', file, {})
    await storeReaches(upload.state, ({ status }) => status === 'waiting')
    await upload.cancel()
    expect(isSangamError(await upload.done.catch((error: unknown) => error), 'discarded')).toBe(true)
    expect(seen.at(-1)).toBe('DELETE')
    expect(upload.state.get().status).toBe('cancelled')
  })
})
