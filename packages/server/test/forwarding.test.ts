import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  dueAtMs,
  nextDistress,
  noDistress,
  trialAfterMs,
  withPicture,
} from '../src/media/forwarding/distress.ts'
import { keepMs, lowersAtMs, nextWantedLayer, untold } from '../src/media/forwarding/layers-wanted.ts'
import { RecentSpeakers } from '../src/media/forwarding/recent-speakers.ts'
import { selectVideos, type VideoInput, type VideoStream } from '../src/media/forwarding/video-selection.ts'
import { layerHeightsOf } from '../src/media/layer-heights.ts'

const camera = (name: string): VideoStream => ({
  producerId: name,
  participantId: `of-${name}`,
  source: 'camera',
  layerHeights: [180, 360, 720],
})
const screen = (name: string): VideoStream => ({ ...camera(name), source: 'screen', layerHeights: [720] })
const tile = (producerId: string, height: number, fields: { visible?: boolean; pinned?: boolean } = {}) => ({
  producerId,
  width: Math.round((height * 16) / 9),
  height,
  visible: true,
  pinned: false,
  ...fields,
})
const input = (fields: Partial<VideoInput> & Pick<VideoInput, 'streams'>): VideoInput => ({
  view: undefined,
  speakers: [],
  maxVideos: 25,
  inDistress: false,
  ...fields,
})
const reasons = (fields: Parameters<typeof input>[0]): Record<string, string> =>
  Object.fromEntries(
    selectVideos(input(fields)).map(({ producerId, forwarded, reason }) => [
      producerId,
      `${forwarded ? '+' : '-'}${reason}`,
    ]),
  )

