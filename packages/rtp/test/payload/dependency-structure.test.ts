import { describe, expect, test } from 'vitest'
import {
  DependencyDescriptor,
  DependencyFrame,
  DependencyStructure,
  Dti,
  parseDependencyDescriptor,
  parseDependencyFrame,
} from '../../src/index.ts'
import { golden, guarded, placed } from '../golden.ts'

// First packet of an AV1 stream in mode L3T3_KEY, as Chromium 156 sends it.
const L3T3_KEY = golden(`
  c0 00 01          # start and end of frame, template 0, frame number 1
  80                # structure present; template id offset 0 begins
  08 14 85 21 4e aa aa a8 00 06 00 00 40 00 10 00 02 aa 80 a8 00 06 00 00 40 00 10 00 02 a0 00 a8
  00 06 00 00 40 00 16 d5 49 24 1b 55 24 90 6d 54 92 31 57 e0 01 97 4c a8 64 33 0e 22 23 96 ec a8
  65 53 04 22 43 90 ec a8 77 53
  01 3f 00 b3       # 320 x 180: the fields are byte-aligned here by chance
  02 7f 01 67       # 640 x 360
  04 ff 02 cf       # 1280 x 720
`)
// The same of mode L1T3.
const L1T3 = golden('80 00 01 80 02 14 ea a8 60 41 4d 14 10 20 84 27 04 ff 02 cf')

class Stream {
  readonly structure = new DependencyStructure()
  readonly frame = new DependencyFrame()
  readonly descriptor = new DependencyDescriptor()

  read(bytes: Uint8Array, offset = 0, length = bytes.length): boolean {
    return (
      parseDependencyDescriptor(bytes, offset, length, this.descriptor) &&
      parseDependencyFrame(bytes, offset, length, this.descriptor, this.structure, this.frame)
    )
  }
}

/** Layers of each decode target, `spatial.temporal`. */
function targets({ structure: s }: Stream): string[] {
  return Array.from(
    { length: s.decodeTargetCount },
    (_, i) => `${s.targetSpatialLayer[i]}.${s.targetTemporalLayer[i]}`,
  )
}

describe('parseDependencyFrame()', () => {
  test('reads decode targets, chains and sizes of three spatial and three temporal layers', () => {
    const stream = new Stream()
    const bytes = placed(L3T3_KEY, 3)
    expect(stream.read(guarded(bytes, 3, L3T3_KEY.length), 3, L3T3_KEY.length)).toBe(true)
    const { structure } = stream
    expect(targets(stream)).toEqual(['0.0', '0.1', '0.2', '1.0', '1.1', '1.2', '2.0', '2.1', '2.2'])
    expect(structure).toMatchObject({ spatialLayerCount: 3, chainCount: 3 })
    expect([...structure.targetChain.subarray(0, 9)]).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2])
    expect([...structure.width]).toEqual([320, 640, 1280, 0])
    expect([...structure.height]).toEqual([180, 360, 720, 0])
  })

  test('a key frame of the lowest layer refers to nothing and is a switch point of its targets', () => {
    const stream = new Stream()
    stream.read(L3T3_KEY)
    expect(stream.frame).toMatchObject({ spatialLayer: 0, temporalLayer: 0, diffCount: 0 })
    expect([...stream.frame.dti.subarray(0, 9)].every((dti) => dti !== Dti.notPresent)).toBe(true)
  })

  test('a later frame is described by its template alone', () => {
    const stream = new Stream()
    stream.read(L3T3_KEY)
    // Key picture, second spatial layer (Chromium's template 5): refers to the frame before.
    expect(stream.read(golden('c5 00 02'))).toBe(true)
    expect(stream.frame).toMatchObject({ spatialLayer: 1, temporalLayer: 0, diffCount: 1 })
    expect(stream.frame.diff[0]).toBe(1)
    // Next picture, temporal layer 2, one spatial layer: no part of the other layers' targets.
    expect(stream.read(golden('c3 00 04'))).toBe(true)
    expect(stream.frame).toMatchObject({ spatialLayer: 0, temporalLayer: 2 })
    expect([...stream.frame.dti.subarray(0, 9)]).toEqual([0, 0, Dti.discardable, 0, 0, 0, 0, 0, 0])
  })

  test('one spatial layer has three targets', () => {
    const stream = new Stream()
    expect(stream.read(L1T3)).toBe(true)
    expect(targets(stream).sort()).toEqual(['0.0', '0.1', '0.2'])
    expect(stream.structure.width[0]).toBe(1280)
  })

  test("a frame's own targets, references and chains replace its template's", () => {
    const stream = new Stream()
    stream.read(L1T3)
    const { decodeTargetCount, chainCount } = stream.structure
    expect({ decodeTargetCount, chainCount }).toEqual({ decodeTargetCount: 3, chainCount: 1 })
    // Template 0, frame 9; flags 00111; DTIs 0 1 3; diffs 1 (4 bits: 4) and 2 (8 bits: 17); end; chain 200; padding.
    const bits = '00111' + '000111' + '01' + '0011' + '10' + '00010000' + '00' + '11001000'
    const bytes = bits.padEnd(40, '0').match(/.{8}/g) ?? []
    expect(stream.read(Uint8Array.of(0xc0, 0, 9, ...bytes.map((byte) => Number.parseInt(byte, 2))))).toBe(
      true,
    )
    expect([...stream.frame.dti.subarray(0, 3)]).toEqual([0, 1, 3])
    expect([...stream.frame.diff.subarray(0, stream.frame.diffCount)]).toEqual([4, 17])
    expect(stream.frame.chainDiff[0]).toBe(200)
  })

  test('a template that the structure lacks, or no structure at all, is refused', () => {
    const stream = new Stream()
    expect(stream.read(golden('c0 00 01'))).toBe(false)
    stream.read(L1T3)
    expect(stream.read(golden('ff 00 02'))).toBe(false)
  })

  test.each([
    ['L3T3_KEY', L3T3_KEY],
    ['L1T3', L1T3],
  ])('every shorter cut of %s is refused, and leaves no half a structure', (_mode, bytes) => {
    for (let length = 0; length < bytes.length - 1; length += 1) {
      const stream = new Stream()
      expect(stream.read(guarded(bytes, 0, length), 0, length)).toBe(false)
      expect(stream.structure.templateCount).toBe(0)
    }
  })

  test('random bytes never throw, hang, or read outside', () => {
    let seed = 1
    const random = (): number => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff
      return (seed >> 16) & 0xff
    }
    const stream = new Stream()
    for (let round = 0; round < 1000; round += 1) {
      const length = 3 + (random() % 90)
      const bytes = Uint8Array.from({ length }, (_, i) => (i === 3 ? 0x80 | random() : random()))
      expect(() => stream.read(guarded(bytes, 0, length), 0, length)).not.toThrow()
    }
  })
})
