import { NOT_RECEIVED, TransportFeedback } from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
import { SendHistory, SendRecords } from '../../src/worker/congestion/send-records.ts'
import { SendSideBandwidth } from '../../src/worker/congestion/send-side-bandwidth.ts'
import { type NetworkPlan, runPlan } from './network-plan.ts'

const PLAN: NetworkPlan = {
  name: 'steady link',
  seconds: 30,
  seed: 1,
  rates: [{ fromSeconds: 0, bps: 2_000_000 }],
  flows: [{ startSeconds: 0 }],
}

describe('SendSideBandwidth on a simulated link', () => {
  test.each([0, 127, 32767, 65535])(
    'works across the wrap of the sequence number, from %d on',
    (firstSequence) => {
      const result = runPlan({ ...PLAN, flows: [{ startSeconds: 0, firstSequence }] })
      expect(result.utilisation(5)).toBeGreaterThan(0.8)
      expect(result.utilisation(5)).toBeLessThanOrEqual(1)
    },
  )

  test('the same seed gives the same estimates, another seed others', () => {
    const targets = (seed: number) => runPlan({ ...PLAN, seed }).samples[0]!.map((s) => s.targetBps)
    expect(targets(1)).toEqual(targets(1))
    expect(targets(1)).not.toEqual(targets(2))
  })

  test('finds a link of 2 Mbit/s from 300 kbit/s within 5 s, by probing', () => {
    expect(runPlan(PLAN).secondsUntil(0, 'atLeast', 1_800_000)).toBeLessThan(5)
  })

  test('falls to a tenth of the capacity and stays there', () => {
    const rates = [...PLAN.rates, { fromSeconds: 10, bps: 200_000 }]
    const result = runPlan({ ...PLAN, rates })
    expect(result.secondsUntil(10, 'atMost', 200_000)).toBeLessThan(2)
    for (const s of result.samples[0]!.filter(({ atSeconds }) => atSeconds > 14)) {
      expect(s.targetBps).toBeLessThan(320_000)
      expect(s.targetBps).toBeGreaterThan(80_000)
    }
  })

  test('an outage of 3 s lowers the estimate though no feedback says so, and it recovers', () => {
    const rates = [...PLAN.rates, { fromSeconds: 10, bps: 0 }, { fromSeconds: 13, bps: 2_000_000 }]
    const result = runPlan({ ...PLAN, rates })
    const during = result.samples[0]!.filter(({ atSeconds }) => atSeconds > 12.5 && atSeconds < 13)
    for (const s of during) {
      expect(s.reason).toBe('feedbackTimeout')
      expect(s.targetBps).toBeLessThan(1_200_000)
    }
    expect(result.secondsUntil(13.5, 'atLeast', 1_800_000)).toBeLessThan(8)
  })

  test('random loss of 1 % costs nothing, of 20 % it sets the bound', () => {
    expect(runPlan({ ...PLAN, lossShare: 0.01 }).utilisation(5)).toBeGreaterThan(0.8)
    const lossy = runPlan({ ...PLAN, lossShare: 0.2 })
    expect(lossy.samples[0]!.some((s) => s.reason === 'loss')).toBe(true)
    expect(lossy.mediaBps(0, 20)).toBeLessThan(1_200_000)
  })

  test('jitter of 15 ms is not taken for congestion', () => {
    expect(runPlan({ ...PLAN, jitterMs: 15 }).utilisation(10)).toBeGreaterThan(0.6)
  })

  test('an estimate that leaves no layer is not the last one: the path is asked again when nothing is under way', () => {
    // The link takes a third of the lowest layer for 5 s, so that the router stops sending altogether.
    const layers = { streams: 1, layersBps: [150_000, 500_000] }
    const rates = [
      { fromSeconds: 0, bps: 1_000_000 },
      { fromSeconds: 10, bps: 50_000 },
      { fromSeconds: 15, bps: 1_000_000 },
    ]
    const result = runPlan({ ...PLAN, lossShare: 0.01, rates, flows: [{ startSeconds: 0, layers }] })
    expect(result.mediaBps(0, 6, 10)).toBeGreaterThan(450_000)
    expect(result.mediaBps(0, 12, 15)).toBeLessThan(60_000)
    expect(result.mediaBps(0, 23, 30)).toBeGreaterThan(450_000)
    expect(result.samples[0]!.at(-1)!.targetBps).toBeLessThanOrEqual(1_000_000)
  })

  test('a key frame that fills the queue of a path with little media on it does not cost the estimate', () => {
    // 150 kbit/s on 1 Mbit/s, then 500: the switch begins with a burst, while the mean of what arrives is still the lower layer.
    const layers = { streams: 1, layersBps: [150_000, 500_000] }
    const rates = [{ fromSeconds: 0, bps: 1_000_000 }]
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const result = runPlan({ ...PLAN, seed, rates, flows: [{ startSeconds: 0, layers }] })
      expect(result.mediaBps(0, 5)).toBeGreaterThan(480_000)
      for (const s of result.samples[0]!.filter(({ atSeconds }) => atSeconds > 5)) {
        expect(s.targetBps).toBeGreaterThan(550_000)
        expect(s.targetBps).toBeLessThan(1_500_000)
      }
    }
  })

  test('media that needs little does not lose the estimate, nor let it run away', () => {
    const result = runPlan({
      ...PLAN,
      rates: [{ fromSeconds: 0, bps: 3_000_000 }],
      flows: [{ startSeconds: 0, mediaMaxBps: 500_000 }],
    })
    const last = result.samples[0]!.at(-1)!
    expect(last.targetBps).toBeGreaterThan(1_500_000)
    expect(last.targetBps).toBeLessThan(3_600_000)
  })

  test('the maximum holds and is named', () => {
    const result = runPlan({ ...PLAN, maxBps: 700_000 })
    for (const s of result.samples[0]!) expect(s.targetBps).toBeLessThanOrEqual(700_000)
    expect(result.samples[0]!.at(-1)!.targetBps).toBeGreaterThan(600_000)
  })
})

