import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OutboxChange, OutboxEntry } from '../src/api.ts'
import {
  changesAwaiting,
  EMPTY_OUTBOX,
  enqueue,
  MAX_IN_FLIGHT,
  MAX_INTERNAL_FAILURES,
  markInFlight,
  nextStep,
  type OutboxQueue,
  removeEntry,
  resolveTarget,
  retryEntry,
  type SendOutcome,
  settle,
  supersededBy,
} from '../src/chat/outbox-queue.ts'

const entry = (order: number): OutboxEntry => ({
  conversationId: 'team',
  clientMessageId: `m${order}`,
  senderId: 'asha',
  text: `text ${order}`,
  createdAt: 0,
  order,
})

const change = (order: number, emoji = `${order}`): OutboxChange => ({
  conversationId: 'team',
  clientMessageId: `m${order}`,
  senderId: 'asha',
  change: { type: 'react', emoji, on: true },
  target: { number: 1 },
  createdAt: 0,
  order,
})

/** An outbox and a server with a connection between them that keeps its order until it is cut. */
class ModelServer {
  queue = EMPTY_OUTBOX
  written = 0
  readonly stored: string[] = []
  readonly refused = new Set<string>()
  #now = 0
  #requests: { readonly id: string; readonly follows: string | undefined }[] = []
  #answers: { readonly id: string; readonly outcome: SendOutcome }[] = []

  run(step: string): void {
    this.#now += 1
    switch (step) {
      case 'write':
        this.written += 1
        this.queue = enqueue(this.queue, [entry(this.written)])
        return
      case 'change':
        this.written += 1
        this.queue = enqueue(this.queue, [change(this.written)])
        return
      case 'send':
        this.#send()
        return
      case 'answer':
        this.#answer()
        return
      case 'cut':
        this.#cut()
        return
      default:
        this.#process(step)
    }
  }

  /** From here on nothing goes wrong any more. */
  finish(): void {
    while (this.queue.entries.some(({ failed }) => failed === undefined)) {
      this.#now += 1000
      this.#send()
      while (this.#requests.length > 0) this.#process('store')
      while (this.#answers.length > 0) this.#answer()
    }
  }

  #send(): void {
    for (;;) {
      const step = nextStep(this.queue, this.#now)
      if (step.kind !== 'send') return
      const { clientMessageId } = step.entry
      this.queue = markInFlight(this.queue, clientMessageId)
      this.#requests.push({ id: clientMessageId, follows: step.follows })
    }
  }

  #process(fate: string): void {
    const request = this.#requests.shift()
    if (request === undefined) return
    this.#answers.push({ id: request.id, outcome: this.#outcomeOf(request, fate) })
  }

  #outcomeOf({ id, follows }: { id: string; follows: string | undefined }, fate: string): SendOutcome {
    if (this.stored.includes(id)) return { kind: 'stored' }
    if (fate === 'throttle') {
      return { kind: 'transient', code: 'rateLimited', message: '', retryAfterMs: 3 }
    }
    if (fate === 'refuse') {
      this.refused.add(id)
      return { kind: 'refused', code: 'forbidden', message: '' }
    }
    if (follows !== undefined && !this.stored.includes(follows)) return { kind: 'lost' }
    this.stored.push(id)
    return { kind: 'stored' }
  }

  #answer(): void {
    const answer = this.#answers.shift()
    if (answer !== undefined) this.queue = settle(this.queue, answer.id, answer.outcome, this.#now, 0.5)
  }

