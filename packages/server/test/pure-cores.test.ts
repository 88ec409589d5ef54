import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { grantsSchema } from '../src/access/grants.ts'
import { may } from '../src/access/policy.ts'
import { localAddresses } from '../src/config/network-addresses.ts'
import { AddressLimiter } from '../src/http/address-limiter.ts'
import { listenInfosFor } from '../src/media/listen-infos.ts'
import { PresenceBook } from '../src/presence/presence.ts'
import { fullBucket, RateLimiter, take } from '../src/socket/rate-limit.ts'
import { risingClock } from '../src/socket/rising-clock.ts'

test('a rising clock goes on from where it was when the time of day is set back', () => {
  let nowMs = 1000
  const uptime = risingClock(() => nowMs)
  const read = (): number[] =>
    [1000, 1010, 10, 15, 5000, 4000, 4001].map((time) => {
      nowMs = time
      return uptime()
    })
  expect(read()).toEqual([1000, 1010, 1010, 1015, 6000, 6000, 6001])
})

describe('a token bucket', () => {
  const limits = { capacity: 3, perSecond: 2 }

  test('lets its capacity through at once, then says when the next one passes', () => {
    let bucket = fullBucket
    const waits = Array.from({ length: 5 }, () => {
      const result = take(bucket, limits, 0)
      bucket = result.bucket
      return result.retryAfterMs
    })
    expect(waits).toEqual([0, 0, 0, 500, 500])
    expect(take(bucket, limits, 499).retryAfterMs).toBe(1)
    expect(take(bucket, limits, 500).retryAfterMs).toBe(0)
  })

  test('never lets more through than capacity and rate allow, and always after what it asked to wait', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(700), { maxLength: 200 }),
        fc.integer({ min: 1, max: 90 }),
        (gaps, perSecond) => {
          const limits = { capacity: 3, perSecond }
          let bucket = fullBucket
          let nowMs = 0
          let passed = 0
          for (const gap of gaps) {
            nowMs += gap
            const result = take(bucket, limits, nowMs)
            bucket = result.bucket
            if (result.retryAfterMs === 0) passed += 1
            else expect(take(bucket, limits, nowMs + result.retryAfterMs).retryAfterMs).toBe(0)
          }
          expect(passed).toBeLessThanOrEqual(limits.capacity + (nowMs * limits.perSecond) / 1000 + 0.01)
        },
      ),
    )
  })

  test('a clock that steps back by an hour delays by one filling at most', () => {
    const { bucket } = take(fullBucket, limits, 3_600_000)
    expect(take(bucket, limits, 0).retryAfterMs).toBe(500)
  })

  test('classes have buckets of their own', () => {
    const limiter = new RateLimiter(1)
    for (let sent = 0; sent < 60; sent += 1) limiter.take('start', 0)
    expect([limiter.take('start', 0) > 0, limiter.take('send', 0)]).toEqual([true, 0])
  })

  test('the limiter of addresses forgets the oldest rather than grow', () => {
    const limiter = new AddressLimiter({ capacity: 1, perSecond: 0.001 }, 1)
    expect([limiter.take('first', 0), limiter.take('first', 0) > 0]).toEqual([0, true])
    for (let index = 0; index < 10_000; index += 1) limiter.take(`a${index}`, 0)
    expect(limiter.take('first', 0)).toBe(0)
  })
})

describe('presence over several devices', () => {
  test('is away only when every device is, in a call above all, offline without a device', () => {
    const book = new PresenceBook()
    const seen = (change: { presence: string } | undefined) => change?.presence
    expect(seen(book.connect('asha', 'Asha', 'laptop'))).toBe('online')
    expect(seen(book.connect('asha', 'Asha', 'phone'))).toBeUndefined()
    expect(seen(book.setStatus('asha', 'laptop', 'away'))).toBeUndefined()
    expect(seen(book.setStatus('asha', 'phone', 'away'))).toBe('away')
    expect(seen(book.engage('asha'))).toBe('inCall')
    expect(seen(book.disconnect('asha', 'phone'))).toBeUndefined()
    expect(seen(book.disengage('asha'))).toBe('away')
    expect(seen(book.disconnect('asha', 'laptop'))).toBe('offline')
    expect(book.people()).toEqual([])
  })

  test('a new name is told; a device that is gone changes nothing', () => {
    const book = new PresenceBook()
    book.connect('asha', 'Asha', 'laptop')
    expect(book.connect('asha', 'Asha K', 'phone')).toMatchObject({ name: 'Asha K' })
    expect(book.disconnect('asha', 'ghost')).toBeUndefined()
    expect(book.setStatus('asha', 'ghost', 'away')).toBeUndefined()
    expect(book.disengage('asha')).toBeUndefined()
  })
})

