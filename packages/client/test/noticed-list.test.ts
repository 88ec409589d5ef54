import { beforeEach, describe, expect, test } from 'vitest'
import { NoticedList } from '../src/noticed-list.ts'

type Entry = { readonly id: string; readonly value: number }

let list: NoticedList<Entry>
let answer: PromiseWithResolvers<readonly Entry[]>

const shown = (): string[] => list.store.get().map(({ id, value }) => `${id}${value}`)

beforeEach(() => {
  list = new NoticedList(
    ({ id }) => id,
    (a, b) => a.id.localeCompare(b.id),
  )
  answer = Promise.withResolvers()
})

describe('a list that notices keep up to date', () => {
  test('is what was answered, in order', async () => {
    list.told({ id: 'z', value: 1 })
    const refreshed = list.refresh(() => answer.promise)
    answer.resolve([
      { id: 'b', value: 2 },
      { id: 'a', value: 1 },
    ])
    await refreshed
    expect(shown()).toEqual(['a1', 'b2'])
  })

  test('keeps what was told while the answer was awaited: it is newer', async () => {
    list.told({ id: 'gone', value: 1 })
    const refreshed = list.refresh(() => answer.promise)
    list.told({ id: 'new', value: 1 })
    list.told({ id: 'changed', value: 2 })
    list.toldGone('gone')
    answer.resolve([
      { id: 'changed', value: 1 },
      { id: 'gone', value: 1 },
      { id: 'quiet', value: 1 },
    ])
    await refreshed
    expect(shown()).toEqual(['changed2', 'new1', 'quiet1'])
  })

  test('gives up what this device made up', async () => {
    list.put({ id: 'a', value: 9 })
    const refreshed = list.refresh(() => answer.promise)
    list.put({ id: 'b', value: 9 })
    expect(shown()).toEqual(['a9', 'b9'])
    answer.resolve([{ id: 'a', value: 1 }])
    await refreshed
    expect(shown()).toEqual(['a1'])
  })

  test('stays as it is when the request fails, and the next answer is taken whole', async () => {
    list.told({ id: 'a', value: 1 })
    const refreshed = list.refresh(() => answer.promise)
    list.told({ id: 'a', value: 2 })
    answer.reject(new Error('offline'))
    await expect(refreshed).rejects.toThrow('offline')
    expect(shown()).toEqual(['a2'])
    await list.refresh(async () => [{ id: 'a', value: 3 }])
    expect(shown()).toEqual(['a3'])
  })
})
