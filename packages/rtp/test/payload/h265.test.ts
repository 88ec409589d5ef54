import { describe, expect, test } from 'vitest'
import { H265Payload, parseH265Payload } from '../../src/index.ts'
import { golden } from '../golden.ts'

function parse(hex: string): H265Payload | undefined {
  const payload = new H265Payload()
  const bytes = golden(hex)
  return parseH265Payload(bytes, 0, bytes.length, payload) ? payload : undefined
}

describe('parseH265Payload()', () => {
  // RFC 7798 sections 4.4.1 to 4.4.3; IDR_W_RADL is 19, CRA 21, VPS 32, SPS 33, TRAIL_R 1.
  test.each([
    ['a single IDR slice', '26 01 af', { randomAccessPoint: true, keyFrame: true, temporalLayer: 0 }],
    ['a single CRA slice', '2a 01 af', { randomAccessPoint: true, keyFrame: true }],
    ['a trailing slice of layer 2', '02 03 af', { keyFrame: false, temporalLayer: 2, startOfNal: true }],
    ['a VPS', '40 01 0c', { parameterSet: true, keyFrame: true }],
    ['an AP of SPS and PPS', '60 01 00 02 42 01 00 02 44 01', { parameterSet: true, keyFrame: true }],
    ['an AP of two slices', '60 01 00 02 02 01 00 02 02 01', { keyFrame: false }],
    ['the first fragment of an IDR slice', '62 01 93 af', { randomAccessPoint: true, startOfNal: true }],
    ['a later fragment of an IDR slice', '62 01 13 af', { keyFrame: false, startOfNal: false }],
  ])('%s', (_what, hex, expected) => {
    expect(parse(hex)).toMatchObject(expected)
  })

  test.each([
    ['a payload of 2 bytes', '26 01'],
    ['temporal id 0', '26 00 af'],
    ['an AP without units', '60 01'],
    ['an AP whose unit is cut off', '60 01 00 03 42 01'],
    ['an AP with a unit of 1 byte', '60 01 00 01 42'],
  ])('refuses %s', (_what, hex) => {
    expect(parse(hex)).toBeUndefined()
  })
})
