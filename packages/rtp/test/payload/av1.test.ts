import { describe, expect, test } from 'vitest'
import {
  Av1AggregationHeader,
  DependencyDescriptor,
  parseAv1AggregationHeader,
  parseDependencyDescriptor,
} from '../../src/index.ts'
import { golden } from '../golden.ts'

describe('parseAv1AggregationHeader()', () => {
  const parse = (hex: string): Av1AggregationHeader | undefined => {
    const header = new Av1AggregationHeader()
    const bytes = golden(hex)
    return parseAv1AggregationHeader(bytes, 0, bytes.length, header) ? header : undefined
  }

  test('reads its four fields', () => {
    expect(parse('28 0a')).toEqual({
      continuesObu: false,
      continuedInNext: false,
      elementCount: 2,
      newCodedVideoSequence: true,
    })
    expect(parse('d0 0a')).toEqual({
      continuesObu: true,
      continuedInNext: true,
      elementCount: 1,
      newCodedVideoSequence: false,
    })
  })

  test('refuses a header alone, and a sequence that starts within an OBU', () => {
    expect(parse('28')).toBeUndefined()
    expect(parse('88 0a')).toBeUndefined()
  })
})

describe('parseDependencyDescriptor()', () => {
  const parse = (hex: string): DependencyDescriptor | undefined => {
    const descriptor = new DependencyDescriptor()
    const bytes = golden(hex)
    return parseDependencyDescriptor(bytes, 0, bytes.length, descriptor) ? descriptor : undefined
  }

  test('reads the mandatory part alone', () => {
    expect(parse('7f ff fe')).toEqual({
      startOfFrame: false,
      endOfFrame: true,
      templateId: 63,
      frameNumber: 0xfffe,
      structurePresent: false,
      activeDecodeTargetsPresent: false,
      extendedOffset: -1,
    })
  })

  test('tells a template structure and active decode targets', () => {
    expect(parse('80 00 01 80')).toMatchObject({
      startOfFrame: true,
      structurePresent: true,
      activeDecodeTargetsPresent: false,
      extendedOffset: 3,
    })
    expect(parse('80 00 01 40')).toMatchObject({
      structurePresent: false,
      activeDecodeTargetsPresent: true,
    })
  })

  test('refuses 2 bytes', () => {
    expect(parse('80 00')).toBeUndefined()
  })
})