  /** What is on the wire, either way, never arrives. */
  #cut(): void {
    const waiting = [...this.#requests, ...this.#answers].map(({ id }) => id)
    this.#requests = []
    this.#answers = []
    for (const id of waiting) this.queue = settle(this.queue, id, { kind: 'lost' }, this.#now, 0.5)
  }
}

const idToSend = (queue: OutboxQueue, now = 0): string | undefined => {
  const step = nextStep(queue, now)
  return step.kind === 'send' ? step.entry.clientMessageId : undefined
}

describe('outbox queue', () => {
  test('sends the oldest first, and each after it names the one that it follows', () => {
    const queue = enqueue(EMPTY_OUTBOX, [entry(2), entry(1)])
    expect(nextStep(queue, 0)).toEqual({ kind: 'send', entry: entry(1), follows: undefined })
    expect(nextStep(markInFlight(queue, 'm1'), 0)).toEqual({ kind: 'send', entry: entry(2), follows: 'm1' })
    expect(nextStep(markInFlight(markInFlight(queue, 'm1'), 'm2'), 0)).toEqual({ kind: 'idle' })
  })

  test('has no more on their way than the window, which closes with a refusal and opens with what is stored', () => {
    const entries = Array.from({ length: 2 * MAX_IN_FLIGHT }, (_, index) => entry(index + 1))
    let queue = enqueue(EMPTY_OUTBOX, entries)
    const sendAll = (): string[] => {
      const sent: string[] = []
      for (let id = idToSend(queue); id !== undefined; id = idToSend(queue)) {
        queue = markInFlight(queue, id)
        sent.push(id)
      }
      return sent
    }
    const first = sendAll()
    expect(first).toHaveLength(MAX_IN_FLIGHT)
    const throttled: SendOutcome = { kind: 'transient', code: 'rateLimited', message: '', retryAfterMs: 0 }
    for (const id of first) queue = settle(queue, id, throttled, 0, 0)
    expect(sendAll()).toEqual(['m1'])
    queue = settle(queue, 'm1', { kind: 'stored' }, 0, 0)
    expect(sendAll()).toEqual(['m2', 'm3'])
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

  test('many refusals of messages that were on their way together are one failed attempt', () => {
    let queue = enqueue(
      EMPTY_OUTBOX,
      Array.from({ length: 8 }, (_, index) => entry(index + 1)),
    )
    for (let order = 1; order <= 8; order += 1) queue = markInFlight(queue, `m${order}`)
    const internal: SendOutcome = { kind: 'transient', code: 'internal', message: 'broken' }
    for (let order = 1; order <= 8; order += 1) queue = settle(queue, `m${order}`, internal, 0, 0.5)
    expect(queue.attempts).toBe(1)
    expect(queue.entries.every(({ failed }) => failed === undefined)).toBe(true)
  })

  test('a change goes out alone: after all before it, before all after it', () => {
    let queue = enqueue(EMPTY_OUTBOX, [entry(1), change(2), change(3), entry(4)])
    queue = markInFlight(queue, 'm1')
    for (const id of ['m1', 'm2', 'm3']) {
      expect(nextStep(queue, 0)).toEqual({ kind: 'idle' })
      queue = settle(queue, id, { kind: 'stored' }, 0, 0)
      const next = idToSend(queue)
      if (next !== undefined) queue = markInFlight(queue, next)
    }
    expect(queue.inFlight).toEqual(['m4'])
  })

  test('a change of a message that is not stored waits for its number, and blocks nobody', () => {
    const waiting = { ...change(2), target: { clientMessageId: 'm1' } }
    const refused: SendOutcome = { kind: 'refused', code: 'forbidden', message: 'no' }
    const failed = settle(
      markInFlight(enqueue(EMPTY_OUTBOX, [entry(1), waiting, entry(3)]), 'm1'),
      'm1',
      refused,
      0,
      0,
    )
    expect(idToSend(failed)).toBe('m3')
    expect(changesAwaiting(failed, 'm1')).toEqual([waiting])
    const stored = removeEntry(resolveTarget(failed, 'm1', 7), 'm1')
    expect(nextStep(stored, 0)).toMatchObject({ kind: 'send', entry: { target: { number: 7 } } })
  })

  test('a newer change makes older ones of its kind needless, and a deletion all; not those on their way', () => {
    const edit = { ...change(4), change: { type: 'edit', text: 'new' } as const }
    const queue = markInFlight(
      enqueue(EMPTY_OUTBOX, [change(1, 'a'), change(2, 'a'), change(3, 'b'), edit]),
      'm1',
    )
    expect(supersededBy(queue, change(9, 'a'))).toEqual(['m2'])
    expect(supersededBy(queue, { ...edit, clientMessageId: 'm9' })).toEqual(['m4'])
    expect(supersededBy(queue, { ...change(9), change: { type: 'delete' } })).toEqual(['m2', 'm3', 'm4'])
    expect(supersededBy(queue, { ...change(9), change: { type: 'delete' }, target: { number: 2 } })).toEqual(
      [],
    )
  })

  test('whatever is throttled, refused, lost or cut: everything is stored once, in the order it was written', () => {
    const step = fc.constantFrom(
      'write',
      'change',
      'send',
      'store',
      'store',
      'throttle',
      'refuse',
      'answer',
      'answer',
      'cut',
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const server = new ModelServer()
        for (const one of steps) server.run(one)
        server.finish()
        const orders = server.stored.map((id) => Number(id.slice(1)))
        expect(orders).toEqual([...orders].sort((a, b) => a - b))
        expect(new Set(orders).size).toBe(orders.length)
        const failed = server.queue.entries.map(({ clientMessageId }) => clientMessageId)
        expect([...server.stored, ...failed]).toHaveLength(server.written)
        expect(failed.every((id) => server.refused.has(id))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
