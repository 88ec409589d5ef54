import { describe, expect, test } from 'vitest'
import { TemporalFilter } from '../../src/worker/layers/layer-filter.ts'
import { counting, ForwarderRig, packet, TestSource, Vp8Stream } from './layer-packets.ts'

const START = { sequence: 100, timestamp: 1_000_000, pictureId: 10, tl0: 5 }

function simulcast(
  starts: { sequence: number; timestamp: number; pictureId: number; tl0: number }[],
  clocks: ConstructorParameters<typeof TestSource>[1][] = [],
): { rig: ForwarderRig; streams: Vp8Stream[] } {
  const streams = starts.map((start, i) => new Vp8Stream(new TestSource(i, clocks[i]), start))
  return { rig: new ForwarderRig(new TemporalFilter()), streams }
}

function send(rig: ForwarderRig, stream: Vp8Stream, keyFrame = false, arrivalUs?: number): boolean {
  return rig.offer(stream.source, stream.next(keyFrame, arrivalUs))
}

describe.each([0, 127, 32767, 65535])('simulcast whose numbers start at %d', (start) => {
  const first = {
    sequence: start,
    timestamp: 0xffffffff - 3000,
    pictureId: start & 0x7fff,
    tl0: start & 0xff,
  }

  test('begins at a key frame, with its own timestamps and picture ids', () => {
    const { rig, streams } = simulcast([first])
    const stream = streams[0]!
    rig.forwarder.aim(0, 0, 2)
    expect(send(rig, stream)).toBe(false)
    expect(send(rig, stream, true)).toBe(true)
    expect(rig.sent).toMatchObject([
      { sequence: 1000, timestamp: 0xffffffff, pictureId: (start + 1) & 0x7fff },
    ])
  })

  test('changes at the key frame of the target; the old layer runs until then', () => {
    const { rig, streams } = simulcast([first, { sequence: 65530, timestamp: 5, pictureId: 32765, tl0: 254 }])
    const [low, high] = streams as [Vp8Stream, Vp8Stream]
    rig.forwarder.aim(0, 0, 2)
    send(rig, low, true)
    rig.forwarder.aim(1, 1, 2)
    for (let i = 0; i < 3; i++) {
      expect(send(rig, low)).toBe(true)
      expect(send(rig, high)).toBe(false)
    }
    expect(send(rig, high, true, 133_000)).toBe(true)
    expect(send(rig, low)).toBe(false)
    for (let i = 0; i < 8; i++) expect(send(rig, high, false, 166_000 + i * 33_333)).toBe(true)
    expect(rig.sequences).toEqual(counting(1000, 13))
    expect(rig.sent.map((s) => s.pictureId)).toEqual(counting(start, 13).map((id) => id & 0x7fff))
    // A new base-layer picture for each fourth picture, and for the key frame.
    const tl0 = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3]
    expect(rig.sent.map((s) => s.tl0PicIdx)).toEqual(tl0.map((n) => (start + n) & 0xff))
  })

  test('timestamps only ever go forward, through changes in both directions', () => {
    const { rig, streams } = simulcast([first, { ...START, timestamp: 77 }])
    rig.forwarder.aim(0, 0, 2)
    for (let i = 0; i < 40; i++) {
      if (i % 10 === 5) rig.forwarder.aim(i % 20 < 10 ? 1 : 0, 0, 2)
      for (const stream of streams) send(rig, stream, i % 10 === 0 || i % 10 === 7, i * 33_333)
    }
    const steps = rig.sent.slice(1).map((s, i) => (s.timestamp - rig.sent[i]!.timestamp) | 0)
    expect(Math.min(...steps)).toBeGreaterThan(0)
    expect(Math.max(...steps)).toBeLessThanOrEqual(6000)
    expect(rig.sequences).toEqual(counting(1000, rig.sent.length))
  })
})

