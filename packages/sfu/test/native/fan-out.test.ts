import { describe, expect, test } from 'vitest'
import { SRTP_SUITES } from '../../src/worker/packet-port/load.ts'
import {
  Counter,
  PLAN_CAPACITY,
  PlanFlag,
  RECORD_WORDS,
  RecordWord,
  RING_SLOTS,
} from '../../src/worker/packet-port/packet-port.ts'
import { masterKey, rtpPacket, TestPort } from './harness.ts'
import { closeAtEnd, openPair, type Pair, SSRC, sendOne, sinkOf } from './sink-pair.ts'

describe('a sink', () => {
  test('writes its SSRC and payload type and the entry’s sequence number, timestamp and marker', async () => {
    const pair = openPair()
    const source = rtpPacket(900, 0xdead, 30)
    const packet = await sendOne(pair, {
      sink: sinkOf(pair),
      packetId: pair.a.inject(source),
      sequenceNumber: 7,
      timestamp: 0xfedcba98,
      flags: PlanFlag.marker,
    })
    expect(packet.subarray(0, 12).toString('hex')).toBe(
      '80' + // version 2, no padding, no extension, no CSRC
        'ef' + // marker, payload type 111
        '0007' + // sequence number
        'fedcba98' + // timestamp
        '51a7e001', // SSRC
    )
    expect(packet.subarray(12)).toEqual(source.subarray(12))
  })

  test('drops CSRCs, extensions and padding of the source packet: the record says where the payload is', async () => {
    const pair = openPair()
    const source = Buffer.alloc(100, 0xee)
    source.set(Buffer.from('payload'), 40)
    const id = pair.a.inject(source, 40)
    pair.a.port.records[(id & (RING_SLOTS - 1)) * RECORD_WORDS + RecordWord.payloadLength] = 7
    const packet = await sendOne(pair, { sink: sinkOf(pair), packetId: id, sequenceNumber: 1 })
    expect(packet.subarray(12).toString()).toBe('payload')
  })

  test('carries an extended sequence number over the wrap', async () => {
    const pair = openPair()
    const sink = sinkOf(pair)
    for (const sequenceNumber of [65534, 65535, 65536, 65540, 131071 - 40000]) {
      const packetId = pair.a.inject(rtpPacket(sequenceNumber, 1, 20))
      const packet = await sendOne(pair, { sink, packetId, sequenceNumber })
      expect(packet.readUInt16BE(2)).toBe(sequenceNumber & 0xffff)
    }
    expect(pair.b.counter(Counter.droppedAuthentication)).toBe(0)
  })
})

describe('payload changes', () => {
  test('a VP8 patch reaches its receiver only: the ring keeps the source', async () => {
    const pair = openPair()
    const source = Buffer.concat([rtpPacket(1, 1, 0), Buffer.from('90e0801122334455', 'hex')])
    const packetId = pair.a.inject(source)
    const sink = sinkOf(pair)
    const patched = await sendOne(pair, {
      sink,
      packetId,
      sequenceNumber: 1,
      flags: PlanFlag.vp8Patch,
      vp8Patch: (0x99 << 16) | 0x0abc,
    })
    expect(patched.toString('hex', 12)).toBe('90e08abc99334455')
    expect((await sendOne(pair, { sink, packetId, sequenceNumber: 2 })).subarray(12)).toEqual(
      source.subarray(12),
    )
  })

  test('RTX puts the original sequence number before the payload, also when the payload is patched', async () => {
    const pair = openPair()
    const source = Buffer.concat([rtpPacket(1, 1, 0), Buffer.from('9080112233', 'hex')])
    const packetId = pair.a.inject(source)
    const sink = sinkOf(pair)
    const plain = { sink, packetId, extra: 0xcafe }
    const rtx = await sendOne(pair, { ...plain, sequenceNumber: 1, flags: PlanFlag.rtx })
    expect(rtx.toString('hex', 12)).toBe('cafe9080112233')
    const both = await sendOne(pair, {
      ...plain,
      sequenceNumber: 2,
      flags: PlanFlag.rtx | PlanFlag.vp8Patch,
      vp8Patch: 5,
    })
    expect(both.toString('hex', 12)).toBe('cafe9080052233')
    expect((await sendOne(pair, { sink, packetId, sequenceNumber: 3 })).subarray(12)).toEqual(
      source.subarray(12),
    )
  })

  test.each([1, 2, 255])('a padding packet carries %i bytes of padding and the P bit', async (bytes) => {
    const pair = openPair()
    const sink = sinkOf(pair, [{ type: 'transportSequenceNumber', id: 2 }])
    const packet = await sendOne(pair, {
      sink,
      sequenceNumber: 9,
      flags: PlanFlag.padding | 0x12340000,
      extra: bytes,
    })
    expect(packet.toString('hex', 12, 20)).toBe('bede000121123400')
    expect(packet[0]).toBe(0xb0)
    expect(packet).toHaveLength(20 + bytes)
    expect(packet.at(-1)).toBe(bytes)
    expect(packet.subarray(20, -1).every((byte) => byte === 0)).toBe(true)
  })
})