describe('the policy', () => {
  const action = fc.oneof(
    fc.record({
      type: fc.constantFrom('room.join', 'room.publish', 'room.subscribe', 'room.chat'),
      roomId: fc.string(),
    }),
    fc.record({
      type: fc.constantFrom('conversation.read', 'conversation.write'),
      conversationId: fc.oneof(
        fc.string(),
        fc.string().map((id) => `room:${id}`),
        fc.string().map((id) => `direct:${id}`),
      ),
    }),
    fc.record({ type: fc.constantFrom('direct.open', 'call.start', 'people.see') }),
  )

  test('allows nothing without grants, whatever is asked', () => {
    const none = grantsSchema.parse({})
    fc.assert(
      fc.property(action, (asked) => {
        expect(may(none, asked as Parameters<typeof may>[1]).allowed).toBe(false)
      }),
    )
  })

  test('finds no grant in what objects inherit', () => {
    const grants = grantsSchema.parse({ rooms: { standup: {} } })
    for (const roomId of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      expect(may(grants, { type: 'room.join', roomId }).allowed).toBe(false)
    }
  })

  test('a room named * is no way to the wildcard of others', () => {
    const grants = grantsSchema.parse({ rooms: { '*': { join: false } } })
    expect(may(grants, { type: 'room.join', roomId: '*' }).allowed).toBe(false)
  })
})

describe('addresses', () => {
  const interfaces = {
    lo: [{ address: '127.0.0.1', family: 'IPv4', internal: true }],
    docker0: [{ address: '172.17.0.1', family: 'IPv4', internal: false }],
    eth0: [
      { address: '192.168.1.5', family: 'IPv4', internal: false },
      { address: 'fe80::1', family: 'IPv6', internal: false },
    ],
    eth1: [{ address: '169.254.3.4', family: 'IPv4', internal: false }],
  } as const

  test('of networks come first, bridges last, link-local ones never, loopback always', () => {
    expect(localAddresses(interfaces)).toEqual({
      lan: ['192.168.1.5', '172.17.0.1'],
      loopback: ['127.0.0.1'],
    })
  })

  test('media listens on each, so that a browser on this machine needs no network', () => {
    expect(
      listenInfosFor(localAddresses(interfaces), [], 4443, false).map(({ ip, port }) => [ip, port]),
    ).toEqual([
      ['192.168.1.5', 4443],
      ['172.17.0.1', 4443],
      ['127.0.0.1', 4443],
    ])
    expect(listenInfosFor({ lan: [], loopback: ['127.0.0.1'] }, [], 4443, false)).toHaveLength(1)
    expect(listenInfosFor({ lan: [], loopback: [] }, [], 4443, false)).toEqual([
      { protocol: 'udp', ip: '127.0.0.1', port: 4443 },
    ])
  })

  test('with TCP listens on the same addresses and ports again, after all of UDP', () => {
    const udp = listenInfosFor(localAddresses(interfaces), ['203.0.113.7'], 4443, false)
    const both = listenInfosFor(localAddresses(interfaces), ['203.0.113.7'], 4443, true)
    expect(both).toEqual([...udp, ...udp.map((info) => ({ ...info, protocol: 'tcp' }))])
  })

  test('an address from outside is announced in the name of the first, which stays announced', () => {
    const announced = ['192.168.1.5', '203.0.113.7']
    const [first, second] = listenInfosFor(localAddresses(interfaces), announced, 4443, false)
    expect(first).toMatchObject({
      ip: '192.168.1.5',
      announcedAddress: '203.0.113.7',
      exposeInternalIp: true,
    })
    expect(second).not.toHaveProperty('announcedAddress')
    const both = listenInfosFor(localAddresses(interfaces), ['203.0.113.7', 'talk.example'], 4443, false)
    expect(both.map(({ announcedAddress }) => announcedAddress)).toEqual([
      '203.0.113.7',
      'talk.example',
      undefined,
    ])
  })
})
