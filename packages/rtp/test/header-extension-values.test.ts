import { describe, expect, test } from 'vitest'
import {
  equalsTextExtension,
  readAbsCaptureTime,
  readAbsSendTime,
  readAudioLevel,
  readCaptureNtpSeconds,
  readPlayoutDelay,
  readTextExtension,
  readTransmissionOffset,
  readTransportSequenceNumber,
  readVideoOrientation,
  readVoiceActivity,
  textExtensionData,
  writeAbsCaptureTime,
  writeAbsSendTime,
  writeAudioLevel,
  writePlayoutDelay,
  writeTransmissionOffset,
  writeTransportSequenceNumber,
  writeVideoOrientation,
} from '../src/index.ts'
import { golden, placed, toHex } from './golden.ts'

const written = (length: number, write: (bytes: Uint8Array) => void): string => {
  const bytes = new Uint8Array(length + 2).fill(0xa5)
  write(bytes)
  expect([bytes[0], bytes[length + 1]]).toEqual([0xa5, 0xa5])
  return toHex(bytes.subarray(1, length + 1))
}

describe('text extensions (mid, rid)', () => {
  test('round-trip', () => {
    const data = textExtensionData('r0_h')
    expect(readTextExtension(placed(data, 3), 3, data.length)).toBe('r0_h')
  })

  test('compare by length and by each character', () => {
    const bytes = textExtensionData('12')
    expect(equalsTextExtension(bytes, 0, 2, '12')).toBe(true)
    expect(equalsTextExtension(bytes, 0, 1, '12')).toBe(false)
    expect(equalsTextExtension(bytes, 0, 2, '13')).toBe(false)
  })

  test('refuse what is not printable ASCII', () => {
    expect(() => textExtensionData('é')).toThrow(RangeError)
  })
})

test('abs-send-time and transport-wide-cc-01 round-trip at their bounds', () => {
  expect(written(3, (bytes) => writeAbsSendTime(bytes, 1, 0xfedcba))).toBe('fe dc ba')
  expect(readAbsSendTime(golden('fe dc ba'), 0)).toBe(0xfedcba)
  expect(written(2, (bytes) => writeTransportSequenceNumber(bytes, 1, 0x1_ffff))).toBe('ff ff')
  expect(readTransportSequenceNumber(golden('80 01'), 0)).toBe(0x8001)
})

// RFC 6464 section 3: |V| level (7 bits) |.
test('ssrc-audio-level keeps level and voice activity apart', () => {
  expect(written(1, (bytes) => writeAudioLevel(bytes, 1, 127, true))).toBe('ff')
  expect(written(1, (bytes) => writeAudioLevel(bytes, 1, 30, false))).toBe('1e')
  expect([readAudioLevel(golden('9e'), 0), readVoiceActivity(golden('9e'), 0)]).toEqual([30, true])
  expect([readAudioLevel(golden('7f'), 0), readVoiceActivity(golden('7f'), 0)]).toEqual([127, false])
})

// 3GPP TS 26.114 section 7.4.5: |0 0 0 0 C F R1 R0|.
test.each([
  [0x00, { camera: false, flip: false, rotation: 0 }],
  [0x01, { camera: false, flip: false, rotation: 90 }],
  [0x0e, { camera: true, flip: true, rotation: 180 }],
  [0x0b, { camera: true, flip: false, rotation: 270 }],
] as const)('video-orientation %i round-trips', (byte, orientation) => {
  expect(readVideoOrientation(Uint8Array.of(byte), 0)).toEqual(orientation)
  expect(written(1, (bytes) => writeVideoOrientation(bytes, 1, orientation))).toBe(toHex(Uint8Array.of(byte)))
})

test('toffset is signed (RFC 5450)', () => {
  for (const [ticks, hex] of [
    [-1, 'ff ff ff'],
    [0x7fffff, '7f ff ff'],
    [-0x800000, '80 00 00'],
  ] as const) {
    expect(written(3, (bytes) => writeTransmissionOffset(bytes, 1, ticks))).toBe(hex)
    expect(readTransmissionOffset(golden(hex), 0)).toBe(ticks)
  }
})

test('abs-capture-time round-trips with and without its clock offset', () => {
  const long = { captureNtp: 0xfedcba98_76543210n, clockOffset: -1n }
  expect(written(16, (bytes) => void writeAbsCaptureTime(bytes, 1, long))).toBe(
    'fe dc ba 98 76 54 32 10 ff ff ff ff ff ff ff ff',
  )
  const bytes = golden('fedcba9876543210 ffffffffffffffff')
  expect(readAbsCaptureTime(bytes, 0, 16)).toEqual(long)
  expect(readAbsCaptureTime(bytes, 0, 8)).toEqual({ ...long, clockOffset: undefined })
  expect(readAbsCaptureTime(bytes, 0, 9)).toBeUndefined()
  expect(readCaptureNtpSeconds(bytes, 0)).toBe(0xfedcba98)
})

test('playout-delay counts 10 ms and clamps', () => {
  expect(written(3, (bytes) => writePlayoutDelay(bytes, 1, { minMs: 10, maxMs: 99_999 }))).toBe('00 1f ff')
  expect(readPlayoutDelay(golden('00 1f ff'), 0)).toEqual({ minMs: 10, maxMs: 40_950 })
})
