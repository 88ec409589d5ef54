import { DependencyStructure } from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
import { DependencyFilter, SilenceFilter, Vp9Filter } from '../../src/worker/layers/layer-filter.ts'
import { LayeredPacket, readLayers } from '../../src/worker/layers/layered-packet.ts'
import { type PacketFields, packet } from './layer-packets.ts'

interface Frame {
  readonly s: number
  readonly t: number
}

/** A VP9 picture of three spatial layers, one packet each. `key` modes: upper layers build on lower ones at key frames only. */
function vp9Picture(
  temporalLayer: number,
  isKey: boolean,
  independent: boolean,
  switchUp = false,
): PacketFields[] {
  return [0, 1, 2].map((spatialLayer) => ({
    spatialLayer,
    temporalLayer,
    startOfFrame: true,
    endOfFrame: true,
    keyFrame: isKey && spatialLayer === 0,
    interPicture: !isKey,
    notReferenceForUpperLayers: spatialLayer === 2 || (independent && !isKey),
    switchUp,
  }))
}

/** Offers the frames of one picture. @returns spatial layers that pass, and the one that ends the picture */
function offer(filter: Vp9Filter, frames: PacketFields[]): { passed: number[]; last: number | undefined } {
  const accepted = frames
    .map((fields, i) => ({ fields: packet(fields), i }))
    .filter(({ fields, i }) => filter.accepts(fields, i === 0))
  return {
    passed: accepted.map(({ fields }) => fields.spatialLayer),
    last: accepted.find(({ fields }) => filter.endsPicture(fields))?.fields.spatialLayer,
  }
}

describe('VP9, mode L3T3', () => {
  const picture = (t: number, isKey = false, switchUp = false) => vp9Picture(t, isKey, false, switchUp)

  test('lower spatial layers pass with the highest one, whose last packet ends the picture', () => {
    const filter = new Vp9Filter(false)
    filter.aim(1, 2)
    expect(offer(filter, picture(0, true))).toEqual({ passed: [0, 1], last: 1 })
    expect(offer(filter, picture(2))).toEqual({ passed: [0, 1], last: 1 })
  })

  test('going down takes effect at the next picture and needs no key frame', () => {
    const filter = new Vp9Filter(false)
    filter.aim(2, 2)
    offer(filter, picture(0, true))
    filter.aim(0, 2)
    expect(filter.needsKeyFrame).toBe(false)
    expect(offer(filter, picture(2))).toEqual({ passed: [0], last: 0 })
  })

  test('going up waits for a key frame, or a frame that builds on its own picture only', () => {
    const filter = new Vp9Filter(false)
    filter.aim(0, 2)
    offer(filter, picture(0, true))
    filter.aim(2, 2)
    expect(filter.needsKeyFrame).toBe(true)
    expect(offer(filter, picture(0)).passed).toEqual([0])
    const [base, upper, top] = picture(0) as [PacketFields, PacketFields, PacketFields]
    expect(offer(filter, [base, { ...upper, interPicture: false }, top]).passed).toEqual([0, 1])
    expect(offer(filter, picture(0, true)).passed).toEqual([0, 1, 2])
    expect(filter.needsKeyFrame).toBe(false)
  })

  test('a temporal layer goes up after a switching point only, and down at once', () => {
    const filter = new Vp9Filter(false)
    filter.aim(0, 0)
    offer(filter, picture(0, true))
    filter.aim(0, 2)
    expect(offer(filter, picture(2, false, true)).passed).toEqual([])
    expect(offer(filter, picture(0)).passed).toEqual([0])
    expect(offer(filter, picture(2)).passed).toEqual([])
    expect(offer(filter, picture(0, false, true)).passed).toEqual([0])
    expect(offer(filter, picture(2)).passed).toEqual([0])
    filter.aim(0, 1)
    expect(offer(filter, picture(2)).passed).toEqual([])
    expect(offer(filter, picture(1)).passed).toEqual([0])
  })
})

describe('VP9, mode L3T3_KEY', () => {
  const picture = (t: number, isKey = false) => vp9Picture(t, isKey, true)

  test('lower spatial layers pass in key pictures only', () => {
    const filter = new Vp9Filter(true)
    filter.aim(2, 2)
    expect(offer(filter, picture(0, true))).toEqual({ passed: [0, 1, 2], last: 2 })
    expect(offer(filter, picture(2))).toEqual({ passed: [2], last: 2 })
  })

  test('changes of the spatial layer, even down, wait for a key frame', () => {
    const filter = new Vp9Filter(true)
    filter.aim(2, 2)
    offer(filter, picture(0, true))
    filter.aim(1, 2)
    expect(filter.needsKeyFrame).toBe(true)
    expect(offer(filter, picture(0)).passed).toEqual([2])
    expect(offer(filter, picture(0, true)).passed).toEqual([0, 1])
    expect(offer(filter, picture(1)).passed).toEqual([1])
  })
})

// Dependency descriptors of an AV1 stream in mode L3T3_KEY as Chromium 156 sends it: three frames per picture,
// temporal layers 0 2 1 2. The first one carries the templates.
const KEY = `c0 00 01 80 08 14 85 21 4e aa aa a8 00 06 00 00 40 00 10 00 02 aa 80 a8 00 06 00 00 40 00 10 00 02 a0 00
  a8 00 06 00 00 40 00 16 d5 49 24 1b 55 24 90 6d 54 92 31 57 e0 01 97 4c a8 64 33 0e 22 23 96 ec a8 65 53 04 22 43
  90 ec a8 77 53 01 3f 00 b3 02 7f 01 67 04 ff 02 cf`
