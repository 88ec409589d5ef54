import { describe, expect, test, vi } from 'vitest'
import { backoffMs } from '../src/connection/backoff.ts'
import { TypedEmitter } from '../src/events.ts'
import { WritableStore } from '../src/store.ts'

describe('emitter', () => {
  test('a listener that throws is reported and the others still hear the event', () => {
    const report = vi.fn()
    const emitter = new TypedEmitter<{ ping: [number] }>(report)
    const heard: number[] = []
    emitter.on('ping', () => {
      throw new Error('broken listener')
    })
    emitter.on('ping', (value) => heard.push(value))
    emitter.emit('ping', 7)
    expect(heard).toEqual([7])
    expect(report).toHaveBeenCalledExactlyOnceWith(new Error('broken listener'))
  })

  test('a listener may remove itself and others while it is called', () => {
    const emitter = new TypedEmitter<{ ping: [] }>()
    const heard: string[] = []
    const removeFirst = emitter.on('ping', () => {
      heard.push('first')
      removeFirst()
    })
    emitter.once('ping', () => heard.push('once'))
    emitter.emit('ping')
    emitter.emit('ping')
    expect(heard).toEqual(['first', 'once'])
  })

  test('the same function added twice is called twice and removed one by one', () => {
    const emitter = new TypedEmitter<{ ping: [] }>()
    const listener = vi.fn()
    const remove = emitter.on('ping', listener)
    emitter.on('ping', listener)
    remove()
    remove()
    emitter.emit('ping')
    expect(listener).toHaveBeenCalledTimes(1)
  })
})

describe('store', () => {
  test('tells subscribers of a change, and of nothing else', () => {
    const store = new WritableStore('a')
    const told = vi.fn()
    const unsubscribe = store.subscribe(told)
    store.set('a')
    expect(told).not.toHaveBeenCalled()
    store.update((value) => `${value}b`)
    expect(store.get()).toBe('ab')
    unsubscribe()
    store.set('c')
    expect(told).toHaveBeenCalledTimes(1)
  })

  test('a subscriber that throws is reported and the others are still told', () => {
    const report = vi.fn()
    const store = new WritableStore(0, report)
    const told = vi.fn()
    store.subscribe(() => {
      throw new Error('broken subscriber')
    })
    store.subscribe(told)
    store.set(1)
    expect(told).toHaveBeenCalledTimes(1)
    expect(report).toHaveBeenCalledTimes(1)
  })
})

describe('backoff', () => {
  test('doubles up to its maximum, half of it random', () => {
    const options = { firstMs: 100, maxMs: 1_000 }
    expect([0, 1, 2, 3, 4, 100].map((attempt) => backoffMs(attempt, 1, options))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ])
    expect(backoffMs(2, 0, options)).toBe(200)
    expect(backoffMs(2, 0.5, options)).toBe(300)
  })
})
