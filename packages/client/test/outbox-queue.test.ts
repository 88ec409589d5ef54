import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OutboxEntry } from '../src/api.ts'
import {
  EMPTY_OUTBOX,
  enqueue,
  MAX_INTERNAL_FAILURES,
  markInFlight,
  nextStep,
  type OutboxQueue,
  removeEntry,
  retryEntry,
  type SendOutcome,
  settle,
} from '../src/chat/outbox-queue.ts'

const entry = (order: number): OutboxEntry => ({
  conversationId: 'team',
  clientMessageId: `m${order}`,
  senderId: 'asha',
  text: `text ${order}`,
  createdAt: 0,
  order,
})

const idToSend = (queue: OutboxQueue, now = 0): string | undefined => {
  const step = nextStep(queue, now)
  return step.kind === 'send' ? step.entry.clientMessageId : undefined
}

describe('outbox queue', () => {
  test('sends the oldest first and one at a time', () => {
    const queue = enqueue(EMPTY_OUTBOX, [entry(2), entry(1)])
    expect(idToSend(queue)).toBe('m1')
    expect(nextStep(markInFlight(queue, 'm1'), 0)).toEqual({ kind: 'idle' })
  })

  test('a lost sending is repeated before anything newer', () => {
    const queue = markInFlight(enqueue(EMPTY_OUTBOX, [entry(1), entry(2)]), 'm1')
    expect(idToSend(settle(queue, 'm1', { kind: 'lost' }, 0, 0))).toBe('m1')
  })

  test('a throttled sending waits as long as the server said', () => {
    const queue = markInFlight(enqueue(EMPTY_OUTBOX, [entry(1)]), 'm1')
    const outcome: SendOutcome = { kind: 'transient', code: 'rateLimited', message: '', retryAfterMs: 750 }
    const waiting = settle(queue, 'm1', outcome, 1000, 0)
    expect(nextStep(waiting, 1000)).toEqual({ kind: 'wait', untilMs: 1750 })
    expect(idToSend(waiting, 1750)).toBe('m1')
  })

  test('a refused message fails, blocks nobody, and goes out again at its old place when retried', () => {
    const queue = markInFlight(enqueue(EMPTY_OUTBOX, [entry(1), entry(2)]), 'm1')
    const failed = settle(queue, 'm1', { kind: 'refused', code: 'forbidden', message: 'no' }, 0, 0)
    expect(failed.entries[0]?.failed).toEqual({ code: 'forbidden', message: 'no' })
    expect(idToSend(failed)).toBe('m2')
    expect(idToSend(retryEntry(failed, 'm1'))).toBe('m1')
  })

  test('a server that keeps failing internally is given up after a bounded number of attempts', () => {
    let queue = enqueue(EMPTY_OUTBOX, [entry(1)])
    const internal: SendOutcome = { kind: 'transient', code: 'internal', message: 'broken' }
    for (let attempt = 1; attempt <= MAX_INTERNAL_FAILURES; attempt += 1) {
      expect(queue.entries[0]?.failed).toBeUndefined()
      queue = settle(markInFlight(queue, 'm1'), 'm1', internal, 0, 0.5)
    }
    expect(queue.entries[0]?.failed?.code).toBe('internal')
  })

  test('a message that proves stored while in flight is not sent again, whatever its acknowledgement says', () => {
    const queue = removeEntry(markInFlight(enqueue(EMPTY_OUTBOX, [entry(1), entry(2)]), 'm1'), 'm1')
    expect(idToSend(settle(queue, 'm1', { kind: 'lost' }, 0, 0))).toBe('m2')
  })

  test('whatever is lost or throttled: everything is stored once, in the order it was written', () => {
    const outcome = fc.oneof(
      { weight: 3, arbitrary: fc.constant('stored') },
      { weight: 1, arbitrary: fc.constant('lost') },
      { weight: 1, arbitrary: fc.constant('storedButLost') },
      { weight: 1, arbitrary: fc.constant('throttled') },
    )
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(outcome),
        fc.array(fc.nat(3)),
        (count, fates, bursts) => {
          let queue = EMPTY_OUTBOX
          let now = 0
          let written = 0
          const stored: string[] = []
          const write = (): void => {
            if (written >= count) return
            written += 1
            queue = enqueue(queue, [entry(written)])
          }
          const fate = fates[Symbol.iterator]()
          for (let turn = 0; turn < 500 && stored.length < count; turn += 1) {
            for (let burst = bursts[turn] ?? 1; burst > 0; burst -= 1) write()
            const step = nextStep(queue, now)
            if (step.kind === 'wait') now = step.untilMs
            if (step.kind !== 'send') continue
            const id = step.entry.clientMessageId
            queue = markInFlight(queue, id)
            const end = fate.next().value ?? 'stored'
            // The server stores an id once, however often it comes.
            if ((end === 'stored' || end === 'storedButLost') && !stored.includes(id)) stored.push(id)
            const told: SendOutcome =
              end === 'stored'
                ? { kind: 'stored' }
                : end === 'throttled'
                  ? { kind: 'transient', code: 'rateLimited', message: '', retryAfterMs: 100 }
                  : { kind: 'lost' }
            queue = settle(queue, id, told, now, 0.5)
          }
          expect(stored).toEqual(Array.from({ length: count }, (_, i) => `m${i + 1}`))
        },
      ),
    )
  })
})
