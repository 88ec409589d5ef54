import {
  SCTP_HEADER_BYTES,
  SctpChunkType,
  SctpDataFlag,
  type SctpInit,
  writeSctpChecksum,
  writeSctpChunkHeader,
  writeSctpData,
  writeSctpForwardTsn,
  writeSctpHeader,
  writeSctpInit,
  writeSctpSack,
} from '@sangam/rtp'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Endpoint, pattern, RELIABLE, seededRandom, VirtualLink } from './virtual-link.ts'

const RUNS = 3000

/** Connected, with the tag and the next TSN that the second end expects of the first. */
function connected(options: { receiveWindowBytes?: number; maxReceiveMessageBytes?: number } = {}) {
  const captured = { tag: 0, tsn: 0, ownTsn: 0 }
  const link = new VirtualLink(
    {
      delayMs: 1,
      drop: (bytes, from) => {
        const view = new DataView(bytes.buffer)
        if (from === 0 && bytes[12] === SctpChunkType.init) captured.tsn = view.getUint32(28)
        if (from === 1 && bytes[12] === SctpChunkType.init) captured.ownTsn = view.getUint32(28)
        if (from === 0 && bytes[12] === SctpChunkType.cookieEcho) captured.tag = view.getUint32(4)
        return false
      },
    },
    9,
    [{}, options],
  )
  link.connect()
  link.conditions = { delayMs: 1 }
  return { link, target: link.ends[1], ...captured }
}

/** A packet of chunks, to the second end. */
function packet(tag: number, write: (bytes: Uint8Array, at: number) => number): Uint8Array {
  const bytes = new Uint8Array(2048)
  writeSctpHeader(bytes, 0, 5000, 5000, tag)
  return bytes.slice(0, write(bytes, SCTP_HEADER_BYTES))
}

function give(target: Endpoint, bytes: Uint8Array, nowMs: number): void {
  target.association.receive(bytes, 0, bytes.length, nowMs)
}

const INIT: SctpInit = {
  initiateTag: 7,
  receiveWindowBytes: 100_000,
  outboundStreams: 10,
  inboundStreams: 10,
  initialTsn: 1,
  forwardTsn: true,
  reConfig: true,
  zeroChecksum: true,
  unrecognized: [],
}

describe('malformed INIT', () => {
  test.each([
    ['tag 0', { ...INIT, initiateTag: 0 }],
    ['no outbound streams', { ...INIT, outboundStreams: 0 }],
    ['no inbound streams', { ...INIT, inboundStreams: 0 }],
  ])('%s gets no INIT ACK', (_name, init) => {
    const link = new VirtualLink({ delayMs: 1 })
    const sent: number[] = []
    link.conditions = { delayMs: 1, drop: (bytes) => sent.push(bytes[12] ?? -1) > 0 }
    give(
      link.ends[1],
      packet(0, (bytes, at) => writeSctpInit(bytes, at, init)),
      link.nowMs,
    )
    expect(sent).not.toContain(SctpChunkType.initAck)
    expect(link.ends[1].association.state).toBe('new')
  })

  test('a parameter that is longer than the chunk, or shorter than its header, is refused', () => {
    for (const length of [0, 3, 5, 400]) {
      const link = new VirtualLink({ delayMs: 1 })
      const bytes = packet(0, (out, at) => {
        const end = writeSctpInit(out, at, {
          ...INIT,
          forwardTsn: false,
          reConfig: false,
          zeroChecksum: false,
        })
        out.set([0x80, 0x99, length >> 8, length], end)
        return writeSctpChunkHeader(out, at, SctpChunkType.init, 0, 20)
      })
      give(link.ends[1], bytes, link.nowMs)
      expect(link.ends[1].packets).toBe(0)
      expect(link.ends[1].association.droppedPackets).toBe(1)
    }
  })

  test('a verification tag in an INIT, and a wrong one elsewhere, is dropped', () => {
    const { target, link, tag } = connected()
    const before = target.packets
    give(
      target,
      packet(5, (bytes, at) => writeSctpInit(bytes, at, INIT)),
      link.nowMs,
    )
    give(
      target,
      packet(tag ^ 1, (bytes, at) => writeSctpChunkHeader(bytes, at, SctpChunkType.abort, 0, 0)),
      link.nowMs,
    )
    expect(target.packets).toBe(before)
    expect(target.association.state).toBe('connected')
  })

  test('ten thousand INITs hold nothing but the last, and the association goes on', () => {
    const { target, link } = connected()
    for (let i = 1; i <= 10_000; i++) {
      give(
        target,
        packet(0, (bytes, at) => writeSctpInit(bytes, at, { ...INIT, initiateTag: i })),
        link.nowMs,
      )
    }
    link.conditions = { delayMs: 1 }
    link.ends[0].association.send(1, 53, pattern(5000), RELIABLE, link.nowMs)
    expect(link.run(() => target.received.length === 1)).toBe(true)
  })

  test('a cookie under another tag than the one that was given with it establishes nothing', () => {
    const link = new VirtualLink({ delayMs: 1 })
    let answer = new Uint8Array(0)
    link.conditions = {
      delayMs: 1,
      drop: (bytes) => {
        answer = bytes.slice()
        return true
      },
    }
    give(
      link.ends[1],
      packet(0, (bytes, at) => writeSctpInit(bytes, at, INIT)),
      link.nowMs,
    )
    const tag = new DataView(answer.buffer).getUint32(16)
    const cookie = answer.slice(36, 52)
    const echo = (verificationTag: number) =>
      packet(verificationTag, (bytes, at) => {
        bytes.set(cookie, at + 4)
        return writeSctpChunkHeader(bytes, at, SctpChunkType.cookieEcho, 0, cookie.length)
      })
    give(link.ends[1], echo(tag ^ 1), link.nowMs)
    expect(link.ends[1].association.state).toBe('new')
    give(link.ends[1], echo(tag), link.nowMs)
    expect(link.ends[1].association.state).toBe('connected')
  })

  test('a cookie that was never given away establishes nothing', () => {
    const link = new VirtualLink({ delayMs: 1 })
    give(
      link.ends[1],
      packet(0, (bytes, at) => writeSctpInit(bytes, at, INIT)),
      link.nowMs,
    )
    const echo = packet(0, (bytes, at) => writeSctpChunkHeader(bytes, at, SctpChunkType.cookieEcho, 0, 16))
    give(link.ends[1], echo, link.nowMs)
    expect(link.ends[1].association.state).toBe('new')
  })
})

