import { expect, test } from 'vitest'
import { isOpusDtx, isOpusStereo, opusDurationUs } from '../../src/index.ts'
import { golden } from '../golden.ts'

test('packets of at most 2 bytes are discontinuous transmission', () => {
  expect([0, 1, 2, 3, 160].map(isOpusDtx)).toEqual([true, true, true, false, false])
})

// RFC 6716 section 3.1, table 2: config in the upper five bits of the TOC.
test.each([
  ['SILK, 10 ms, one frame', '00 aa', 10_000],
  ['SILK, 60 ms, one frame', '18 aa', 60_000],
  ['hybrid, 10 ms, two frames', '61 aa', 20_000],
  ['hybrid, 20 ms, one frame', '68 aa', 20_000],
  ['CELT, 2.5 ms, one frame', '80 aa', 2_500],
  ['CELT fullband, 20 ms, one frame', 'f8 aa', 20_000],
  ['CELT, 20 ms, two frames of different size', 'fa aa', 40_000],
  ['CELT, 20 ms, counted: 3 frames', 'fb 03', 60_000],
  ['counted, but cut off', 'fb', 0],
  ['nothing', '', 0],
])('duration: %s', (_what, hex, durationUs) => {
  const bytes = golden(hex)
  expect(opusDurationUs(bytes, 0, bytes.length)).toBe(durationUs)
})

test('the stereo bit is told', () => {
  expect([isOpusStereo(0xfc), isOpusStereo(0xf8)]).toEqual([true, false])
})
