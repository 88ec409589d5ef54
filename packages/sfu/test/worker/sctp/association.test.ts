import { describe, expect, test } from 'vitest'
import { DEFAULTS, pattern, RELIABLE, VirtualLink } from './virtual-link.ts'

const PPID = 53

describe('handshake', () => {
  test('one side opens: both are connected', () => {
    const link = new VirtualLink({ delayMs: 10 })
    const [a, b] = link.ends
    a.association.connect(link.nowMs)
    expect(link.run(() => a.association.state === 'connected')).toBe(true)
    expect(a.states).toEqual(['connecting', 'connected'])
    expect(b.states).toEqual(['connected'])
    expect(a.association.streams).toEqual({ outbound: 65535, inbound: 65535 })
  })

  test('both sides open at once: one association', () => {
    const link = new VirtualLink({ delayMs: 10 })
    link.connect()
    for (const { states } of link.ends) expect(states).toEqual(['connecting', 'connected'])
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('with a third of all packets lost, seed %i', (seed) => {
    const link = new VirtualLink({ delayMs: 10, lossShare: 0.33 }, seed)
    link.connect()
  })

  test('nobody answers: failed', () => {
    const link = new VirtualLink({ delayMs: 10, lossShare: 1 })
    link.ends[0].association.connect(link.nowMs)
    expect(link.run(() => link.ends[0].association.state === 'failed', 120_000)).toBe(true)
  })

  test('the smaller number of streams is agreed on', () => {
    const link = new VirtualLink({ delayMs: 1 }, 1, [{ streams: 10 }, { streams: 1000 }])
    link.connect()
    expect(link.ends[0].association.streams).toEqual({ outbound: 10, inbound: 10 })
    expect(link.ends[1].association.streams).toEqual({ outbound: 10, inbound: 10 })
    expect(link.ends[0].association.send(10, PPID, pattern(1), RELIABLE, link.nowMs)).toBe('no-such-stream')
  })

  test.each([0, 127, 32767, 65535, 0x7fffffff, 0xffffffff])('first TSN %i', (tsn) => {
    // Every random number is this one, tags and cookies included.
    const random = (below: number): number => Math.min(tsn, below - 1)
    const link = new VirtualLink({ delayMs: 5, lossShare: 0.05 }, 3, [{ random }, { random }])
    link.connect()
    const sent = Array.from({ length: 200 }, (_, i) => pattern(3000, i))
    for (const payload of sent) link.ends[0].association.send(1, PPID, payload, RELIABLE, link.nowMs)
    expect(link.run(() => link.ends[1].received.length === 200)).toBe(true)
    expect(link.ends[1].received.map(({ payload }) => payload)).toEqual(sent)
  })
})

describe('messages', () => {
  test.each([1, 1159, 1160, 1161, 65_536, 262_144, 1_048_576])('%i bytes, both ways', (bytes) => {
    const link = new VirtualLink({ delayMs: 10, lossShare: 0.01 }, 7)
    link.connect()
    const payload = pattern(bytes)
    for (const { association } of link.ends) association.send(3, PPID, payload, RELIABLE, link.nowMs)
    expect(link.run(() => link.ends.every(({ received }) => received.length === 1))).toBe(true)
    for (const { received } of link.ends) expect(received).toEqual([{ streamId: 3, ppid: PPID, payload }])
  })

  test('without checksums where both are inside DTLS, with them elsewhere', () => {
    for (const protectedByDtls of [true, false]) {
      let zero = 0
      let all = 0
      const drop = (bytes: Uint8Array): boolean => {
        all++
        if (bytes.subarray(8, 12).every((byte) => byte === 0)) zero++
        return false
      }
      const link = new VirtualLink({ delayMs: 1, drop }, 1, [{ protectedByDtls }, {}])
      link.connect()
      link.ends[0].association.send(0, PPID, pattern(10_000), RELIABLE, link.nowMs)
      expect(link.run(() => link.ends[1].received.length === 1)).toBe(true)
      expect(zero > 0).toBe(protectedByDtls)
      expect(all).toBeGreaterThan(zero)
    }
  })

  test('70,000 ordered messages keep their order over the wrap of the stream sequence number', () => {
    const link = new VirtualLink({ delayMs: 2, lossShare: 0.01, reorderShare: 0.05 }, 5)
    link.connect()
    const [a, b] = link.ends
    let sent = 0
    const more = (): void => {
      while (sent < 70_000 && a.association.bufferedBytes < 4000) {
        a.association.send(9, PPID, Uint8Array.of(sent >> 16, sent >> 8, sent), RELIABLE, link.nowMs)
        sent++
      }
    }
    expect(
      link.run(() => {
        more()
        return b.received.length === 70_000
      }, 600_000),
    ).toBe(true)
    const numbers = b.received.map(({ payload: [x = 0, y = 0, z = 0] }) => (x << 16) | (y << 8) | z)
    expect(numbers.every((number, i) => number === i)).toBe(true)
  })

  test('a lost unordered message holds nothing up', () => {
    let data = 0
    const link = new VirtualLink({ delayMs: 5, drop: (bytes) => bytes[12] === 0 && data++ === 0 })
    link.connect()
    const unordered = { ...RELIABLE, unordered: true }
    for (let i = 0; i < 3; i++) {
      link.ends[0].association.send(1, PPID, pattern(1100, i), unordered, link.nowMs)
    }
    expect(link.run(() => link.ends[1].received.length === 3)).toBe(true)
    expect(link.ends[1].received.map(({ payload }) => payload)).toEqual([
      pattern(1100, 1),
      pattern(1100, 2),
      pattern(1100, 0),
    ])
  })

  test('over the limit of the receiver: dropped and counted, the next one arrives', () => {
    const link = new VirtualLink({ delayMs: 5, lossShare: 0.02 }, 4, [{}, { maxReceiveMessageBytes: 10_000 }])
    link.connect()
    const [a, b] = link.ends
    a.association.send(1, PPID, pattern(200_000), RELIABLE, link.nowMs)
    a.association.send(1, PPID, pattern(10_000), RELIABLE, link.nowMs)
    expect(link.run(() => b.received.length === 1)).toBe(true)
    expect(b.received[0]?.payload).toEqual(pattern(10_000))
    expect(b.association.counters().oversizedMessages).toBe(1)
    expect(b.association.heldBytes).toBe(0)
  })

  test('a full send buffer refuses, and says when it is low again', () => {
    const link = new VirtualLink({ delayMs: 5 }, 1, [{ perStreamSendBytes: 100_000 }, {}])
    link.connect()
    const { association } = link.ends[0]
    const low: number[] = []
    association.stream(1).onBufferedAmountLow = (bytes) => low.push(bytes)
    expect(association.send(1, PPID, pattern(90_000), RELIABLE, link.nowMs)).toBe('queued')
    expect(association.send(1, PPID, pattern(90_000), RELIABLE, link.nowMs)).toBe('buffer-full')
    expect(association.send(2, PPID, pattern(90_000), RELIABLE, link.nowMs)).toBe('queued')
    expect(association.stream(1).bufferedBytes).toBeGreaterThan(75_000)
    expect(link.run(() => low.length > 0)).toBe(true)
    expect(low).toHaveLength(1)
    expect(low[0]).toBeLessThanOrEqual(DEFAULTS.lowThresholdBytes)
  })

  test('a peer that stops answering: failed, and not before half a minute', () => {
    const link = new VirtualLink({ delayMs: 5 })
    link.connect()
    const startMs = link.nowMs
    link.conditions = { delayMs: 5, lossShare: 1 }
    link.ends[0].association.send(1, PPID, pattern(100), RELIABLE, link.nowMs)
    expect(link.run(() => link.ends[0].association.state === 'failed', 300_000)).toBe(true)
    expect(link.nowMs - startMs).toBeGreaterThan(30_000)
  })

  test('an idle association lives on heartbeats, and fails when they are not answered', () => {
    const link = new VirtualLink({ delayMs: 5 })
    link.connect()
    link.run(() => false, 120_000)
    expect(link.ends[0].association.state).toBe('connected')
    expect(link.ends[0].packets).toBeGreaterThan(4)
    link.conditions = { delayMs: 5, lossShare: 1 }
    expect(link.run(() => link.ends[0].association.state === 'failed', 1_000_000)).toBe(true)
  })

  test('close() tells the peer', () => {
    const link = new VirtualLink({ delayMs: 5 })
    link.connect()
    link.ends[0].association.close()
    expect(link.run(() => link.ends[1].association.state === 'closed')).toBe(true)
    expect(link.ends[0].association.send(1, PPID, pattern(1), RELIABLE, link.nowMs)).toBe('not-connected')
  })
})

describe('a peer that starts again', () => {
  test('is connected anew; what had begun is dropped, what comes later arrives', () => {
    const link = new VirtualLink({ delayMs: 10 }, 3)
    link.connect()
    const survivor = link.ends[1]
    survivor.association.send(1, PPID, pattern(1_000_000), RELIABLE, link.nowMs)
    survivor.association.send(1, PPID, pattern(10), RELIABLE, link.nowMs)
    link.run(() => false, 100)
    link.replaceFirst()
    const [again] = link.ends
    expect(link.run(() => again.received.length === 1)).toBe(true)
    expect(again.received[0]?.payload).toEqual(pattern(10))
    again.association.send(2, PPID, pattern(5000), RELIABLE, link.nowMs)
    expect(link.run(() => survivor.received.length === 1)).toBe(true)
    expect(survivor.association.state).toBe('connected')
    expect(link.run(() => survivor.association.isDrained)).toBe(true)
  })

  test('an end drops what waited, and tells the buffers', () => {
    const link = new VirtualLink({ delayMs: 10 }, 3)
    link.connect()
    const { association } = link.ends[0]
    for (let i = 0; i < 5; i++) association.send(i, PPID, pattern(100_000), RELIABLE, link.nowMs)
    expect(association.send(1, PPID, new Uint8Array(0), RELIABLE, link.nowMs)).toBe('empty')
    link.ends[1].association.close()
    expect(link.run(() => association.state === 'closed')).toBe(true)
    expect(association.bufferedBytes).toBe(0)
    expect(association.stream(3).bufferedBytes).toBe(0)
  })
})

describe('partial reliability', () => {
  test('without retransmissions: what is lost stays lost, the rest arrives in order', () => {
    const link = new VirtualLink({ delayMs: 10, lossShare: 0.1 }, 11)
    link.connect()
    const [a, b] = link.ends
    const once = { ...RELIABLE, maxRetransmits: 0 }
    for (let i = 0; i < 300; i++) {
      a.association.send(1, PPID, Uint8Array.of(i >> 8, i & 0xff, ...pattern(1000)), once, link.nowMs)
    }
    link.conditions = { delayMs: 10, lossShare: 0.1 }
    link.run(() => false, 20_000)
    // Loss has ended: the last word is heard.
    link.conditions = { delayMs: 10 }
    a.association.send(1, PPID, Uint8Array.of(0xff), RELIABLE, link.nowMs)
    expect(link.run(() => b.received.at(-1)?.payload.length === 1)).toBe(true)
    const numbers = b.received.slice(0, -1).map(({ payload: [x = 0, y = 0] }) => (x << 8) | y)
    expect(numbers).toEqual([...numbers].sort((x, y) => x - y))
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(numbers.length).toBeGreaterThan(220)
    expect(numbers.length).toBeLessThan(300)
    expect(a.association.counters().retransmissions).toBe(0)
    expect(b.association.heldBytes).toBe(0)
  })

  test('a lifetime gives up a long message in the middle, and the stream goes on', () => {
    const link = new VirtualLink({ delayMs: 10 })
    link.connect()
    const [a, b] = link.ends
    a.association.send(1, PPID, pattern(1_000_000), { ...RELIABLE, expiresMs: link.nowMs + 60 }, link.nowMs)
    a.association.send(1, PPID, pattern(10), RELIABLE, link.nowMs)
    expect(link.run(() => b.received.length > 0)).toBe(true)
    expect(b.received.map(({ payload }) => payload.length)).toEqual([10])
    expect(link.run(() => b.association.heldBytes === 0, 1000)).toBe(true)
    expect(a.association.counters().abandonedMessages).toBe(1)
  })
})

describe('stream reset', () => {
  test('numbers start again on both sides, and what is sent meanwhile waits', () => {
    const link = new VirtualLink({ delayMs: 10, lossShare: 0.1 }, 21)
    link.connect()
    const [a, b] = link.ends
    for (let round = 0; round < 20; round++) {
      a.association.send(5, PPID, pattern(5000, round), RELIABLE, link.nowMs)
      a.association.send(6, PPID, pattern(10, round), RELIABLE, link.nowMs)
      expect(link.run(() => b.received.length === round * 2 + 2)).toBe(true)
      a.association.resetStreams([5], link.nowMs)
      expect(link.run(() => b.resets.length === round + 1)).toBe(true)
    }
    expect(b.resets.every((ids) => ids.length === 1 && ids[0] === 5)).toBe(true)
    expect(b.received.filter(({ streamId }) => streamId === 5).map(({ payload }) => payload)).toEqual(
      Array.from({ length: 20 }, (_, round) => pattern(5000, round)),
    )
  })
})
