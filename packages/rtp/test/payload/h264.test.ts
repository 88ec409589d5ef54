import { describe, expect, test } from 'vitest'
import { H264Payload, parseH264Payload } from '../../src/index.ts'
import { golden } from '../golden.ts'

function parse(hex: string): H264Payload | undefined {
  const payload = new H264Payload()
  const bytes = golden(hex)
  return parseH264Payload(bytes, 0, bytes.length, payload) ? payload : undefined
}

describe('parseH264Payload()', () => {
  // RFC 6184 sections 5.6, 5.7.1, 5.8.
  test.each([
    ['a single IDR slice', '65 88', { idr: true, sequenceParameterSet: false, keyFrame: true }],
    ['a single non-IDR slice', '41 9a', { idr: false, keyFrame: false, startOfNal: true }],
    ['a single SPS', '67 42', { idr: false, sequenceParameterSet: true, keyFrame: true }],
    ['a STAP-A of SPS and PPS', '78 00 02 67 42 00 01 68', { sequenceParameterSet: true, keyFrame: true }],
    ['a STAP-A of PPS and IDR slice', '78 00 01 68 00 02 65 88', { idr: true, keyFrame: true }],
    ['a STAP-A of two slices', '78 00 01 41 00 01 41', { idr: false, keyFrame: false }],
    ['the first fragment of an IDR slice', '7c 85 88', { idr: true, startOfNal: true, keyFrame: true }],
    ['a later fragment of an IDR slice', '7c 05 88', { idr: false, startOfNal: false, keyFrame: false }],
    ['the last fragment of an IDR slice', '7c 45', { idr: false, startOfNal: false, keyFrame: false }],
  ])('%s', (_what, hex, expected) => {
    expect(parse(hex)).toMatchObject(expected)
  })

  test.each([
    ['an empty payload', ''],
    ['a STAP-A without units', '78'],
    ['a STAP-A whose size is cut off', '78 00 01 67 00'],
    ['a STAP-A whose unit is cut off', '78 00 03 67 42'],
    ['a STAP-A with an empty unit', '78 00 00 00 01 67'],
    ['an FU-A without its header', '7c'],
  ])('refuses %s', (_what, hex) => {
    expect(parse(hex)).toBeUndefined()
  })
})