describe('entries that cannot be sent', () => {
  test('are skipped and counted as expired, and the others go', async () => {
    const pair = openPair()
    const { a } = pair
    const sink = sinkOf(pair)
    const closed = sinkOf(pair, [], 5)
    a.port.closeSink(closed)
    const packetId = a.inject(rtpPacket(1, 1, 10))
    const unfilled = a.port.injectPacket(rtpPacket(2, 1, 10)) // no record
    const gone = a.sessionTo(pair.b.udpPort)
    const ofGone = a.port.createSink({ session: gone, ssrc: 9, payloadType: 96, headerExtensions: [] })
    a.port.closeSession(gone)
    const beyond = a.inject(rtpPacket(3, 1, 10), 12)
    a.port.records[(beyond & (RING_SLOTS - 1)) * RECORD_WORDS + RecordWord.payloadLength] = 11
    const bad = [
      { sink: closed, packetId },
      { sink: ofGone, packetId },
      { sink: 0xffffffff, packetId },
      { sink, packetId: packetId + 100 },
      { sink, packetId: packetId - 1 },
      { sink, packetId: unfilled },
      { sink, packetId: beyond },
    ]
    for (const [i, values] of bad.entries()) a.entry(i, { ...values, sequenceNumber: i })
    a.entry(bad.length, { sink, packetId, sequenceNumber: 99 })
    a.port.execute(bad.length + 1, 0)
    expect((await pair.b.take(1))[0]!.bytes.readUInt16BE(2)).toBe(99)
    expect(a.counter(Counter.expired)).toBe(bad.length)
    expect(a.counter(Counter.sentPackets)).toBe(1)
  })

  test('count as expired once the ring went round', async () => {
    const pair = openPair()
    const sink = sinkOf(pair)
    const first = pair.a.inject(rtpPacket(1, 1, 10))
    for (let i = 0; i < RING_SLOTS - 2; i++) pair.a.port.injectPacket(rtpPacket(2, 1, 1))
    expect((await sendOne(pair, { sink, packetId: first, sequenceNumber: 1 }))[12]).toBe(1)
    pair.a.port.injectPacket(rtpPacket(2, 1, 1))
    pair.a.entry(0, { sink, packetId: first, sequenceNumber: 2 })
    pair.a.port.execute(1, 0)
    expect(pair.a.counter(Counter.expired)).toBe(1)
    // The next tenant of that slot does not inherit its record.
    const next = pair.a.port.injectPacket(rtpPacket(2, 1, 10))
    expect(next - first).toBe(RING_SLOTS)
    pair.a.entry(0, { sink, packetId: next, sequenceNumber: 3 })
    pair.a.port.execute(1, 0)
    expect(pair.a.counter(Counter.expired)).toBe(2)
  })

  test('include a second packet of one AEAD index, which would repeat a nonce', async () => {
    const pair = openPair('AEAD_AES_128_GCM')
    const packetId = pair.a.inject(rtpPacket(1, 1, 10))
    const sink = sinkOf(pair)
    for (const [i, sequenceNumber] of [5, 5, 6].entries()) pair.a.entry(i, { sink, packetId, sequenceNumber })
    pair.a.port.execute(3, 0)
    expect((await pair.b.take(2)).map((p) => p.bytes.readUInt16BE(2))).toEqual([5, 6])
    expect(pair.a.counter(Counter.sendErrors)).toBe(1)
    // Neither does a new sink of the same SSRC begin again.
    pair.a.port.closeSink(sink)
    pair.a.entry(0, { sink: sinkOf(pair), packetId, sequenceNumber: 6 })
    pair.a.port.execute(1, 0)
    expect(pair.a.counter(Counter.sendErrors)).toBe(2)
  })

  test('include a repeated index of any of the thousand streams that were closed last', async () => {
    const pair = openPair('AEAD_AES_128_GCM')
    const packetId = pair.a.inject(rtpPacket(1, 1, 10))
    const send = (ssrc: number): void => {
      const sink = sinkOf(pair, [], ssrc)
      pair.a.entry(0, { sink, packetId, sequenceNumber: 5 })
      pair.a.port.execute(1, 0)
      pair.a.port.closeSink(sink)
    }
    const streams = 1024
    for (let ssrc = 1; ssrc <= streams; ssrc++) send(ssrc)
    expect(pair.a.counter(Counter.sendErrors)).toBe(0)
    for (let ssrc = 1; ssrc <= streams; ssrc++) send(ssrc)
    expect(pair.a.counter(Counter.sendErrors)).toBe(streams)
    // Of more the oldest is forgotten.
    for (const ssrc of [streams + 1, 1]) send(ssrc)
    expect(pair.a.counter(Counter.sendErrors)).toBe(streams)
  })

  test('do not include a repeated index under AES-CM, whose retransmission is the same packet', async () => {
    const pair = openPair('AES_CM_128_HMAC_SHA1_80')
    const packetId = pair.a.inject(rtpPacket(1, 1, 10))
    const sink = sinkOf(pair)
    for (const i of [0, 1]) pair.a.entry(i, { sink, packetId, sequenceNumber: 5 })
    pair.a.port.execute(2, 0)
    await pair.b.take(1)
    expect(pair.a.counter(Counter.sentPackets)).toBe(2)
  })

  test('a second open sink of one SSRC in a session is a TypeError', () => {
    const pair = openPair()
    sinkOf(pair)
    expect(() => sinkOf(pair)).toThrow(expect.objectContaining({ code: 'ERR_SINK_REFUSED' }))
  })
})