describe('a peer that breaks the rules', () => {
  test('a SACK for what was never sent aborts; an old one, and one with blocks that overlap, do nothing', () => {
    for (const [offset, gaps, state] of [
      [0, [], 'closed'],
      [1000, [], 'closed'],
      [-1, [], 'connected'],
      [-1000, [], 'connected'],
      [-1, [5, 9, 3, 4], 'connected'],
    ] as const) {
      const { target, link, tag, ownTsn } = connected()
      const cumulative = ownTsn + 2 ** 32 + offset
      const blocks = gaps.map((gap) => cumulative + gap)
      const sack = packet(tag, (bytes, at) => writeSctpSack(bytes, at, 2048, cumulative, 1000, blocks, []))
      give(target, sack, link.nowMs)
      expect(target.association.state).toBe(state)
    }
  })

  test('data without data aborts', () => {
    const { target, link, tag, tsn } = connected()
    const empty = new Uint8Array(0)
    give(
      target,
      packet(tag, (bytes, at) => writeSctpData(bytes, at, 3, tsn, 0, 0, 53, empty, 0, 0)),
      link.nowMs,
    )
    expect(target.association.state).toBe('closed')
  })

  test('fragments that contradict their neighbours abort', () => {
    const { target, link, tag, tsn } = connected()
    const give2 = (offset: number, flags: number, streamId: number): void =>
      give(
        target,
        packet(tag, (bytes, at) =>
          writeSctpData(bytes, at, flags, tsn + offset, streamId, 0, 53, pattern(10), 0, 10),
        ),
        link.nowMs,
      )
    give2(0, SctpDataFlag.begin, 1)
    give2(1, 0, 2)
    expect(target.association.state).toBe('closed')
  })

  test('memory stays within the window and one message, whatever is left incomplete', () => {
    const windowBytes = 100_000
    const limits = { receiveWindowBytes: windowBytes, maxReceiveMessageBytes: 50_000 }
    const fills: readonly ((i: number) => { tsn: number; flags: number; ssn: number })[] = [
      // Holes everywhere.
      (i) => ({ tsn: i * 2 + 1, flags: SctpDataFlag.begin | SctpDataFlag.end, ssn: i }),
      // Never an end.
      (i) => ({ tsn: i, flags: i === 0 ? SctpDataFlag.begin : 0, ssn: 0 }),
      // The first of the stream never comes.
      (i) => ({ tsn: i, flags: SctpDataFlag.begin | SctpDataFlag.end, ssn: (i + 1) & 0x7fff }),
      // Beginnings only, on all streams.
      (i) => ({ tsn: i, flags: SctpDataFlag.begin, ssn: i }),
      // Ends only, backwards.
      (i) => ({ tsn: 60_000 - i, flags: SctpDataFlag.end, ssn: i }),
    ]
    for (const fill of fills) {
      const { target, link, tag, tsn } = connected(limits)
      let most = 0
      for (let i = 0; i < 10_000; i++) {
        const { tsn: offset, flags, ssn } = fill(i)
        const payload = pattern(50)
        const bytes = packet(tag, (out, at) =>
          writeSctpData(out, at, flags, tsn + offset, i % 65535, ssn, 53, payload, 0, 50),
        )
        give(target, bytes, link.nowMs)
        most = Math.max(most, target.association.heldBytes)
      }
      // What is beyond the window is not taken, but no crime: it may have left before the window closed.
      if (fill === fills[0]) expect(target.association.state).toBe('connected')
      expect(most).toBeGreaterThan(0)
      expect(most).toBeLessThanOrEqual(windowBytes + limits.maxReceiveMessageBytes + 200)
    }
  })

  test('FORWARD TSN over everything leaves nothing behind', () => {
    const { target, link, tag, tsn } = connected()
    for (let i = 1; i < 1000; i += 2) {
      const bytes = packet(tag, (out, at) =>
        writeSctpData(out, at, SctpDataFlag.begin, tsn + i, i, 5, 53, pattern(100), 0, 100),
      )
      give(target, bytes, link.nowMs)
    }
    expect(target.association.heldBytes).toBeGreaterThan(50_000)
    const skipped = new Map([[1, 7]])
    give(
      target,
      packet(tag, (out, at) => writeSctpForwardTsn(out, at, 2048, tsn + 2000, skipped)),
      link.nowMs,
    )
    expect(target.association.heldBytes).toBe(0)
    expect(target.association.state).toBe('connected')
  })

  test('an unknown chunk is skipped or ends the packet as its type says, and is reported if it wants to be', () => {
    for (const type of [0x3f, 0x7f, 0xbf, 0xff]) {
      const { target, link, tag, tsn } = connected()
      const reports: number[] = []
      link.conditions = {
        delayMs: 1,
        drop: (bytes) => bytes[12] === SctpChunkType.error && reports.push(type) > 0,
      }
      const bytes = packet(tag, (out, at) => {
        const next = writeSctpChunkHeader(out, at, type, 0, 4)
        return writeSctpData(out, next, 3, tsn, 0, 0, 53, pattern(10), 0, 10)
      })
      give(target, bytes, link.nowMs)
      expect(target.received.length).toBe((type & 0x80) === 0 ? 0 : 1)
      expect(reports.length).toBe((type & 0x40) === 0 ? 0 : 1)
    }
  })
})

