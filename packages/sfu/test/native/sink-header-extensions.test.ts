import { describe, expect, test } from 'vitest'
import type { SinkHeaderExtension } from '../../src/worker/packet-port/packet-port.ts'
import { rtpPacket } from './harness.ts'
import { openPair, sendOne, sinkOf } from './sink-pair.ts'

describe('header extensions (RFC 8285)', () => {
  // A source packet whose extension bytes lie where the record says.
  const source = Buffer.alloc(120)
  source.set([0x8a], 20) // ssrc-audio-level
  source.set([0x03], 21) // video-orientation
  source.set(Buffer.from('0102030405060708', 'hex'), 24) // abs-capture-time, 8 bytes
  for (let i = 0; i < 40; i++) source[40 + i] = 0x40 + i // dependency descriptor
  const PAYLOAD = 90
  const record = (dd = 0, capture = 0): number[] => [
    20,
    21,
    dd === 0 ? 0 : 40,
    dd,
    capture === 0 ? 0 : 24,
    capture,
  ]

  async function block(
    extensions: readonly SinkHeaderExtension[],
    words: readonly number[],
    flags = 0,
  ): Promise<{ x: boolean; profile: string; data: string }> {
    const pair = openPair()
    const packetId = pair.a.inject(source, PAYLOAD, words)
    const packet = await sendOne(pair, { sink: sinkOf(pair, extensions), packetId, sequenceNumber: 1, flags })
    const x = (packet[0]! & 0x10) !== 0
    const end = x ? 16 + 4 * packet.readUInt16BE(14) : 12
    expect(packet.subarray(end)).toEqual(source.subarray(PAYLOAD))
    return {
      x,
      profile: x ? packet.toString('hex', 12, 14) : '',
      data: x ? packet.toString('hex', 16, end) : '',
    }
  }

  test('mid, transport sequence number, audio level and orientation stand in the order given', async () => {
    const got = await block(
      [
        { type: 'mid', id: 4, value: 'v1' },
        { type: 'transportSequenceNumber', id: 5 },
        { type: 'audioLevel', id: 1 },
        { type: 'videoOrientation', id: 13 },
      ],
      record(),
      0xbeef0000,
    )
    expect(got).toEqual({ x: true, profile: 'bede', data: '417631' + '51beef' + '108a' + 'd003' + '0000' })
  })

  test('elements that the source lacks become padding, and those that are in few packets take no room', async () => {
    const got = await block(
      [
        { type: 'audioLevel', id: 1 },
        { type: 'mid', id: 2, value: 'a' },
        { type: 'absCaptureTime', id: 3 },
      ],
      [],
    )
    expect(got).toEqual({ x: true, profile: 'bede', data: '00002061' })
  })

  test('the X bit stays clear when no element is present', async () => {
    expect((await block([{ type: 'audioLevel', id: 1 }], [])).x).toBe(false)
    expect((await block([{ type: 'dependencyDescriptor', id: 1 }], record())).x).toBe(false)
    expect((await block([], record(10, 8))).x).toBe(false)
  })

  test('abs-send-time is the clock of nowUs() in 6.18 fixed-point seconds', async () => {
    const pair = openPair()
    const packetId = pair.a.inject(rtpPacket(1, 1, 8))
    const before = pair.a.port.nowUs()
    const sink = sinkOf(pair, [{ type: 'absSendTime', id: 3 }])
    const packet = await sendOne(pair, { sink, packetId, sequenceNumber: 1 })
    const after = pair.a.port.nowUs()
    expect(packet.toString('hex', 12, 17)).toBe('bede000132')
    const units = (us: number): number => Math.floor((us * 2 ** 18) / 1e6) % 2 ** 24
    const written = packet.readUIntBE(17, 3)
    expect((written - units(before) + 2 ** 24) % 2 ** 24).toBeLessThanOrEqual(
      (units(after) - units(before) + 2 ** 24) % 2 ** 24,
    )
  })

  test('abs-capture-time is copied with 8 and with 16 bytes', async () => {
    const sixteen = source.toString('hex', 24, 40)
    const extension = { type: 'absCaptureTime', id: 6 } as const
    expect((await block([extension], record(0, 8))).data).toBe('670102030405060708000000')
    expect((await block([extension], record(0, 16))).data).toBe(`6f${sixteen}000000`)
    expect((await block([extension], record(0, 9))).x).toBe(false)
  })

  test.each([
    [3, 'bede'],
    [16, 'bede'],
    [17, '1000'],
    [40, '1000'],
  ])('a dependency descriptor of %i bytes is copied under profile %s', async (bytes, profile) => {
    const got = await block(
      [
        { type: 'mid', id: 4, value: 'v1' },
        { type: 'dependencyDescriptor', id: 8 },
        { type: 'videoOrientation', id: 9 },
      ],
      record(bytes),
    )
    const descriptor = source.toString('hex', 40, 40 + bytes)
    const data =
      profile === 'bede'
        ? `417631${(0x80 | (bytes - 1)).toString(16)}${descriptor}9003`
        : `04027631${'08'}${bytes.toString(16).padStart(2, '0')}${descriptor}090103`
    expect(got.profile).toBe(profile)
    expect(got.data).toBe(data.padEnd(Math.ceil(data.length / 8) * 8, '0'))
  })

  test('playout-delay is in the packets whose source has it, and costs the others nothing', async () => {
    const extensions = [
      { type: 'playoutDelay', id: 7 },
      { type: 'mid', id: 4, value: 'v1' },
      { type: 'dependencyDescriptor', id: 8 },
    ] as const
    const withDelay = (words: readonly number[], at: number): number[] => [...words, at]
    expect((await block(extensions, record())).data).toBe('41763100')
    // The three bytes at 40.
    expect((await block(extensions, withDelay(record(), 40))).data).toBe('72404142' + '417631' + '00')
    expect((await block(extensions, withDelay(record(3), 41))).data).toBe(
      '72414243' + '417631' + '82404142' + '00',
    )
    expect((await block([{ type: 'playoutDelay', id: 7 }], withDelay(record(), 118))).x).toBe(false)
  })

  test('an id over 14 or a mid over 16 bytes takes the two-byte form', async () => {
    expect(await block([{ type: 'audioLevel', id: 20 }], record())).toEqual({
      x: true,
      profile: '1000',
      data: '14018a00',
    })
    const value = 'abcdefghijklmnopqrst'
    expect((await block([{ type: 'mid', id: 1, value }], [])).data).toBe(
      `0114${Buffer.from(value).toString('hex')}0000`,
    )
  })

  test('a record that points outside its packet leaves the element out', async () => {
    expect((await block([{ type: 'audioLevel', id: 1 }], [120])).x).toBe(false)
    expect((await block([{ type: 'dependencyDescriptor', id: 1 }], [0, 0, 110, 11])).x).toBe(false)
    expect((await block([{ type: 'dependencyDescriptor', id: 1 }], [0, 0, 65535, 65535])).x).toBe(false)
  })

  test.each([
    [[{ type: 'audioLevel', id: 0 }]],
    [[{ type: 'audioLevel', id: 256 }]],
    [[{ type: 'mid', id: 1, value: '' }]],
    [[{ type: 'mid', id: 1, value: 'x'.repeat(33) }]],
    [
      [
        { type: 'audioLevel', id: 1 },
        { type: 'audioLevel', id: 2 },
      ],
    ],
  ] as const)('%j is a TypeError', (extensions) => {
    const pair = openPair()
    expect(() => sinkOf(pair, extensions)).toThrow(TypeError)
  })
})