const MS = 1000

/** An estimator without a network: the test says what the receiver saw. */
class Bench {
  readonly records = new SendRecords(2)
  readonly sequences = new Uint16Array(2)
  readonly bandwidth: SendSideBandwidth
  nowUs = 5_000_000

  constructor(limits: { initialBps: number; minBps: number; maxBps: number }) {
    this.records.open(1)
    this.bandwidth = new SendSideBandwidth(new SendHistory(this.records, this.sequences, 1, 0), limits)
  }

  send(bytes: number): number {
    const sequence = this.sequences[1]!
    this.records.setNow(this.nowUs)
    this.records.write(1, sequence, bytes)
    this.sequences[1] = sequence + 1
    return sequence
  }

  feedback(base: number, ticks: readonly number[]): void {
    const feedback = new TransportFeedback()
    feedback.baseSequenceNumber = base
    feedback.statusCount = ticks.length
    feedback.arrivalTicks.set(ticks)
    this.bandwidth.handleFeedback(feedback, this.nowUs)
  }
}

const LIMITS = { initialBps: 600_000, minBps: 0, maxBps: 10_000_000 }

describe('SendSideBandwidth', () => {
  test('starts at the initial estimate, within the limits', () => {
    expect(new Bench(LIMITS).bandwidth.state).toMatchObject({ targetBps: 600_000, reason: 'initial' })
    expect(new Bench({ ...LIMITS, maxBps: 100_000 }).bandwidth.targetBps).toBe(100_000)
    expect(new Bench({ ...LIMITS, minBps: 900_000 }).bandwidth.targetBps).toBe(900_000)
  })

  test('obeys REMB until the first transport-cc feedback, and never after', () => {
    const bench = new Bench(LIMITS)
    bench.bandwidth.handleRemb(250_000)
    expect(bench.bandwidth.state).toMatchObject({ targetBps: 250_000, reason: 'remb' })
    bench.feedback(bench.send(1000), [0])
    bench.bandwidth.handleRemb(90_000)
    expect(bench.bandwidth.targetBps).toBe(250_000)
  })

  test('feedback about packets that were never sent changes nothing', () => {
    const bench = new Bench(LIMITS)
    bench.feedback(60_000, [0, 4, NOT_RECEIVED, 8])
    expect(bench.bandwidth.state).toMatchObject({ targetBps: 600_000, acknowledgedBps: 0, lossShare: 0 })
  })

  test('feedback that comes twice counts once', () => {
    const once = new Bench(LIMITS)
    const twice = new Bench(LIMITS)
    for (let i = 0; i < 40; i++) {
      for (const bench of [once, twice]) {
        bench.nowUs += 20 * MS
        const sequence = bench.send(1000)
        bench.nowUs += 5 * MS
        for (let k = 0; k < (bench === twice ? 2 : 1); k++) bench.feedback(sequence, [i * 100])
      }
    }
    expect(twice.bandwidth.state.acknowledgedBps).toBe(once.bandwidth.state.acknowledgedBps)
    expect(once.bandwidth.state.acknowledgedBps).toBeCloseTo(320_000, -5)
  })

  test('no padding is asked for before feedback came: nobody may be listening', () => {
    const bench = new Bench(LIMITS)
    for (let i = 0; i < 100; i++) {
      bench.nowUs += 20 * MS
      bench.send(1000)
      expect(bench.bandwidth.tick(bench.nowUs)).toBe(0)
    }
  })

  test('a probe asks for what media lacks to three times the estimate, and for no more than is useful', () => {
    const bench = new Bench(LIMITS)
    bench.feedback(bench.send(1000), [0])
    expect(bench.bandwidth.tick(bench.nowUs)).toBe(0)
    expect(bench.bandwidth.isProbing(bench.nowUs)).toBe(true)
    bench.nowUs += 10 * MS
    expect(bench.bandwidth.tick(bench.nowUs)).toBe(2250)
    bench.send(1250)
    expect(bench.bandwidth.tick(bench.nowUs)).toBe(1000)
    const modest = new Bench(LIMITS)
    modest.bandwidth.usefulBps = 400_000
    modest.feedback(modest.send(1000), [0])
    modest.bandwidth.tick(modest.nowUs)
    expect(modest.bandwidth.isProbing(modest.nowUs)).toBe(false)
  })

  test('a receiver that lost the last packets before a pause is not taken for silent', () => {
    const bench = new Bench(LIMITS)
    bench.feedback(bench.send(1000), [0])
    bench.send(1000)
    bench.nowUs += 5_000 * MS
    bench.bandwidth.tick(bench.nowUs)
    expect(bench.bandwidth.state.reason).not.toBe('feedbackTimeout')
  })
})