const FIRST_TEMPLATE_OF_SPATIAL = [0, 5, 10]
/** Chromium's templates of one spatial layer: key frame, temporal layer 0, layer 1, layer 2 (twice). */
const TEMPLATE_OF_TEMPORAL = [1, 2, 3]

class Av1Stream {
  readonly structure = new DependencyStructure()
  #frameNumber: number

  /** @param lastFrameNumber of the frame before the first one */
  constructor(lastFrameNumber = 0) {
    this.#frameNumber = lastFrameNumber
  }

  /** One picture's three packets. */
  picture(temporalLayer: number, isKey = false): PacketFields[] {
    return [0, 1, 2].map((spatialLayer) => {
      const frameNumber = ++this.#frameNumber & 0xffff
      const offset = isKey ? 0 : (TEMPLATE_OF_TEMPORAL[temporalLayer] as number)
      const template = (FIRST_TEMPLATE_OF_SPATIAL[spatialLayer] as number) + offset
      return {
        spatialLayer,
        temporalLayer,
        frameNumber,
        keyFrame: isKey && spatialLayer === 0,
        payloadLength: template,
      }
    })
  }

  /** The packet as the packet path reads it. */
  read(fields: PacketFields): LayeredPacket {
    const keyBytes = (KEY.match(/[0-9a-f]{2}/g) ?? []).map((hex) => Number.parseInt(hex, 16))
    const number = fields.frameNumber as number
    const head = [0xc0 | (fields.payloadLength as number), number >> 8, number & 0xff]
    const descriptor = Uint8Array.from(fields.keyFrame === true ? [...head, ...keyBytes.slice(3)] : head)
    // An aggregation header that says whether a coded video sequence starts (AV1 RTP specification, section 4.4).
    const bytes = Uint8Array.of(0, ...descriptor, fields.keyFrame === true ? 0x18 : 0x10, 0)
    const read = new LayeredPacket()
    readLayers('av1', bytes, descriptor.length + 1, 2, 1, descriptor.length, this.structure, read)
    return read
  }
}

describe('AV1 with a dependency descriptor, mode L3T3_KEY', () => {
  function offerPicture(filter: DependencyFilter, stream: Av1Stream, t: number, isKey = false): Frame[] {
    const passed: Frame[] = []
    for (const fields of stream.picture(t, isKey)) {
      const read = stream.read(fields)
      expect(read).toMatchObject({ spatialLayer: fields.spatialLayer, temporalLayer: t })
      if (filter.accepts(read)) passed.push({ s: read.spatialLayer, t: read.temporalLayer })
    }
    return passed
  }
  const at = (s: number, t: number): Frame => ({ s, t })

  test('only the frames of the decode target pass', () => {
    const filter = new DependencyFilter(true)
    const stream = new Av1Stream()
    filter.aim(1, 1)
    expect(offerPicture(filter, stream, 0, true)).toEqual([at(0, 0), at(1, 0)])
    expect(offerPicture(filter, stream, 2)).toEqual([])
    expect(offerPicture(filter, stream, 1)).toEqual([at(1, 1)])
    expect(offerPicture(filter, stream, 2)).toEqual([])
    expect(offerPicture(filter, stream, 0)).toEqual([at(1, 0)])
  })

  test('the spatial layer changes at a key frame only: others refer to frames that never passed', () => {
    const filter = new DependencyFilter(true)
    const stream = new Av1Stream()
    filter.aim(2, 2)
    offerPicture(filter, stream, 0, true)
    for (const t of [2, 1, 2, 0]) offerPicture(filter, stream, t)
    filter.aim(0, 2)
    expect(filter.needsKeyFrame).toBe(true)
    for (const t of [2, 1, 2, 0]) expect(offerPicture(filter, stream, t)).toEqual([at(2, t)])
    expect(offerPicture(filter, stream, 0, true)).toEqual([at(0, 0)])
    expect(filter.needsKeyFrame).toBe(false)
  })

  test('the temporal layer changes without one, where a switch indication can be decoded', () => {
    const filter = new DependencyFilter(true)
    const stream = new Av1Stream()
    filter.aim(2, 0)
    offerPicture(filter, stream, 0, true)
    expect(offerPicture(filter, stream, 2)).toEqual([])
    filter.aim(2, 2)
    expect(filter.needsKeyFrame).toBe(false)
    const passed = [1, 2, 0, 2, 1, 2].map((t) => offerPicture(filter, stream, t).length)
    expect(passed.slice(2)).toEqual([1, 1, 1, 1])
  })

  test.each([0, 127, 32767, 65533])('frame numbers go on from %d, and wrap', (last) => {
    const filter = new DependencyFilter(true)
    const stream = new Av1Stream(last)
    filter.aim(2, 2)
    offerPicture(filter, stream, 0, true)
    for (let i = 0; i < 200; i++) {
      expect(offerPicture(filter, stream, [2, 1, 2, 0][i % 4] as number)).toHaveLength(1)
    }
  })

  test('the marker belongs to the last packet of the highest layer that passes', () => {
    const filter = new DependencyFilter(true)
    const stream = new Av1Stream()
    filter.aim(1, 2)
    const ends = stream.picture(0, true).map((fields) => {
      const read = stream.read(fields)
      return filter.accepts(read) && filter.endsPicture(read)
    })
    expect(ends).toEqual([false, true, false])
  })

  test('without a descriptor everything passes', () => {
    const filter = new DependencyFilter(false)
    filter.aim(0, 0)
    expect(filter.accepts(packet({ keyFrame: true }))).toBe(true)
    expect(filter.accepts(packet({}))).toBe(true)
  })
})

test('silence in Opus is left out', () => {
  const filter = new SilenceFilter()
  expect(filter.accepts(packet({ discontinuous: true }))).toBe(false)
  expect(filter.accepts(packet({}))).toBe(true)
})