describe('the videos of a receiver', () => {
  test('before it said what it shows are all, in full size', () => {
    const decisions = selectVideos(input({ streams: [camera('a'), camera('b')] }))
    expect(decisions).toMatchObject([
      { forwarded: true, reason: 'wanted', spatialLayer: 2 },
      { forwarded: true, reason: 'wanted', spatialLayer: 2 },
    ])
  })

  test('are those of its visible tiles', () => {
    const view = { tiles: [tile('a', 360), tile('b', 360, { visible: false })] }
    expect(reasons({ streams: [camera('a'), camera('b'), camera('c')], view })).toEqual({
      a: '+wanted',
      b: '-notVisible',
      c: '-notVisible',
    })
  })

  test('beyond the limit are of who spoke last', () => {
    const streams = ['a', 'b', 'c', 'd'].map(camera)
    const speakers = ['of-d', 'of-b']
    expect(reasons({ streams, speakers, maxVideos: 2 })).toEqual({
      a: '-lastN',
      b: '+wanted',
      c: '-lastN',
      d: '+speaking',
    })
  })

  test('pins come before screens, screens before speakers, speakers before large tiles', () => {
    const streams = [camera('large'), camera('speaker'), screen('screen'), camera('pinned')]
    const view = {
      tiles: [
        tile('large', 720),
        tile('speaker', 90),
        tile('screen', 360),
        tile('pinned', 90, { pinned: true }),
      ],
    }
    const place = (maxVideos: number): string[] =>
      selectVideos(input({ streams, view, speakers: ['of-speaker'], maxVideos })).flatMap((decision) =>
        decision.forwarded ? [decision.producerId] : [],
      )
    expect(place(1)).toEqual(['pinned'])
    expect(place(2)).toEqual(['screen', 'pinned'])
    expect(place(3)).toEqual(['speaker', 'screen', 'pinned'])
  })

  test('are no more than the receiver wants, whatever the room allows', () => {
    const view = { tiles: [tile('a', 90), tile('b', 360)], maxVideos: 1 }
    expect(reasons({ streams: [camera('a'), camera('b')], view })).toEqual({ a: '-lastN', b: '+wanted' })
  })

  test('have the lowest layer that fills the tile; a screen has its highest', () => {
    const streams = [camera('s'), camera('m'), camera('l'), { ...screen('x'), layerHeights: [360, 720] }]
    const view = { tiles: [tile('s', 240), tile('m', 241), tile('l', 1080), tile('x', 90)] }
    expect(selectVideos(input({ streams, view })).map(({ spatialLayer }) => spatialLayer)).toEqual([
      0, 1, 2, 1,
    ])
  })

  test('get bandwidth in the order screen, pinned, speaker, larger tile', () => {
    const streams = [camera('small'), camera('large'), camera('speaker'), camera('pinned'), screen('screen')]
    const view = {
      tiles: streams.map(({ producerId }) =>
        tile(producerId, producerId === 'large' ? 700 : 100, { pinned: producerId === 'pinned' }),
      ),
    }
    const priorities = selectVideos(input({ streams, view, speakers: ['of-speaker'] })).map((d) => d.priority)
    expect(priorities).toEqual([...priorities].sort((a, b) => a - b))
    expect(new Set(priorities).size).toBe(5)
  })

  test('are none with audio only', () => {
    const streams = [camera('a'), screen('b')]
    expect(reasons({ streams, view: { tiles: [tile('a', 90)], audioOnly: true } })).toEqual({
      a: '-audioOnly',
      b: '-audioOnly',
    })
  })

  test('are one in distress, in its lowest layer: the first in rank that has layers to be held back by', () => {
    const streams = [camera('a'), camera('b'), screen('c')]
    const inDistress = { streams, inDistress: true, speakers: ['of-b'] }
    expect(reasons(inDistress)).toEqual({ a: '-distress', b: '+speaking', c: '-distress' })
    expect(selectVideos(input(inDistress))[1]?.spatialLayer).toBe(0)
    const view = { tiles: [tile('a', 720), tile('b', 720, { visible: false })] }
    expect(reasons({ ...inDistress, view })).toEqual({ a: '+wanted', b: '-notVisible', c: '-notVisible' })
    expect(reasons({ streams: [screen('c')], inDistress: true })).toEqual({ c: '-distress' })
    expect(reasons({ ...inDistress, view: { ...view, maxVideos: 0 } })).toMatchObject({ a: '-distress' })
  })

  test('never exceed the limit, and each has one decision', () => {
    const stream = fc.record({
      name: fc.nat(30),
      isScreen: fc.boolean(),
      visible: fc.boolean(),
      pinned: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(stream, { selector: ({ name }) => name }),
        fc.nat(10),
        (people, maxVideos) => {
          const streams = people.map(({ name, isScreen }) =>
            isScreen ? screen(`${name}`) : camera(`${name}`),
          )
          const tiles = people.map(({ name, visible, pinned }) =>
            tile(`${name}`, 10 * name, { visible, pinned }),
          )
          const decisions = selectVideos(input({ streams, view: { tiles }, maxVideos }))
          expect(decisions.map(({ producerId }) => producerId)).toEqual(
            streams.map(({ producerId }) => producerId),
          )
          const visible = people.filter((person) => person.visible).length
          expect(decisions.filter(({ forwarded }) => forwarded)).toHaveLength(Math.min(maxVideos, visible))
        },
      ),
    )
  })
})