describe('random bytes', () => {
  test('never throw, in any state', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1500 }), fc.integer(), (garbage, seed) => {
        const random = seededRandom(seed)
        for (const { target, link, tag } of [connected()]) {
          const bytes = new Uint8Array(SCTP_HEADER_BYTES + garbage.length)
          writeSctpHeader(bytes, 0, 5000, 5000, random() < 0.9 ? tag : 0)
          bytes.set(garbage, SCTP_HEADER_BYTES)
          if (random() < 0.5) writeSctpChecksum(bytes, 0, bytes.length)
          give(target, bytes, link.nowMs)
          give(target, garbage, link.nowMs)
          target.association.tick(link.nowMs + 5000)
        }
      }),
      { numRuns: RUNS },
    )
  })

  test('real packets with changed bytes never throw, and hold no more than the window', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0.01, 0.05, 0.3), (seed, share) => {
        const random = seededRandom(seed)
        const link = new VirtualLink({ delayMs: 3, lossShare: 0.02 }, seed)
        link.connect()
        link.conditions = {
          delayMs: 3,
          drop: (bytes) => {
            if (random() < share) {
              const changes = 1 + Math.floor(random() * 4)
              // Behind the header: the checksum is not what protects here.
              for (let i = 0; i < changes; i++)
                bytes[12 + Math.floor(random() * Math.min(40, bytes.length - 12))] = random() * 256
              writeSctpChecksum(bytes, 0, bytes.length)
            }
            return false
          },
        }
        const [a, b] = link.ends
        for (let i = 0; i < 20; i++) {
          const reliability = {
            unordered: i % 3 === 0,
            maxRetransmits: i % 4 === 0 ? 1 : -1,
            expiresMs: 1e12,
          }
          a.association.send(i % 5, 53, pattern(1 + i * 400, i), reliability, link.nowMs)
          b.association.send(i % 5, 53, pattern(1 + i * 300, i), reliability, link.nowMs)
        }
        link.run(() => false, 3000)
        a.association.resetStreams([1, 2], link.nowMs)
        link.run(() => false, 3000)
        for (const { association } of link.ends) expect(association.heldBytes).toBeLessThan(5_300_000)
      }),
      { numRuns: 150 },
    )
  })
})
