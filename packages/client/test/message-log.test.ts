import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyLog, hasGap, lastNumber, learnHighest, prepend, receive } from '../src/chat/message-log.ts'

interface Line {
  readonly number: number
}

const lines = (...numbers: number[]): Line[] => numbers.map((number) => ({ number }))
const numbersOf = (list: readonly Line[]): number[] => list.map(({ number }) => number)
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

describe('message log', () => {
  test('messages in order are delivered as they come', () => {
    const first = receive(emptyLog<Line>(0), lines(1))
    const second = receive(first.log, lines(2, 3))
    expect(numbersOf(second.delivered)).toEqual([2, 3])
    expect(numbersOf(second.log.messages)).toEqual([1, 2, 3])
    expect(hasGap(second.log)).toBe(false)
  })

  test('a message beyond a gap waits until the gap closes', () => {
    const ahead = receive(receive(emptyLog<Line>(0), lines(1)).log, lines(3))
    expect(ahead.delivered).toEqual([])
    expect(hasGap(ahead.log)).toBe(true)
    expect(lastNumber(ahead.log)).toBe(1)
    const closed = receive(ahead.log, lines(2))
    expect(numbersOf(closed.delivered)).toEqual([2, 3])
    expect(hasGap(closed.log)).toBe(false)
  })

  test('a doubled message is ignored and the log stays the same value', () => {
    const { log } = receive(emptyLog<Line>(4), lines(5, 6))
    expect(receive(log, lines(5, 6, 4))).toEqual({ log, delivered: [] })
    expect(receive(log, lines(5)).log).toBe(log)
  })

  test('a number that is only heard of makes a gap', () => {
    const log = learnHighest(receive(emptyLog<Line>(0), lines(1)).log, 5)
    expect(hasGap(log)).toBe(true)
    expect(hasGap(receive(log, lines(2, 3, 4, 5)).log)).toBe(false)
  })

  test('an earlier page joins only where it leaves no gap', () => {
    const { log } = receive(emptyLog<Line>(10), lines(11, 12))
    expect(numbersOf(prepend(log, lines(7, 8, 9, 10)).messages)).toEqual(range(7, 12))
    expect(prepend(log, lines(7, 8, 9))).toBe(log)
    expect(prepend(log, lines(11, 12))).toBe(log)
    expect(numbersOf(prepend(log, lines(6, 9, 10)).messages)).toEqual(range(9, 12))
    expect(prepend(emptyLog<Line>(0), lines(1)).base).toBe(0)
  })

  test('whatever the order, doubles, losses and batches: delivered once each, in order, and complete after a catch-up', () => {
    const arrivals = fc.record({
      base: fc.constantFrom(0, 1, 50, 2 ** 31 - 3),
      count: fc.integer({ min: 0, max: 30 }),
      batches: fc.array(fc.array(fc.integer({ min: -2, max: 29 }), { maxLength: 8 }), { maxLength: 30 }),
    })
    fc.assert(
      fc.property(arrivals, ({ base, count, batches }) => {
        let log = emptyLog<Line>(base)
        const delivered: number[] = []
        const take = (numbers: number[]): void => {
          const step = receive(log, lines(...numbers))
          log = step.log
          delivered.push(...numbersOf(step.delivered))
          expect(numbersOf(log.messages)).toEqual(range(base + 1, lastNumber(log)))
          expect(hasGap(log)).toBe(log.ahead.length > 0)
        }
        for (const batch of batches) take(batch.filter((i) => i < count).map((i) => base + 1 + i))
        // What a client asks for after a reconnect: everything after the last number.
        take(range(lastNumber(log) + 1, base + count))
        expect(delivered).toEqual(range(base + 1, base + count))
        expect(hasGap(log)).toBe(false)
      }),
    )
  })
})
