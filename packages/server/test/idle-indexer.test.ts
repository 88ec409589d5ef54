import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { IdleIndexer } from '../src/chat/idle-indexer.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const quietMs = 1000

/** An indexer over a store that needs so many steps, and what it asked for. */
const over = (steps: number, onIndex: () => void = () => undefined) => {
  const asked: (readonly string[])[] = []
  let left = steps
  const indexer = new IdleIndexer({
    quietMs,
    index: async (ids) => {
      asked.push(ids)
      onIndex()
      left -= 1
      return left > 0
    },
  })
  return { asked, indexer }
}

test('indexes once nothing was stored for a while, step by step until nothing is left', async () => {
  const { asked, indexer } = over(3)
  indexer.noteNews('a')
  indexer.noteNews('b')
  await vi.advanceTimersByTimeAsync(quietMs)
  expect(asked).toEqual([])
  await vi.advanceTimersByTimeAsync(quietMs)
  expect(asked).toEqual([
    ['a', 'b'],
    ['a', 'b'],
    ['a', 'b'],
  ])
  await vi.advanceTimersByTimeAsync(10 * quietMs)
  expect(asked).toHaveLength(3)
})

test('does nothing while messages come', async () => {
  const { asked, indexer } = over(1)
  for (let turn = 0; turn < 20; turn += 1) {
    indexer.noteNews('a')
    await vi.advanceTimersByTimeAsync(quietMs / 2)
  }
  expect(asked).toEqual([])
  await vi.advanceTimersByTimeAsync(2 * quietMs)
  expect(asked).toEqual([['a']])
})

test('stops in the middle for a message that comes, and goes on later', async () => {
  const late: { indexer?: IdleIndexer } = {}
  const { asked, indexer } = over(3, () => {
    if (asked.length === 1) late.indexer?.noteNews('b')
  })
  late.indexer = indexer
  indexer.noteNews('a')
  await vi.advanceTimersByTimeAsync(2 * quietMs)
  expect(asked).toEqual([['a']])
  await vi.advanceTimersByTimeAsync(3 * quietMs)
  expect(asked.length).toBe(3)
  expect([...(asked.at(-1) ?? [])].sort()).toEqual(['a', 'b'])
})

test('indexes no more once it is closed, and takes a failing store in its stride', async () => {
  const { asked, indexer } = over(1)
  indexer.noteNews('a')
  indexer.close()
  indexer.noteNews('b')
  await vi.advanceTimersByTimeAsync(5 * quietMs)
  expect(asked).toEqual([])
  const failing = new IdleIndexer({ quietMs, index: () => Promise.reject(new Error('full disk')) })
  failing.noteNews('a')
  await vi.advanceTimersByTimeAsync(5 * quietMs)
  failing.close()
})