describe.each(SRTP_SUITES)('segmented sends with %s', (suite) => {
  /** A burst of mixed sizes to one receiver, in four ways of sending. Returns what arrived. */
  async function burst(prepare: (pair: Pair) => void) {
    const pair = openPair(suite)
    prepare(pair)
    const sink = sinkOf(pair, [{ type: 'mid', id: 1, value: 'x' }])
    const sizes = [...Array(70).fill(1100), 1101, 1101, 900, 900, 20, 1100, 1500, 1500]
    for (const [i, bytes] of sizes.entries()) {
      pair.a.entry(i, {
        sink,
        packetId: pair.a.inject(rtpPacket(i, 1, bytes)),
        sequenceNumber: i,
        timestamp: i,
      })
    }
    pair.a.port.execute(sizes.length, 0)
    const packets = (await pair.b.take(sizes.length)).map((p) => p.bytes.toString('hex'))
    return { pair, packets }
  }

  test('and without give the same packets in the same order', async () => {
    const plain = await burst(({ a }) => a.port.setSegmentation(a.socket, 0))
    const segmented = await burst(() => undefined)
    expect(segmented.packets).toEqual(plain.packets)
    expect(plain.pair.a.counter(Counter.segmentedSends)).toBe(0)
    expect(segmented.pair.a.counter(Counter.segmentedSends)).toBeGreaterThan(0)
    expect(segmented.pair.a.counter(Counter.sentPackets)).toBe(segmented.packets.length)
  })

  test('fall back to single packets for good when the system refuses them', async () => {
    const refused = await burst(({ a }) => a.port.setSegmentation(a.socket, 1))
    const plain = await burst(({ a }) => a.port.setSegmentation(a.socket, 0))
    expect(refused.packets).toEqual(plain.packets)
    expect(refused.pair.a.counter(Counter.segmentedSends)).toBe(0)
    expect(refused.pair.a.counter(Counter.sendErrors)).toBe(0)
    expect(refused.pair.a.counter(Counter.sentPackets)).toBe(refused.packets.length)
  })
})

