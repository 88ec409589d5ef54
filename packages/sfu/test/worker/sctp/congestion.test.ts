import { SctpChunkType } from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
import { pattern, RELIABLE, VirtualLink } from './virtual-link.ts'

const RTT_MS = 50
const PACKET_BYTES = 1176

/** Drops the DATA packets with these places in the order of sending, counted from now on. */
function dropping(places: readonly number[]) {
  let count = 0
  return {
    delayMs: RTT_MS / 2,
    drop: (bytes: Uint8Array) => bytes[12] === SctpChunkType.data && places.includes(count++),
  }
}

function connected(seed = 1): VirtualLink {
  const link = new VirtualLink({ delayMs: RTT_MS / 2 }, seed)
  link.connect()
  return link
}

/** Megabytes per second of virtual time that one stream carries. */
function throughputMBps(roundTripMs: number, lossShare: number, bytes: number): number {
  const link = new VirtualLink({ delayMs: roundTripMs / 2, lossShare }, 17)
  link.connect()
  const [from, to] = link.ends
  const startMs = link.nowMs
  const count = Math.ceil(bytes / 16_384)
  let sent = 0
  const done = (): boolean => {
    while (sent < count && from.association.bufferedBytes < 500_000) {
      from.association.send(1, 53, pattern(16_384), RELIABLE, link.nowMs)
      sent++
    }
    return to.received.length === count
  }
  expect(link.run(done, 600_000)).toBe(true)
  return bytes / 1000 / (link.nowMs - startMs)
}

describe('loss', () => {
  test('of one packet in a row is repaired by gap reports, before the timer runs out', () => {
    const link = connected()
    const [a, b] = link.ends
    a.association.send(1, 53, pattern(200_000), RELIABLE, link.nowMs)
    expect(link.run(() => b.received.length === 1)).toBe(true)
    const withoutLossMs = link.nowMs
    const other = connected()
    other.conditions = dropping([150])
    other.ends[0].association.send(1, 53, pattern(200_000), RELIABLE, other.nowMs)
    expect(other.run(() => other.ends[1].received.length === 1)).toBe(true)
    expect(other.ends[0].association.counters().retransmissions).toBe(1)
    expect(other.nowMs - withoutLossMs).toBeLessThan(5 * RTT_MS)
  })

  test('of the last packet is repaired by a probe after two round trips, which costs the window nothing', () => {
    const link = connected()
    const [a, b] = link.ends
    a.association.send(1, 53, pattern(100_000), RELIABLE, link.nowMs)
    expect(link.run(() => b.received.length === 1)).toBe(true)
    link.run(() => false, 1000)
    expect(a.association.counters().congestionWindowBytes).toBeGreaterThan(10 * PACKET_BYTES)
    link.conditions = dropping([0])
    const startMs = link.nowMs
    a.association.send(1, 53, pattern(100), RELIABLE, link.nowMs)
    expect(link.run(() => a.association.counters().retransmissions === 1)).toBe(true)
    expect(link.nowMs - startMs).toBeGreaterThanOrEqual(2 * RTT_MS)
    expect(link.nowMs - startMs).toBeLessThan(3 * RTT_MS)
    expect(a.association.counters().congestionWindowBytes).toBeGreaterThan(10 * PACKET_BYTES)
    expect(link.run(() => b.received.length === 2, 1000)).toBe(true)
  })

  test('of the last packet and of its probe is repaired by the timer, which shrinks the window to one packet', () => {
    const link = connected()
    const [a, b] = link.ends
    a.association.send(1, 53, pattern(100_000), RELIABLE, link.nowMs)
    expect(link.run(() => b.received.length === 1)).toBe(true)
    link.run(() => false, 1000)
    link.conditions = dropping([0, 1])
    const startMs = link.nowMs
    a.association.send(1, 53, pattern(100), RELIABLE, link.nowMs)
    expect(link.run(() => a.association.counters().retransmissions === 2)).toBe(true)
    expect(link.nowMs - startMs).toBeGreaterThanOrEqual(400)
    expect(a.association.counters().congestionWindowBytes).toBeLessThanOrEqual(2 * PACKET_BYTES)
    expect(link.run(() => b.received.length === 2, 1000)).toBe(true)
  })

  test('of a retransmission is seen by what left after it, before the timer runs out', () => {
    const link = connected()
    const { association } = link.ends[0]
    association.send(1, 53, pattern(400_000), RELIABLE, link.nowMs)
    link.run(() => (association.counters().congestionWindowBytes ?? 0) > 40 * PACKET_BYTES)
    // The next new packet; and the first one that repeats its number.
    let lostTsn: number | undefined
    let times = 0
    link.conditions = {
      delayMs: RTT_MS / 2,
      drop: (bytes, from) => {
        if (from !== 0 || bytes[12] !== SctpChunkType.data) return false
        const tsn = new DataView(bytes.buffer).getUint32(16)
        lostTsn ??= tsn
        return tsn === lostTsn && times++ < 2
      },
    }
    const startMs = link.nowMs
    expect(link.run(() => times === 3, 2000)).toBe(true)
    expect(link.nowMs - startMs).toBeLessThan(5 * RTT_MS)
    expect(link.run(() => link.ends[1].received.length === 1)).toBe(true)
  })

  test.each([
    ['of one packet keeps what the path delivers', 1, 0.9, 1],
    ['of every other packet halves the window', 20, 0.4, 0.6],
  ])('%s', (_name, packets, least, most) => {
    const link = connected()
    const { association } = link.ends[0]
    association.send(1, 53, pattern(4_000_000), RELIABLE, link.nowMs)
    const windowBytes = (): number => association.counters().congestionWindowBytes ?? 0
    let before = 0
    const lose = (places: readonly number[]): boolean => {
      const wanted = (association.counters().retransmissions ?? 0) + places.length
      link.conditions = dropping(places)
      before = windowBytes()
      return link.run(() => {
        before = Math.max(before, windowBytes())
        return (association.counters().retransmissions ?? 0) >= wanted
      }, 2000)
    }
    // The first loss ends slow start, in which the window is twice of what the path has delivered.
    link.run(() => windowBytes() > 40 * PACKET_BYTES)
    expect(lose([0])).toBe(true)
    link.run(() => false, 10 * RTT_MS)
    expect(lose(Array.from({ length: packets }, (_, i) => 2 * i))).toBe(true)
    expect(windowBytes() / before).toBeGreaterThan(least)
    expect(windowBytes() / before).toBeLessThanOrEqual(most)
  })
})

