import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pattern, type ReceivedMessage, VirtualLink } from './virtual-link.ts'

interface Planned {
  readonly from: 0 | 1
  readonly streamId: number
  readonly bytes: number
  readonly unordered: boolean
  readonly waitMs: number
}

const planned: fc.Arbitrary<Planned> = fc.record({
  from: fc.constantFrom<0 | 1>(0, 1),
  streamId: fc.integer({ min: 0, max: 3 }),
  bytes: fc.oneof(fc.integer({ min: 2, max: 2500 }), fc.integer({ min: 2, max: 60_000 })),
  unordered: fc.boolean(),
  waitMs: fc.constantFrom(0, 0, 0, 15, 200),
})
const network = fc.record({
  delayMs: fc.integer({ min: 1, max: 80 }),
  // At 30 % eleven timeouts in a row do happen, and then the association rightly fails.
  lossShare: fc.constantFrom(0, 0.01, 0.1, 0.15),
  duplicateShare: fc.constantFrom(0, 0.05, 0.3),
  reorderShare: fc.constantFrom(0, 0.05, 0.5),
})
const firstTsn = fc.constantFrom(0, 127, 32767, 65535, 0x7fffffff, 0xffffff00, 0xffffffff)

/** A message whose first two bytes are its number. */
function numbered(index: number, bytes: number): Uint8Array {
  const payload = pattern(bytes, index)
  payload[0] = index >> 8
  payload[1] = index
  return payload
}

const numberOf = ({ payload }: ReceivedMessage): number => ((payload[0] ?? 0) << 8) | (payload[1] ?? 0)

/** Every random number is this one. */
const constant = (value: number) => (below: number) => Math.min(value, below - 1)

describe('on any network', () => {
  test('reliable messages arrive once, whole, and in the order of their stream', () => {
    fc.assert(
      fc.property(
        fc.array(planned, { minLength: 1, maxLength: 40 }),
        network,
        firstTsn,
        fc.integer(),
        (plan, conditions, tsn, seed) => {
          const random = constant(tsn)
          const link = new VirtualLink(conditions, seed, [{ random }, { random }])
          link.connect()
          plan.forEach(({ from, streamId, bytes, unordered, waitMs }, index) => {
            const reliability = { unordered, maxRetransmits: -1, expiresMs: Number.POSITIVE_INFINITY }
            const { association } = link.ends[from]
            expect(association.send(streamId, 53, numbered(index, bytes), reliability, link.nowMs)).toBe(
              'queued',
            )
            if (waitMs > 0) link.run(() => false, waitMs)
          })
          const expected = (to: 0 | 1) => plan.filter(({ from }) => from !== to).length
          const done = () =>
            link.ends[0].received.length === expected(0) && link.ends[1].received.length === expected(1)
          expect(link.run(done, 600_000)).toBe(true)
          expect(link.run(() => link.ends.every(({ association }) => association.isDrained), 600_000)).toBe(
            true,
          )
          for (const { received, association } of link.ends) {
            for (const message of received) {
              const number = numberOf(message)
              expect(message.payload).toEqual(numbered(number, plan[number]?.bytes ?? 0))
              expect(message.streamId).toBe(plan[number]?.streamId)
            }
            expect(new Set(received.map(numberOf)).size).toBe(received.length)
            for (let streamId = 0; streamId < 4; streamId++) {
              const ordered = received
                .filter(
                  (message) => message.streamId === streamId && plan[numberOf(message)]?.unordered === false,
                )
                .map(numberOf)
              expect(ordered).toEqual([...ordered].sort((a, b) => a - b))
            }
            expect(association.heldBytes).toBe(0)
            expect(association.bufferedBytes).toBe(0)
            expect(association.counters().inFlightBytes).toBe(0)
          }
        },
      ),
      { numRuns: 80 },
    )
  })

  test('partly reliable messages arrive once at most, whole, in order, and nothing is left of the others', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            streamId: fc.integer({ min: 0, max: 2 }),
            bytes: fc.integer({ min: 2, max: 20_000 }),
            unordered: fc.boolean(),
            limit: fc.constantFrom<'none' | 'retransmits' | 'lifetime'>('none', 'retransmits', 'lifetime'),
          }),
          { minLength: 1, maxLength: 40 },
        ),
        network,
        firstTsn,
        fc.integer(),
        (plan, conditions, tsn, seed) => {
          const random = constant(tsn)
          const link = new VirtualLink(conditions, seed, [{ random }, { random }])
          link.connect()
          const [a, b] = link.ends
          plan.forEach(({ streamId, bytes, unordered, limit }, index) => {
            const reliability = {
              unordered,
              maxRetransmits: limit === 'retransmits' ? index % 3 : -1,
              expiresMs: limit === 'lifetime' ? link.nowMs + 10 * index : Number.POSITIVE_INFINITY,
            }
            a.association.send(streamId, 53, numbered(index, bytes), reliability, link.nowMs)
          })
          const isDone = () =>
            a.association.bufferedBytes === 0 &&
            a.association.isDrained &&
            plan.every(
              ({ limit }, index) => limit !== 'none' || b.received.some((m) => numberOf(m) === index),
            )
          expect(link.run(isDone, 600_000)).toBe(true)
          link.run(() => false, 2000)
          for (const message of b.received) {
            const number = numberOf(message)
            expect(message.payload).toEqual(numbered(number, plan[number]?.bytes ?? 0))
          }
          expect(new Set(b.received.map(numberOf)).size).toBe(b.received.length)
          for (let streamId = 0; streamId < 3; streamId++) {
            const ordered = b.received
              .filter(
                (message) => message.streamId === streamId && plan[numberOf(message)]?.unordered === false,
              )
              .map(numberOf)
            expect(ordered).toEqual([...ordered].sort((x, y) => x - y))
          }
          expect(b.association.heldBytes).toBe(0)
          expect(a.association.counters().inFlightBytes).toBe(0)
        },
      ),
      { numRuns: 80 },
    )
  })
})