describe('temporal layers of VP8', () => {
  test.each([
    [0, [0, 4, 8, 12]],
    [1, [0, 2, 4, 6, 8, 10, 12, 14]],
    [2, counting(0, 16)],
  ])('layer %d: pictures %j pass, in continuous numbers and picture ids', (layer, pictures) => {
    const { rig, streams } = simulcast([{ sequence: 65530, timestamp: 0, pictureId: 32760, tl0: 250 }])
    rig.forwarder.aim(0, 0, layer)
    const passed = counting(0, 16).filter((i) => send(rig, streams[0]!, i === 0))
    expect(passed).toEqual(pictures)
    expect(rig.sequences).toEqual(counting(1000, pictures.length))
    expect(rig.sent.map((s) => s.pictureId)).toEqual(pictures.map((_, i) => (32760 + i) & 0x7fff))
    expect(rig.sent.map((s) => s.timestamp)).toEqual(pictures.map((i) => i * 3000))
  })

  test('go up one at a time, only where a picture says that it depends on the base layer alone', () => {
    const { rig, streams } = simulcast([START])
    const filterLayers: number[] = []
    rig.forwarder.aim(0, 0, 0)
    for (let i = 0; i < 4; i++) send(rig, streams[0]!, i === 0)
    rig.forwarder.aim(0, 0, 2)
    const source = streams[0]!.source
    const offer = (sequence: number, temporalLayer: number, switchUp: boolean): boolean => {
      const passed = rig.offer(source, {
        sequence,
        temporalLayer,
        switchUp,
        timestamp: sequence * 3000,
        pictureId: 1,
      })
      filterLayers.push(rig.forwarder.temporalLayer)
      return passed
    }
    expect(offer(104, 0, false)).toBe(true)
    expect(offer(105, 2, true)).toBe(false)
    expect(offer(106, 1, false)).toBe(false)
    expect(offer(107, 1, true)).toBe(true)
    expect(offer(108, 2, false)).toBe(false)
    expect(offer(109, 2, true)).toBe(true)
    expect(filterLayers).toEqual([0, 0, 0, 1, 1, 2])
  })

  test('a picture that began to pass passes to its end', () => {
    const rig = new ForwarderRig(new TemporalFilter())
    const source = new TestSource(0)
    rig.forwarder.aim(0, 0, 1)
    rig.offer(source, { sequence: 1, timestamp: 0, keyFrame: true })
    expect(rig.offer(source, { sequence: 2, timestamp: 3000, temporalLayer: 1 })).toBe(true)
    rig.forwarder.aim(0, 0, 0)
    expect(rig.offer(source, { sequence: 3, timestamp: 3000, temporalLayer: 1 })).toBe(true)
    expect(rig.offer(source, { sequence: 4, timestamp: 6000, temporalLayer: 1 })).toBe(false)
  })
})

describe('loss', () => {
  test('a packet that comes late takes the number that was kept for it', () => {
    const { rig, streams } = simulcast([START])
    rig.forwarder.aim(0, 0, 2)
    send(rig, streams[0]!, true)
    const late = streams[0]!.next()
    send(rig, streams[0]!)
    expect(rig.offer(streams[0]!.source, late)).toBe(true)
    expect(rig.sequences).toEqual([1000, 1002, 1001])
    expect(rig.sent[2]).toMatchObject({ pictureId: 11, timestamp: 1_003_000 })
    expect(send(rig, streams[0]!)).toBe(true)
    expect(rig.sent[3]).toMatchObject({ sequence: 1003, pictureId: 13 })
  })

  test('a late packet of a layer that does not pass is replaced by padding, so that nobody waits for it', () => {
    const { rig, streams } = simulcast([START])
    rig.forwarder.aim(0, 0, 0)
    send(rig, streams[0]!, true)
    const late = streams[0]!.next()
    send(rig, streams[0]!)
    send(rig, streams[0]!)
    expect(rig.offer(streams[0]!.source, late)).toBe(false)
    expect(rig.filled).toEqual([1001])
    send(rig, streams[0]!)
    expect(rig.sequences).toEqual([1000, 1002])
  })

  test('a late packet that was left out stays out', () => {
    const { rig, streams } = simulcast([START])
    rig.forwarder.aim(0, 0, 0)
    send(rig, streams[0]!, true)
    const dropped = streams[0]!.next()
    rig.offer(streams[0]!.source, dropped)
    expect(rig.offer(streams[0]!.source, dropped)).toBe(false)
    expect(rig.filled).toEqual([])
  })

  test('a key frame whose first packet comes late is started at; what it lacks is the receiver to ask for', () => {
    const { rig, streams } = simulcast([START, { ...START, sequence: 900 }])
    rig.forwarder.aim(1, 1, 2)
    const keyFrame = streams[1]!.next(true)
    send(rig, streams[1]!)
    send(rig, streams[1]!)
    expect(rig.sent).toEqual([])
    expect(rig.offer(streams[1]!.source, keyFrame)).toBe(true)
    expect(send(rig, streams[1]!)).toBe(true)
    expect(rig.sequences).toEqual([1000, 1003])
    expect(rig.forwarder.find(1001)).toBe(901)
    expect(rig.forwarder.foundSource).toBe(1)
  })

  test('a key frame that is far behind its stream is not started at', () => {
    const { rig, streams } = simulcast([START])
    rig.forwarder.aim(0, 0, 2)
    const keyFrame = streams[0]!.next(true)
    for (let i = 0; i < 100; i++) send(rig, streams[0]!)
    expect(rig.offer(streams[0]!.source, keyFrame)).toBe(false)
  })
})