describe('distress', () => {
  test('begins when the estimate is low for two seconds, not for a moment', () => {
    let state = nextDistress(noDistress, 100_000, 0)
    expect(state.inDistress).toBe(false)
    expect(dueAtMs(state)).toBe(2000)
    expect(nextDistress(state, 100_000, 1999).inDistress).toBe(false)
    expect(nextDistress(nextDistress(state, 200_000, 1000), 100_000, 2500).inDistress).toBe(false)
    state = nextDistress(state, 100_000, 2000)
    expect(state).toEqual({ inDistress: true, sinceMs: undefined, enteredMs: 2000 })
  })

  test('ends when the estimate is well above for five seconds: between the two nothing changes', () => {
    const inDistress = { inDistress: true, sinceMs: undefined, enteredMs: 0 }
    expect(nextDistress(inDistress, 200_000, 20_000)).toEqual(inDistress)
    const better = nextDistress(inDistress, 300_000, 1000)
    expect(dueAtMs(better)).toBe(6000)
    expect(nextDistress(better, 300_000, 5999).inDistress).toBe(true)
    expect(nextDistress(better, 300_000, 6000)).toEqual(noDistress)
  })

  test('is not tried without while a picture shows what the network carries', () => {
    const shown = withPicture({ inDistress: true, sinceMs: undefined, enteredMs: 1000 })
    expect(dueAtMs(shown)).toBeUndefined()
    expect(nextDistress(shown, 100_000, 2 * trialAfterMs).inDistress).toBe(true)
    expect(nextDistress(nextDistress(shown, 300_000, 2000), 300_000, 7000)).toEqual(noDistress)
  })

  test('is tried without after half a minute without a picture, and begins again when the network is as bad', () => {
    const inDistress = { inDistress: true, sinceMs: undefined, enteredMs: 1000 }
    expect(dueAtMs(inDistress)).toBe(1000 + trialAfterMs)
    const tried = nextDistress(inDistress, 100_000, 1000 + trialAfterMs)
    expect(tried).toEqual(noDistress)
    const again = nextDistress(tried, 100_000, 1000 + trialAfterMs)
    expect(nextDistress(again, 100_000, 3000 + trialAfterMs).inDistress).toBe(true)
  })

  test('is nobody’s whose network nobody estimates', () => {
    expect(nextDistress({ inDistress: true, sinceMs: undefined, enteredMs: 0 }, undefined, 0)).toEqual(
      noDistress,
    )
  })
})

describe('the layers that a publisher is told of', () => {
  test('are the first ones at once, and more at once', () => {
    const first = nextWantedLayer(untold, 0, 0)
    expect(first.told).toBe(0)
    expect(nextWantedLayer(first, 2, 1).told).toBe(2)
    expect(nextWantedLayer(nextWantedLayer(untold, -1, 0), 0, 1).told).toBe(0)
  })

  test('are fewer only when that lasts', () => {
    const told = nextWantedLayer(untold, 2, 0)
    const lower = nextWantedLayer(told, -1, 100)
    expect(lower.told).toBe(2)
    expect(lowersAtMs(lower)).toBe(100 + keepMs)
    expect(nextWantedLayer(lower, 2, 200).lower).toBeUndefined()
    expect(nextWantedLayer(lower, -1, 100 + keepMs).told).toBe(-1)
    expect(nextWantedLayer(lower, 1, 100 + keepMs).told).toBe(1)
  })
})

describe('recent speakers', () => {
  test('are each once, the latest first, and forgotten when they leave', () => {
    const speakers = new RecentSpeakers()
    expect([speakers.spoke('a'), speakers.spoke('b'), speakers.spoke('b'), speakers.spoke('a')]).toEqual([
      true,
      true,
      false,
      true,
    ])
    expect(speakers.order).toEqual(['a', 'b'])
    speakers.forget('a')
    expect(speakers.order).toEqual(['b'])
  })
})

describe('the heights of layers', () => {
  const codecs = [{ mimeType: 'video/VP8', payloadType: 96, clockRate: 90_000 }]
  test('follow what the encodings are scaled down by, or halves', () => {
    const scaled = [{ scaleResolutionDownBy: 3 }, { scaleResolutionDownBy: 1 }]
    expect(layerHeightsOf('video', { codecs, encodings: scaled })).toEqual([240, 720])
    expect(layerHeightsOf('video', { codecs, encodings: [{}, {}, {}] })).toEqual([180, 360, 720])
    expect(layerHeightsOf('video', { codecs, encodings: [{ scalabilityMode: 'L3T3_KEY' }] })).toEqual([
      180, 360, 720,
    ])
    expect(layerHeightsOf('video', { codecs, encodings: [{}] })).toEqual([720])
    expect(layerHeightsOf('audio', { codecs, encodings: [{}] })).toEqual([])
  })
})
