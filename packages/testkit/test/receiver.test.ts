import { describe, expect, test } from 'vitest'
import { FreezeMeter } from '../src/bots/freeze-meter.ts'
import { MissingPackets } from '../src/bots/missing-packets.ts'
import { PlayoutDelay } from '../src/bots/playout-delay.ts'

describe('a receiver counts as a freeze', () => {
  const play = (meter: FreezeMeter, intervalMs: number, count: number, startMs = 0): number => {
    for (let i = 1; i <= count; i++) meter.picture(startMs + i * intervalMs)
    return startMs + count * intervalMs
  }

  test('a picture that is late by more than 150 ms, at 25 pictures per second', () => {
    const meter = new FreezeMeter()
    const endMs = play(meter, 40, 30)
    expect([meter.picture(endMs + 190), meter.picture(endMs + 190 + 196)]).toEqual([false, true])
    expect(meter).toMatchObject({ freezes: 1, frozenMs: 196 })
  })

  test('one that is late by twice its interval, at few pictures per second', () => {
    const meter = new FreezeMeter()
    const endMs = play(meter, 160, 30)
    expect([meter.picture(endMs + 480), meter.picture(endMs + 480 + 515)]).toEqual([false, true])
  })

  test('nothing after the sender said that it stops', () => {
    const meter = new FreezeMeter()
    const endMs = play(meter, 40, 30)
    meter.interrupt()
    play(meter, 40, 30, endMs + 60_000)
    expect(meter.freezes).toBe(0)
  })
})

describe('a receiver asks again', () => {
  test('after a round trip, as it measures it, ten times at most', () => {
    const missing = new MissingPackets()
    missing.asked(7, 0)
    expect([missing.overdue(119), missing.overdue(120)]).toEqual([[], [7]])
    for (let asked = 2; asked < 10; asked++) expect(missing.overdue(asked * 120)).toEqual([7])
    expect(missing.overdue(10_000)).toEqual([])
    for (let i = 0; i < 50; i++) {
      missing.asked(100 + i, 20_000)
      missing.arrived(100 + i, true, 20_300)
    }
    missing.asked(8, 30_000)
    expect([missing.overdue(30_350), missing.overdue(30_365)]).toEqual([[], [8]])
  })

  test('not for what came, nor for what it gave up', () => {
    const missing = new MissingPackets()
    for (const sequence of [1, 2, 3]) missing.asked(sequence, 0)
    missing.arrived(2, false, 10)
    missing.forgetBefore(3)
    expect(missing.overdue(1000)).toEqual([3])
  })
})

describe('a receiver shows a picture', () => {
  test('as late as the slowest of ten seconds, and no later than 400 ms for that', () => {
    const playout = new PlayoutDelay()
    const shownAfter = (takenMs: number, delayMs: number): number =>
      playout.picture(takenMs, takenMs + delayMs) - takenMs
    expect([shownAfter(0, 50), shownAfter(40, 180), shownAfter(80, 60)]).toEqual([50, 180, 180])
    expect(shownAfter(5000, 50)).toBe(180)
    expect([shownAfter(12_000, 60), shownAfter(12_040, 50)]).toEqual([60, 60])
    expect([shownAfter(13_000, 900), shownAfter(14_000, 50)]).toEqual([900, 400])
  })
})