describe('retransmission', () => {
  test('finds source, number, timestamp and picture id of before and after a change', () => {
    const { rig, streams } = simulcast([START, { sequence: 65535, timestamp: 9, pictureId: 99, tl0: 200 }])
    const [low, high] = streams as [Vp8Stream, Vp8Stream]
    rig.forwarder.aim(0, 0, 1)
    const packets = [low.next(true), low.next(), low.next(), low.next(), low.next()]
    for (const fields of packets) rig.offer(low.source, fields)
    rig.forwarder.aim(1, 1, 2)
    const after = [high.next(true, 200_000), high.next(false, 233_000)]
    for (const fields of after) rig.offer(high.source, fields)
    expect(rig.sent).toHaveLength(5)
    const incoming = [100, 102, 104, 65535, 65536]
    const sources = [0, 0, 0, 1, 1]
    const original = [packets[0]!, packets[2]!, packets[4]!, ...after]
    for (const [i, sent] of rig.sent.entries()) {
      expect(rig.forwarder.find(sent.sequence & 0xffff)).toBe(incoming[i])
      expect(rig.forwarder.foundSource).toBe(sources[i])
      expect(rig.forwarder.outgoing).toBe(sent.sequence)
      const { timestamp, pictureId, tl0PicIdx } = packet(original[i]!)
      rig.forwarder.rewriteFound(packet({ timestamp, pictureId, tl0PicIdx }))
      expect(rig.forwarder).toMatchObject({ timestamp: sent.timestamp, marker: sent.marker })
      expect(rig.forwarder.vp8Patch & 0x7fff).toBe(sent.pictureId)
      expect(rig.forwarder.vp8Patch >> 16).toBe(sent.tl0PicIdx)
    }
    const { timestamp, pictureId } = rig.sent[4]!
    rig.forwarder.find(rig.sent[0]!.sequence)
    send(rig, high, false, 266_000)
    expect(rig.sent[5]).toMatchObject({
      sequence: 1005,
      timestamp: timestamp + 3000,
      pictureId: pictureId! + 1,
    })
    expect(rig.forwarder.find(1006)).toBe(-1)
    expect(rig.forwarder.find(999)).toBe(-1)
  })
})

