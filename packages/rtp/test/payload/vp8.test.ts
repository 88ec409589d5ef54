import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseVp8Descriptor, patchVp8Descriptor, Vp8Descriptor, vp8KeyFrameSize } from '../../src/index.ts'
import { golden, placed, toHex } from '../golden.ts'

function parse(bytes: Uint8Array, offset = 0, length = bytes.length): Vp8Descriptor | undefined {
  const descriptor = new Vp8Descriptor()
  return parseVp8Descriptor(bytes, offset, length, descriptor) ? descriptor : undefined
}

// RFC 7741 section 4.2 with every optional field, then RFC 6386 section 9.1: a key frame of 640x360.
const KEY_FRAME = golden(`
  90                # X=1 S=1 PID=0
  f0                # I L T K
  ff ff             # M=1, picture id 32767
  80                # TL0PICIDX 128
  7f                # TID=1 Y=1 KEYIDX=31
  10 02 00          # frame tag, P=0: key frame
  9d 01 2a          # start code
  80 02 68 41       # 640 x 360, vertical scale 1
`)

describe('parseVp8Descriptor()', () => {
  test('reads every optional field, at any offset', () => {
    const bytes = placed(KEY_FRAME, 6)
    const descriptor = parse(bytes, 6, KEY_FRAME.length)
    expect(descriptor).toEqual(
      Object.assign(new Vp8Descriptor(), {
        startOfPartition: true,
        pictureId: 32767,
        widePictureId: true,
        pictureIdOffset: 8,
        tl0PicIdx: 128,
        tl0PicIdxOffset: 10,
        temporalLayer: 1,
        layerSync: true,
        keyIdx: 31,
        dataOffset: 12,
        keyFrame: true,
      }),
    )
    expect(vp8KeyFrameSize(bytes, 6 + KEY_FRAME.length, descriptor ?? new Vp8Descriptor())).toEqual({
      width: 640,
      height: 360,
    })
  })

  test.each([0, 1, 127])('reads a 7-bit picture id of %i', (id) => {
    const descriptor = parse(Uint8Array.of(0x90, 0x80, id, 0x01))
    expect(descriptor).toMatchObject({ pictureId: id, widePictureId: false, keyFrame: false })
  })

  test.each([
    [[0x80, 0x00], 0],
    [[0x80, 0x7f], 127],
    [[0xff, 0xff], 32767],
  ])('reads a 15-bit picture id %j', (wire, id) => {
    expect(parse(Uint8Array.of(0x90, 0x80, ...wire, 0x01))).toMatchObject({ pictureId: id })
  })

  test('reads a descriptor of one byte', () => {
    expect(parse(golden('10 00'))).toMatchObject({
      pictureId: -1,
      tl0PicIdx: -1,
      temporalLayer: -1,
      dataOffset: 1,
      keyFrame: true,
    })
    expect(parse(golden('20 00'))).toMatchObject({ nonReference: true, keyFrame: false })
  })

  test('T without K leaves the key index absent, K without T the layer', () => {
    expect(parse(golden('90 20 ff 01'))).toMatchObject({ temporalLayer: 3, layerSync: true, keyIdx: -1 })
    expect(parse(golden('90 10 ff 01'))).toMatchObject({ temporalLayer: -1, layerSync: false, keyIdx: 31 })
  })

  test.each([
    ['a frame tag with P=1', '10 01'],
    ['the start of the second partition', '11 00'],
    ['the middle of a partition', '00 00'],
  ])('%s is no key frame', (_what, hex) => {
    expect(parse(golden(hex))?.keyFrame).toBe(false)
  })

  test('every shorter cut of a full descriptor is refused', () => {
    for (let length = 0; length <= 6; length += 1) expect(parse(KEY_FRAME, 0, length)).toBeUndefined()
    expect(parse(KEY_FRAME, 0, 7)).toBeDefined()
  })
})

describe('patchVp8Descriptor()', () => {
  test('what it writes is read again, and nothing else changes', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.nat(32767), fc.nat(255), (wide, pictureId, tl0PicIdx) => {
        const bytes = golden(wide ? '90 e0 80 00 00 60 01 02' : '90 e0 00 00 60 01 02')
        const before = parse(bytes)
        expect(before).toBeDefined()
        patchVp8Descriptor(bytes, before ?? new Vp8Descriptor(), pictureId, tl0PicIdx)
        expect(parse(bytes)).toEqual({
          ...before,
          pictureId: wide ? pictureId : pictureId & 0x7f,
          tl0PicIdx,
        })
        expect(toHex(bytes.subarray(-3))).toBe('60 01 02')
      }),
    )
  })

  test('leaves a descriptor without these fields alone', () => {
    const bytes = golden('10 00')
    patchVp8Descriptor(bytes, parse(bytes) ?? new Vp8Descriptor(), 5, 6)
    expect(toHex(bytes)).toBe('10 00')
  })
})

test('vp8KeyFrameSize() is undefined without start code, without key frame, or where cut off', () => {
  const descriptor = parse(KEY_FRAME) ?? new Vp8Descriptor()
  expect(vp8KeyFrameSize(KEY_FRAME, KEY_FRAME.length - 1, descriptor)).toBeUndefined()
  const broken = KEY_FRAME.slice()
  broken[9] = 0
  expect(vp8KeyFrameSize(broken, broken.length, descriptor)).toBeUndefined()
  const delta = KEY_FRAME.slice()
  delta[6] = 0x11
  expect(vp8KeyFrameSize(delta, delta.length, parse(delta) ?? descriptor)).toBeUndefined()
})
