import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CallBook, type CallEffect } from '../src/calls/call.ts'
import type { DeviceRef } from '../src/ports.ts'

const times = { ringMs: 45_000, graceMs: 20_000 }
const media = { audio: true, video: false }
const device = (identity: string, deviceId = `${identity}-1`): DeviceRef => ({ identity, deviceId })

const start = (book: CallBook, from: string, to: string, callId = `${from}-${to}`, nowMs = 0) =>
  book.start(
    {
      callId,
      caller: { ...device(from), name: from },
      callee: { identity: to, name: to },
      reachable: true,
      media,
    },
    nowMs,
  )

describe('the call book on virtual time', () => {
  test('ringing ends exactly at its deadline, not before', () => {
    const book = new CallBook(times)
    start(book, 'asha', 'ravi', 'c', 1000)
    expect(book.nextDeadlineMs()).toBe(46_000)
    expect(book.tick(45_999)).toEqual([])
    expect(book.tick(46_000)).toMatchObject([
      { type: 'ended', reason: 'timeout' },
      { type: 'ended', reason: 'timeout' },
      { type: 'over' },
    ])
    expect(book.nextDeadlineMs()).toBeUndefined()
  })

  test('an accepted call never times out', () => {
    const book = new CallBook(times)
    start(book, 'asha', 'ravi', 'c')
    book.accept('c', device('ravi'), 0)
    expect([book.nextDeadlineMs(), book.tick(10 ** 12)]).toEqual([undefined, []])
  })

  test('a lost device has the grace time from its first loss; coming back stops the clock', () => {
    const book = new CallBook(times)
    start(book, 'asha', 'ravi', 'c')
    book.accept('c', device('ravi'), 0)
    book.deviceLost(device('ravi'), 5000)
    book.deviceLost(device('ravi'), 9000)
    expect(book.nextDeadlineMs()).toBe(25_000)
    expect(book.resume('c', device('ravi')).ok).toBe(true)
    expect(book.tick(25_000)).toEqual([])
    book.deviceLost(device('asha'), 30_000)
    expect(book.tick(50_000)).toMatchObject([
      { type: 'ended', reason: 'disconnected' },
      { type: 'ended', reason: 'disconnected' },
      { type: 'engaged', engaged: false },
      { type: 'over' },
    ])
  })

  test('a caller who is lost while it rings stops ringing after the grace time', () => {
    const book = new CallBook(times)
    start(book, 'asha', 'ravi', 'c')
    book.deviceLost(device('asha'), 0)
    expect(book.tick(20_000)).toContainEqual(
      expect.objectContaining({
        type: 'ended',
        reason: 'disconnected',
        to: expect.objectContaining({ identity: 'ravi' }),
      }),
    )
  })

  test('newer signals queue behind what a device missed until it caught up', () => {
    const book = new CallBook(times)
    start(book, 'asha', 'ravi', 'c')
    book.accept('c', device('ravi'), 0)
    book.deviceLost(device('ravi'), 0)
    const signal = (candidate: string) =>
      book.signal('c', device('asha'), { type: 'candidate', candidate: { candidate } })
    signal('a')
    book.resume('c', device('ravi'))
    expect(signal('b')).toMatchObject({ ok: true, effects: [] })
    expect(book.catchUp('c', device('ravi'))).toMatchObject([
      { signal: { candidate: { candidate: 'a' } } },
      { signal: { candidate: { candidate: 'b' } } },
    ])
    expect(signal('c')).toMatchObject({ effects: [{ type: 'signal' }] })
  })

  test('what is kept for a lost device is bounded', () => {
    const book = new CallBook(times)
    start(book, 'asha', 'ravi', 'c')
    book.accept('c', device('ravi'), 0)
    book.deviceLost(device('ravi'), 0)
    const outcomes = Array.from({ length: 300 }, () =>
      book.signal('c', device('asha'), { type: 'candidate', candidate: null }),
    )
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(256)
    expect(outcomes.at(-1)).toEqual({ ok: false, refusal: { code: 'backlog' } })
  })
})

// What anybody may try, in any order; people p0 to p3 with two devices each, calls by the order of their start.
const person = fc.nat(3)
const actionArbitrary = fc.oneof(
  fc.record({ type: fc.constant('start' as const), who: person, to: person, which: fc.nat(1) }),
  fc.record({
    type: fc.constantFrom('accept', 'reject', 'cancel', 'hangup', 'signal', 'resume', 'lost'),
    who: person,
    which: fc.nat(1),
    call: fc.nat(5),
  }),
  fc.record({ type: fc.constant('wait' as const), ms: fc.nat(60_000) }),
)
type CallAction = typeof actionArbitrary extends fc.Arbitrary<infer Action> ? Action : never

/** Does one action; gives its effects. */
const perform = (book: CallBook, action: CallAction, nowMs: number, newId: string): readonly CallEffect[] => {
  if (action.type === 'wait') return book.tick(nowMs)
  const who = device(`p${action.who}`, `d${action.which}`)
  if ('to' in action) {
    const callee = { identity: `p${action.to}`, name: 'x' }
    const outcome = book.start(
      { callId: newId, caller: { ...who, name: 'x' }, callee, reachable: true, media },
      nowMs,
    )
    return outcome.ok ? outcome.effects : []
  }
  const callId = `c${action.call}`
  if (action.type === 'lost') {
    book.deviceLost(who, nowMs)
    return []
  }
  const outcomes = {
    accept: () => book.accept(callId, who, 0),
    reject: () => book.reject(callId, who, 'declined'),
    cancel: () => book.cancel(callId, who),
    hangup: () => book.hangup(callId, who),
    signal: () => book.signal(callId, who, { type: 'candidate', candidate: null }),
    resume: () => book.resume(callId, who),
  }
  const outcome = outcomes[action.type as keyof typeof outcomes]()
  return outcome.ok ? outcome.effects : []
}

describe('the call book, whatever people try', () => {
  test('nobody is in two calls, engagements balance, signals flow only between the two of an accepted call, everything ends', () => {
    fc.assert(
      fc.property(fc.array(actionArbitrary, { maxLength: 80 }), (actions) => {
        const book = new CallBook(times)
        const engaged = new Map<string, number>()
        const accepted = new Set<string>()
        let nowMs = 0
        let started = 0
        const check = (effects: readonly CallEffect[]): void => {
          for (const effect of effects) {
            if (effect.type === 'accepted') accepted.add(effect.call.callId)
            if (effect.type === 'over') accepted.delete(effect.call.callId)
            if (effect.type === 'signal') expect(accepted).toContain(effect.callId)
            if (effect.type !== 'engaged') continue
            for (const identity of effect.identities) {
              const count = (engaged.get(identity) ?? 0) + (effect.engaged ? 1 : -1)
              expect(count).toBeGreaterThanOrEqual(0)
              expect(count).toBeLessThanOrEqual(1)
              engaged.set(identity, count)
            }
          }
        }
        for (const action of actions) {
          if (action.type === 'wait') nowMs += action.ms
          const sizeBefore = book.size
          check(perform(book, action, nowMs, `c${started}`))
          if (action.type === 'start' && book.size > sizeBefore) started += 1
          expect(book.size).toBeLessThanOrEqual(2)
        }
        check(book.endAll())
        expect([book.size, [...engaged.values()].every((count) => count === 0)]).toEqual([0, true])
      }),
      { numRuns: 500 },
    )
  })
})