test('a segmented send carries at most 64 packets', async () => {
  const pair = openPair()
  const sink = sinkOf(pair)
  const packetId = pair.a.inject(rtpPacket(1, 1, 100))
  for (let i = 0; i < 100; i++) pair.a.entry(i, { sink, packetId, sequenceNumber: i })
  pair.a.port.execute(100, 0)
  expect(await pair.b.take(100)).toHaveLength(100)
  expect(pair.a.counter(Counter.segmentedSends)).toBe(2)
  expect(pair.a.counter(Counter.sendCalls)).toBe(1)
})

test('a full plan to many receivers keeps every sink’s order', async () => {
  const receivers = 8
  const from = new TestPort()
  closeAtEnd(from.port)
  const suite = 'AEAD_AES_128_GCM'
  const targets = Array.from({ length: receivers }, () => {
    const to = new TestPort()
    closeAtEnd(to.port)
    const session = from.sessionTo(to.udpPort)
    const back = to.sessionTo(from.udpPort)
    from.port.setSrtpKeys(session, suite, masterKey(suite, 1), masterKey(suite, 2))
    to.port.setSrtpKeys(back, suite, masterKey(suite, 2), masterKey(suite, 1))
    const sink = from.port.createSink({ session, ssrc: SSRC, payloadType: 96, headerExtensions: [] })
    return { to, sink }
  })
  const packets = PLAN_CAPACITY / receivers
  let entries = 0
  for (let i = 0; i < packets; i++) {
    const packetId = from.inject(rtpPacket(i, 1, 300 + (i % 3)))
    for (const { sink } of targets) from.entry(entries++, { sink, packetId, sequenceNumber: i })
  }
  from.port.execute(entries, 0)
  for (const { to } of targets) {
    const got = await to.take(packets)
    expect(got.map((p) => p.bytes.readUInt16BE(2))).toEqual(Array.from({ length: packets }, (_, i) => i))
  }
  expect(from.counter(Counter.sentPackets)).toBe(PLAN_CAPACITY)
})

test('an unreachable destination is skipped, and the packets of the others go', async () => {
  const pair = openPair()
  const { a } = pair
  // Port 0 can't be sent to: the system refuses that message and only that.
  const nowhere = a.sessionTo(0)
  a.port.setSrtpKeys(
    nowhere,
    'AEAD_AES_128_GCM',
    masterKey('AEAD_AES_128_GCM', 5),
    masterKey('AEAD_AES_128_GCM', 6),
  )
  const lost = a.port.createSink({ session: nowhere, ssrc: 1, payloadType: 96, headerExtensions: [] })
  const sink = sinkOf(pair)
  const packetId = a.inject(rtpPacket(1, 1, 10))
  for (let i = 0; i < 10; i++) a.entry(i, { sink: i === 3 ? lost : sink, packetId, sequenceNumber: i })
  a.port.execute(10, 0)
  expect(await pair.b.take(9)).toHaveLength(9)
  expect(a.counter(Counter.sendErrors)).toBe(1)
  expect(a.counter(Counter.sentPackets)).toBe(9)
})
