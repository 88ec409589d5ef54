import { describe, expect, test } from 'vitest'
import { parseVp9Descriptor, Vp9Descriptor, vp9LayerSize } from '../../src/index.ts'
import { golden, placed } from '../golden.ts'

function parse(bytes: Uint8Array, offset = 0, length = bytes.length): Vp9Descriptor | undefined {
  const descriptor = new Vp9Descriptor()
  return parseVp9Descriptor(bytes, offset, length, descriptor) ? descriptor : undefined
}

// RFC 9628 section 4.2: non-flexible mode, with layer indices and a scalability structure of two layers.
const KEY_FRAME = golden(`
  aa                # I L B V
  ff ff             # 15-bit picture id 32767
  00 07             # TID 0, SID 0; TL0PICIDX 7
  38                # N_S 1 (two layers), Y, G
  01 40 00 b4       # 320 x 180
  02 80 01 68       # 640 x 360
  02                # N_G 2
  00                # TID 0, no reference
  34 01             # TID 1, U, one reference: P_DIFF 1
  82 49             # VP9 data
`)

describe('parseVp9Descriptor()', () => {
  test('reads picture id, layer indices and scalability structure', () => {
    const bytes = placed(KEY_FRAME, 5)
    const descriptor = parse(bytes, 5, KEY_FRAME.length)
    expect(descriptor).toMatchObject({
      interPicture: false,
      flexibleMode: false,
      startOfFrame: true,
      endOfFrame: false,
      pictureId: 32767,
      pictureIdOffset: 6,
      temporalLayer: 0,
      spatialLayer: 0,
      tl0PicIdx: 7,
      spatialLayers: 2,
      dataOffset: 5 + KEY_FRAME.length - 2,
      keyFrame: true,
    })
    const parsed = descriptor ?? new Vp9Descriptor()
    expect(vp9LayerSize(bytes, parsed, 0)).toEqual({ width: 320, height: 180 })
    expect(vp9LayerSize(bytes, parsed, 1)).toEqual({ width: 640, height: 360 })
    expect(vp9LayerSize(bytes, parsed, 2)).toBeUndefined()
  })

  test('reads layer indices: temporal 2, switching up, spatial 1, inter-layer', () => {
    expect(parse(golden('2c 53 09 ff'))).toMatchObject({
      temporalLayer: 2,
      switchingUp: true,
      spatialLayer: 1,
      interLayer: true,
      tl0PicIdx: 9,
      endOfFrame: true,
      keyFrame: false,
    })
  })

  test('flexible mode has no TL0PICIDX and up to three references', () => {
    expect(parse(golden('f0 05 20 03 05 02 ff'))).toMatchObject({
      interPicture: true,
      flexibleMode: true,
      pictureId: 5,
      temporalLayer: 1,
      tl0PicIdx: -1,
      dataOffset: 6,
      keyFrame: false,
    })
    expect(parse(golden('f0 05 20 03 05 03 02 ff'))).toBeUndefined()
  })

  test.each([
    ['a single layer without indices', '08 ff', true],
    ['an inter-predicted picture', '48 ff', false],
    ['a packet that does not start the frame', '00 ff', false],
    ['the upper layer of a key picture', '28 03 00 ff', false],
  ])('%s: key frame %s', (_what, hex, keyFrame) => {
    expect(parse(golden(hex))?.keyFrame).toBe(keyFrame)
  })

  test('every shorter cut is refused', () => {
    for (let length = 0; length < KEY_FRAME.length - 1; length += 1) {
      expect(parse(KEY_FRAME, 0, length)).toBeUndefined()
    }
  })
})
