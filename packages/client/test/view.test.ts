import { viewSchema } from '@sangam/protocol'
import { describe, expect, test } from 'vitest'
import { encodingPlan } from '../src/rooms/encodings.ts'
import { viewOf, viewOfAll } from '../src/rooms/view.ts'

const large = { width: 1280.4, height: 720, visible: true }
const small = { width: 160, height: 90, visible: true }
const scrolledAway = { width: 640, height: 360, visible: false }

describe('a view', () => {
  test('a track is as large as the largest element in sight', () => {
    const { tiles } = viewOf([{ producerId: 'p', elements: [small, large, scrolledAway] }], {}, true)
    expect(tiles).toEqual([{ producerId: 'p', width: 1280, height: 720, visible: true, pinned: false }])
  })

  test('is not seen when it is scrolled away, without size, or the page is hidden', () => {
    const seen = (elements: (typeof large)[], pageVisible: boolean) =>
      viewOf([{ producerId: 'p', elements }], {}, pageVisible).tiles[0]?.visible
    expect(seen([scrolledAway], true)).toBe(false)
    expect(seen([{ width: 0, height: 0, visible: true }], true)).toBe(false)
    expect(seen([large], false)).toBe(false)
    expect(seen([large], true)).toBe(true)
  })

  test('a track that nothing plays has no tile, unless it is pinned', () => {
    const tracks = ['a', 'b'].map((producerId) => ({ producerId, elements: [] }))
    const { tiles } = viewOf(tracks, { pinned: ['b', 'gone'] }, true)
    expect(tiles).toEqual([{ producerId: 'b', width: 0, height: 0, visible: false, pinned: true }])
  })

  test('says what the device asks for, and fits the protocol', () => {
    const view = viewOf([{ producerId: 'p', elements: [large] }], { maxVideos: 4, audioOnly: false }, true)
    expect(view).toMatchObject({ maxVideos: 4, audioOnly: false })
    expect(viewSchema.safeParse(view).success).toBe(true)
    const huge = viewOf([{ producerId: 'p', elements: [{ ...large, width: 1e6 }] }], {}, true)
    expect(viewSchema.safeParse(huge).success).toBe(true)
  })

  test('of a device that renders by itself shows every track as large as it comes', () => {
    expect(viewOfAll(['a'], { pinned: ['a'] }).tiles).toEqual([
      { producerId: 'a', width: 16_384, height: 16_384, visible: true, pinned: true },
    ])
  })
})

describe('how a camera is encoded', () => {
  const sizes = (width: number, height: number) =>
    encodingPlan('camera', { width, height }).encodings.map(({ rid, scaleResolutionDownBy, maxBitrate }) => [
      rid,
      scaleResolutionDownBy,
      maxBitrate,
    ])

  test('in as many sizes as stay recognizable, each at what its pixels are worth', () => {
    expect(sizes(1280, 720)).toEqual([
      ['l', 4, 150_000],
      ['m', 2, 500_000],
      ['h', 1, 1_500_000],
    ])
    expect(sizes(640, 480)).toEqual([
      ['m', 2, 500_000],
      ['h', 1, 900_000],
    ])
    expect(sizes(320, 180)).toEqual([[undefined, 1, 150_000]])
    expect(sizes(720, 1280).map(([rid]) => rid)).toEqual(['l', 'm', 'h'])
  })

  test('a screen is sharp, in one size, at fewer frames', () => {
    expect(encodingPlan('screen', { width: 2560, height: 1440 })).toMatchObject({
      encodings: [{ maxFramerate: 15 }],
      degradation: 'maintain-resolution',
    })
  })
})