describe('throughput of one stream', () => {
  test('without loss fills what the window of 5 MiB allows', () => {
    expect(throughputMBps(20, 0, 20_000_000)).toBeGreaterThan(20)
  })

  test.each([
    [10, 4],
    [20, 2],
    [40, 1],
    [100, 0.4],
  ])(
    'at a round trip of %i ms, with 1 percent of the packets lost, is %f MB/s at least',
    (roundTripMs, least) => {
      const measured = throughputMBps(roundTripMs, 0.01, 5_000_000)
      expect(measured).toBeGreaterThan(least)
    },
  )

  test('falls with the share that is lost', () => {
    const [few = 0, some = 0, many = 0] = [0.01, 0.05, 0.15].map((share) =>
      throughputMBps(40, share, 2_000_000),
    )
    expect(some).toBeLessThan(few)
    expect(many).toBeLessThan(some / 2)
  })

  test('a receiver that closes its window is probed, not flooded, and goes on when it opens', () => {
    // The window holds what is out of order: the first packet is lost again and again.
    let holding = true
    const link = new VirtualLink({ delayMs: 5 }, 1, [{}, { receiveWindowBytes: 20_000 }])
    link.connect()
    const [a, b] = link.ends
    let first: number | undefined
    link.conditions = {
      delayMs: 5,
      drop: (bytes, from) => {
        if (from !== 0 || bytes[12] !== SctpChunkType.data) return false
        const tsn = new DataView(bytes.buffer).getUint32(16)
        first ??= tsn
        return holding && tsn === first
      },
    }
    for (let i = 0; i < 100; i++) a.association.send(1, 53, pattern(1000, i), RELIABLE, link.nowMs)
    link.run(() => false, 5000)
    expect(b.association.heldBytes).toBeLessThanOrEqual(20_000)
    expect(a.packets).toBeLessThan(120)
    holding = false
    expect(link.run(() => b.received.length === 100)).toBe(true)
    expect(b.received.map(({ payload }) => payload)).toEqual(
      Array.from({ length: 100 }, (_, i) => pattern(1000, i)),
    )
  })
})
