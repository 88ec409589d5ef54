import { describe, expect, test } from 'vitest'
import { KeyFrameRequester } from '../../src/worker/producer/key-frame-requester.ts'
import { NackGenerator } from '../../src/worker/producer/nack-generator.ts'
import { Reception } from '../../src/worker/producer/reception.ts'

describe('Reception', () => {
  test.each([0, 127, 32767, 65535])('numbers stay continuous over the wrap when the first is %d', (start) => {
    const reception = new Reception(90_000)
    const first = reception.received(start)
    for (let i = 1; i < 70_000; i++) expect(reception.received((start + i) & 0xffff)).toBe(first + i)
    expect(reception.report()).toMatchObject({ fractionLost: 0, totalLost: 0 })
  })

  test('loss is reported as a fraction since the last report and as a total', () => {
    const reception = new Reception(90_000)
    for (let i = 0; i < 100; i++) if (i % 4 !== 1) reception.received(i)
    expect(reception.report()).toMatchObject({ fractionLost: 64, totalLost: 25 })
    for (let i = 100; i < 200; i++) reception.received(i)
    expect(reception.report()).toMatchObject({ fractionLost: 0, totalLost: 25 })
  })

  test('one packet from nowhere is dropped; two in a row are a restart that goes on above all earlier numbers', () => {
    const reception = new Reception(90_000)
    const first = reception.received(1000)
    expect(reception.received(40_000)).toBe(-1)
    expect(reception.received(1001)).toBe(first + 1)
    expect(reception.received(20_000)).toBe(-1)
    const restarted = reception.received(20_001)
    expect(restarted).toBeGreaterThan(first + 1)
    expect(reception.received(20_002)).toBe(restarted + 1)
    expect(reception.report().totalLost).toBe(0)
  })

  test('jitter is that of RFC 3550 A.8: 0 for an even clock, a sixteenth of the first deviation after it', () => {
    const reception = new Reception(90_000)
    for (let i = 1; i <= 10; i++) reception.arrived(i * 1800, 1_000_000 + i * 20_000)
    expect(reception.jitterTicks).toBe(0)
    reception.arrived(11 * 1800, 1_000_000 + 11 * 20_000 + 10_000)
    expect(reception.jitterTicks).toBeCloseTo(900 / 16, 5)
  })

  test('a repair counts only for numbers that the stream has passed', () => {
    const reception = new Reception(90_000)
    expect(reception.repaired(5)).toBe(-1)
    const first = reception.received(10)
    expect(reception.repaired(9)).toBe(first - 1)
    expect(reception.repaired(11)).toBe(-1)
  })
})

describe('NackGenerator', () => {
  test('a gap is due at once, then again after the round trip, at most ten times', () => {
    const nack = new NackGenerator()
    nack.received(1, true)
    nack.received(4, false)
    expect(nack.due(0, 50)).toEqual([2, 3])
    expect(nack.due(49, 50)).toEqual([])
    expect(nack.due(50, 50)).toEqual([2, 3])
    let requests = 2
    for (let nowMs = 100; nowMs < 10_000; nowMs += 10) if (nack.due(nowMs, 50).length > 0) requests++
    expect(requests).toBe(10)
    expect(nack.missing).toBe(0)
  })

  test('what comes late is no longer asked for', () => {
    const nack = new NackGenerator()
    nack.received(1, true)
    nack.received(4, false)
    nack.received(3, false)
    expect(nack.due(0, 50)).toEqual([2])
  })

  test('a key frame makes older gaps useless, but not those among its own first packets', () => {
    const nack = new NackGenerator()
    nack.received(1, true)
    nack.received(3, false)
    nack.received(100, false)
    nack.received(102, true)
    expect(nack.due(0, 50)).toEqual([94, 95, 96, 97, 98, 99, 101])
  })

  test('too large a gap gives up and says that only a key frame helps', () => {
    const nack = new NackGenerator()
    nack.received(1, true)
    expect(nack.received(2000, false)).toBe(false)
    expect(nack.due(0, 50)).toEqual([])
  })
})

describe('KeyFrameRequester', () => {
  test('wishes join the request under way; it is repeated once a second and three times in all', () => {
    const requester = new KeyFrameRequester(0)
    expect(requester.wanted(1000)).toBe(true)
    expect(requester.wanted(1010)).toBe(false)
    const sent: number[] = []
    for (let nowMs = 1020; nowMs < 10_000; nowMs += 20) if (requester.tick(nowMs)) sent.push(nowMs)
    expect(sent).toEqual([2000, 3000])
  })

  test('a wish right after a key frame waits for the least interval, and for keyFrameRequestDelay if that is longer', () => {
    for (const [delayMs, expected] of [
      [0, 1250],
      [1000, 2000],
    ] as const) {
      const requester = new KeyFrameRequester(delayMs)
      requester.wanted(1000)
      requester.received()
      expect(requester.wanted(1010)).toBe(false)
      let sentMs = 0
      for (let nowMs = 1020; sentMs === 0 && nowMs < 5000; nowMs += 10)
        if (requester.tick(nowMs)) sentMs = nowMs
      expect(sentMs).toBe(expected)
    }
  })
})