describe('timestamps across sources', () => {
  const clock = (ntpUs: number, rtpTimestamp: number) => ({ ntpUs, ntpMiddle: 0, rtpTimestamp, arrivalUs: 0 })

  test('keep the distance of the captures that sender reports tell, whatever the arrivals', () => {
    // Both clocks start at NTP 1 s: at timestamp 1,000,000 of one stream, and 50 of the other.
    const { rig, streams } = simulcast(
      [START, { ...START, timestamp: 50 }],
      [clock(1e6, 1_000_000), clock(1e6, 50)],
    )
    rig.forwarder.aim(0, 0, 2)
    send(rig, streams[0]!, true)
    rig.forwarder.aim(1, 1, 2)
    streams[1]!.next()
    streams[1]!.next()
    // Captured two pictures (66.7 ms) after the last one, but queued for 300 ms.
    send(rig, streams[1]!, true, 366_000)
    expect(rig.sent[1]!.timestamp - rig.sent[0]!.timestamp).toBe(6000)
  })

  test('a change to a picture that was shown already goes forward by a millisecond, which the next change takes back', () => {
    const { rig, streams } = simulcast(
      [START, { ...START, timestamp: 50 }],
      [clock(1e6, 1_000_000), clock(1e6, 50)],
    )
    rig.forwarder.aim(0, 0, 2)
    send(rig, streams[0]!, true, 0)
    rig.forwarder.aim(1, 1, 2)
    send(rig, streams[1]!, true, 5)
    expect(rig.sent[1]!.timestamp - rig.sent[0]!.timestamp).toBe(90)
    rig.forwarder.aim(0, 0, 2)
    send(rig, streams[0]!, true, 33_333)
    expect(rig.sent[2]!.timestamp - rig.sent[0]!.timestamp).toBe(3000)
  })

  test('follow the arrivals where one has no report, or the reports make no sense', () => {
    for (const other of [undefined, clock(50e6, 50)]) {
      const { rig, streams } = simulcast([START, { ...START, timestamp: 50 }], [clock(1e6, 1_000_000), other])
      rig.forwarder.aim(0, 0, 2)
      send(rig, streams[0]!, true, 0)
      rig.forwarder.aim(1, 1, 2)
      send(rig, streams[1]!, true, 40_000)
      expect(rig.sent[1]!.timestamp - rig.sent[0]!.timestamp).toBe(3600)
    }
  })

  test('stopping and going on with the same source keeps its timestamps, and continues its numbers', () => {
    const { rig, streams } = simulcast([START])
    rig.forwarder.aim(0, 0, 2)
    send(rig, streams[0]!, true)
    rig.forwarder.stop()
    for (let i = 0; i < 9; i++) expect(send(rig, streams[0]!)).toBe(false)
    rig.forwarder.aim(0, 0, 2)
    expect(send(rig, streams[0]!)).toBe(false)
    expect(send(rig, streams[0]!, true)).toBe(true)
    expect(rig.sent).toMatchObject([
      { sequence: 1000, timestamp: 1_000_000, pictureId: 10 },
      { sequence: 1001, timestamp: 1_033_000, pictureId: 11 },
    ])
  })
})

describe('what a publisher leaves out or gets wrong', () => {
  test('VP8 without picture ids is forwarded through a change of layers, unpatched and with continuous numbers', () => {
    const { rig, streams } = simulcast([START, { ...START, sequence: 65530, timestamp: 5 }])
    const bare = (stream: Vp8Stream, keyFrame = false): boolean =>
      rig.offer(stream.source, { ...stream.next(keyFrame), pictureId: -1, tl0PicIdx: -1 })
    const [low, high] = streams as [Vp8Stream, Vp8Stream]
    rig.forwarder.aim(0, 0, 2)
    expect(bare(low, true)).toBe(true)
    rig.forwarder.aim(1, 1, 2)
    expect(bare(low)).toBe(true)
    expect(bare(high, true)).toBe(true)
    expect(bare(high)).toBe(true)
    expect(rig.sequences).toEqual(counting(1000, 4))
    expect(rig.sent.map(({ pictureId }) => pictureId)).toEqual(Array(4).fill(undefined))
  })

  test('a layer index that no encoding has is dropped, and the numbers of the layers that there are stay continuous', () => {
    const { rig, streams } = simulcast([START])
    const [stream] = streams as [Vp8Stream]
    rig.forwarder.aim(0, 0, 2)
    expect(send(rig, stream, true)).toBe(true)
    for (const temporalLayer of [3, 7]) {
      expect(rig.offer(stream.source, { ...stream.next(), temporalLayer, switchUp: true })).toBe(false)
    }
    expect(send(rig, stream)).toBe(true)
    expect(rig.sequences).toEqual(counting(1000, 2))
  })
})
