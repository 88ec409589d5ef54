import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { CacheStore, OutboxEntry } from '../src/api.ts'
import { ChatCache } from '../src/chat/chat-cache.ts'
import { Conversations } from '../src/chat/conversations.ts'
import { memoryOutbox } from '../src/chat/memory-outbox.ts'
import { fileCache, fileOutbox } from '../src/chat/node-files.ts'
import { Outbox } from '../src/chat/outbox.ts'
import { storeReaches } from '../src/store.ts'
import { ASHA, ChatServer } from './chat-server.ts'

const folders: string[] = []
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'sangam-client-'))
  folders.push(made)
  return made
}
afterEach(() => {
  for (const one of folders.splice(0)) rmSync(one, { recursive: true, force: true })
})

const entry = (order: number, more: Partial<OutboxEntry> = {}): OutboxEntry => ({
  conversationId: 'team',
  clientMessageId: `m${order}`,
  senderId: 'asha',
  text: `text ${order}\n"quoted"`,
  createdAt: order,
  order,
  ...more,
})

describe('an outbox in a file', () => {
  test('holds over the end of its process what was put and not removed, in order', async () => {
    const path = join(folder(), 'outbox')
    const first = fileOutbox(path)
    for (const order of [3, 1, 2]) await first.put(entry(order))
    await first.put(entry(9, { senderId: 'ravi' }))
    await first.put(entry(2, { failed: { code: 'forbidden', message: 'no' } }))
    await first.remove('asha', 'm1')
    await first.close()
    const again = fileOutbox(path)
    expect(await again.list('asha')).toEqual([
      entry(2, { failed: { code: 'forbidden', message: 'no' } }),
      entry(3),
    ])
    expect(await again.list('ravi')).toHaveLength(1)
    await again.close()
  })

  test('what was put is in the file before put() resolves; a line that was torn is left out', async () => {
    const path = join(folder(), 'outbox')
    const first = fileOutbox(path)
    await first.put(entry(1))
    expect(readFileSync(path, 'utf8')).toContain('"m1"')
    await first.close()
    appendFileSync(
      path,
      `${JSON.stringify({ put: entry(2) })}\n${JSON.stringify({ put: entry(3) }).slice(0, 40)}`,
    )
    const again = fileOutbox(path)
    expect((await again.list('asha')).map(({ order }) => order)).toEqual([1, 2])
    await again.put(entry(4))
    await again.close()
    const last = fileOutbox(path)
    expect((await last.list('asha')).map(({ order }) => order)).toEqual([1, 2, 4])
    await last.close()
  })

  test('says what is wrong where no file can be', async () => {
    await expect(fileOutbox(join(folder(), 'none', 'outbox')).put(entry(1))).rejects.toThrow('ENOENT')
  })
})

test('a cache in a folder gives back what was set, under any key', async () => {
  const path = folder()
  const cache = fileCache(path)
  for (const key of ['a', 'a\n../../etc', 'ä', 'A']) await cache.set(key, { key })
  await cache.remove('a')
  const again = fileCache(path)
  expect(await again.get('a')).toBeUndefined()
  expect(await again.get('a\n../../etc')).toEqual({ key: 'a\n../../etc' })
  expect([await again.get('ä'), await again.get('A')]).toEqual([{ key: 'ä' }, { key: 'A' }])
})

/** A session's conversations over a cache; `end` is what the end of a page leaves time for. */
function begin(server: ChatServer, store: CacheStore) {
  const cache = new ChatCache(store, ASHA.identity)
  const outbox = new Outbox(server, memoryOutbox(), ASHA.identity)
  const conversations = new Conversations(server, outbox, ASHA, cache)
  const stop = server.onOnline(() => void conversations.resume())
  const end = (): Promise<void> => {
    stop()
    return cache.close({ forget: false })
  }
  return { conversations, end }
}

describe('a conversation from the cache', () => {
  const cached = async (server: ChatServer): Promise<CacheStore> => {
    const store = fileCache(folder())
    const { conversations, end } = begin(server, store)
    await conversations.open('team')
    await end()
    return store
  }

  test('is there without the server, and catches up with one request once there is one', async () => {
    const server = new ChatServer(200)
    for (const _ of Array(5)) server.say()
    const store = await cached(server)
    server.cut()
    const { conversations } = begin(server, store)
    const team = await conversations.open('team')
    expect(team.state.get().messages.map(({ text }) => text)).toEqual(server.log.map(({ text }) => text))
    expect(team.state.get().caughtUp).toBe(false)
    server.change(2, 'changed meanwhile')
    server.say()
    server.requests.splice(0)
    server.restore()
    await storeReaches(team.state, ({ lastNumber }) => lastNumber === 6)
    expect(team.state.get().messages.map(({ text }) => text)).toEqual(server.log.map(({ text }) => text))
    expect(team.state.get().caughtUp).toBe(true)
    expect(server.requests.filter((event) => event === 'conversation.open')).toHaveLength(1)
    expect(server.requests).not.toContain('conversation.history')
  })

  test('begins at the end where much came meanwhile, and the rest is loaded as one scrolls', async () => {
    const server = new ChatServer(10)
    for (const _ of Array(5)) server.say()
    const store = await cached(server)
    for (const _ of Array(100)) server.say()
    const { conversations } = begin(server, store)
    const team = await conversations.open('team')
    await storeReaches(team.state, ({ lastNumber }) => lastNumber === 105)
    expect(team.state.get().messages.map(({ number }) => number)).toEqual(
      Array.from({ length: 10 }, (_, index) => 96 + index),
    )
    while (team.state.get().hasEarlier) await team.loadEarlier(10)
    expect(team.state.get().messages).toHaveLength(105)
  })

  test('that is not one’s own any more is gone, here and in the cache', async () => {
    const server = new ChatServer(10)
    server.say()
    const store = await cached(server)
    server.isGone = true
    const first = begin(server, store)
    const team = await first.conversations.open('team')
    await storeReaches(team.state, ({ gone }) => gone === 'removed')
    await first.end()
    await expect(begin(server, store).conversations.open('team')).rejects.toMatchObject({ code: 'notFound' })
  })
})
