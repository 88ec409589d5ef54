import { afterEach, describe, expect, test } from 'vitest'
import { EnhancedEventEmitter, enhancedOnce } from '../../src/api/enhanced-event-emitter.ts'
import { setLogEventListeners } from '../../src/api/logger.ts'

type DoorEvents = { opened: [by: string]; closed: [] }

afterEach(() => setLogEventListeners())

describe('safeEmit()', () => {
  test('calls every listener, whatever the ones before it throw', () => {
    const door = new EnhancedEventEmitter<DoorEvents>()
    const heard: string[] = []
    const errors: unknown[] = []
    door.on('opened', () => {
      throw new Error('first')
    })
    door.once('opened', () => {
      throw 'no error object'
    })
    door.on('opened', (by) => heard.push(by))
    door.on('listenererror', (eventName, error) => errors.push([eventName, error.message]))
    expect(door.safeEmit('opened', 'asha')).toBe(true)
    expect(heard).toEqual(['asha'])
    expect(errors).toEqual([
      ['opened', 'first'],
      ['opened', 'no error object'],
    ])
  })

  test('calls a once() listener once, even if it throws', () => {
    const door = new EnhancedEventEmitter<DoorEvents>()
    let calls = 0
    door.once('closed', () => {
      calls += 1
      throw new Error('once')
    })
    door.safeEmit('closed')
    expect(door.safeEmit('closed')).toBe(false)
    expect(calls).toBe(1)
  })

  test('survives a listener of listenererror that throws, and logs it', () => {
    const logged: string[] = []
    setLogEventListeners({ onerror: (_namespace, log, error) => logged.push(`${log}: ${error?.message}`) })
    const door = new EnhancedEventEmitter<DoorEvents>()
    door.on('closed', () => {
      throw new Error('first')
    })
    door.on('listenererror', () => {
      throw new Error('second')
    })
    expect(door.safeEmit('closed')).toBe(true)
    expect(logged).toEqual([expect.stringContaining('second')])
  })

  test('survives a log receiver that throws', () => {
    setLogEventListeners({
      onerror: () => {
        throw new Error('log')
      },
    })
    const door = new EnhancedEventEmitter<DoorEvents>()
    door.on('closed', () => {
      throw new Error('first')
    })
    expect(door.safeEmit('closed')).toBe(true)
  })
})

test('emit() lets the error of a listener out', () => {
  const door = new EnhancedEventEmitter<DoorEvents>()
  door.on('closed', () => {
    throw new Error('out')
  })
  expect(() => door.emit('closed')).toThrow('out')
})

test('enhancedOnce() resolves with the arguments, and rejects when aborted', async () => {
  const door = new EnhancedEventEmitter<DoorEvents>()
  const opened = enhancedOnce(door, 'opened')
  door.safeEmit('opened', 'ravi')
  expect(await opened).toEqual(['ravi'])
  const abort = new AbortController()
  const never = enhancedOnce(door, 'opened', { signal: abort.signal })
  abort.abort()
  await expect(never).rejects.toMatchObject({ name: 'AbortError' })
})