describe('SendRecords', () => {
  test.each([0, 127, 32767, 65535])('a record is found by its own number only, from %d on', (sequence) => {
    const records = new SendRecords(4)
    records.open(2)
    const history = new SendHistory(records, new Uint16Array(4), 2, 40)
    records.setNow(2 ** 32 + 77)
    records.write(2, sequence, 1100)
    expect(history.bytes(sequence)).toBe(1140)
    expect(history.sentUs(sequence, 2 ** 32 + 1077)).toBe(2 ** 32 + 77)
    expect(history.bytes((sequence + 2048) & 0xffff)).toBe(0)
    history.acknowledge(sequence)
    expect(history.bytes(sequence)).toBe(0)
  })

  test('many transports keep apart while the records grow, and a slab that is given back is clean', () => {
    const records = new SendRecords(100)
    const histories = Array.from({ length: 20 }, (_, i) => {
      records.open(i + 1)
      records.write(i + 1, 5, i + 1)
      return new SendHistory(records, new Uint16Array(100), i + 1, 0)
    })
    for (const [i, history] of histories.entries()) expect(history.bytes(5)).toBe(i + 1)
    records.close(7)
    records.open(50)
    expect(new SendHistory(records, new Uint16Array(100), 50, 0).bytes(5)).toBe(0)
  })
})
