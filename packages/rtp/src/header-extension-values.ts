/**
 * The data of each header extension element that the engine reads or writes. `offset` is where the element's data
 * starts; the caller has checked its length against the constant beside each reader.
 */

import {
  readUint16,
  readUint24,
  readUint32,
  readUint64,
  writeUint16,
  writeUint24,
  writeUint64,
} from './bytes.ts'

/** The URIs that name the extensions in SDP. */
export const HeaderExtensionUri = {
  /** RFC 9143 section 16.2. */
  mid: 'urn:ietf:params:rtp-hdrext:sdes:mid',
  /** RFC 8852 section 4.2.1. */
  rid: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  /** RFC 8852 section 4.2.2. */
  repairedRid: 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  absSendTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  /** draft-holmer-rmcat-transport-wide-cc-extensions-01 section 2. */
  transportSequenceNumber: 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  /** RFC 6464. */
  audioLevel: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  /** 3GPP TS 26.114 section 7.4.5. */
  videoOrientation: 'urn:3gpp:video-orientation',
  /** RFC 5450. */
  transmissionOffset: 'urn:ietf:params:rtp-hdrext:toffset',
  absCaptureTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
  playoutDelay: 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
  /** AV1 RTP specification, appendix A. */
  dependencyDescriptor:
    'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
} as const

/** Reads mid, rid or repaired rid: ASCII characters. */
export function readTextExtension(bytes: Uint8Array, offset: number, length: number): string {
  let text = ''
  for (let at = offset; at < offset + length; at += 1) text += String.fromCharCode(bytes[at]!)
  return text
}

/** Compares mid, rid or repaired rid with `text` (ASCII) without allocation. */
export function equalsTextExtension(
  bytes: Uint8Array,
  offset: number,
  length: number,
  text: string,
): boolean {
  if (length !== text.length) return false
  for (let i = 0; i < length; i += 1) if (bytes[offset + i] !== text.charCodeAt(i)) return false
  return true
}

/** Makes the data of mid, rid or repaired rid. @throws RangeError if `text` has other than printable ASCII characters */
export function textExtensionData(text: string): Uint8Array {
  const data = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code > 0x7e) throw new RangeError(`not printable ASCII: ${JSON.stringify(text)}`)
    data[i] = code
  }
  return data
}

/** Bytes of abs-send-time. */
export const ABS_SEND_TIME_BYTES = 3

/** Reads abs-send-time: 24 bits, 6.18 seconds (`absSendTimeToMicroseconds`). */
export function readAbsSendTime(bytes: Uint8Array, offset: number): number {
  return readUint24(bytes, offset)
}

/** Writes abs-send-time: 24 bits, 6.18 seconds (`microsecondsToAbsSendTime`). */
export function writeAbsSendTime(bytes: Uint8Array, offset: number, absSendTime: number): void {
  writeUint24(bytes, offset, absSendTime)
}

/** Bytes of transport-wide-cc-01. */
export const TRANSPORT_SEQUENCE_NUMBER_BYTES = 2

/** Reads transport-wide-cc-01: a 16-bit sequence number over all streams of a transport. */
export function readTransportSequenceNumber(bytes: Uint8Array, offset: number): number {
  return readUint16(bytes, offset)
}

/** Writes transport-wide-cc-01: the lower 16 bits of `sequenceNumber`. */
export function writeTransportSequenceNumber(
  bytes: Uint8Array,
  offset: number,
  sequenceNumber: number,
): void {
  writeUint16(bytes, offset, sequenceNumber)
}

/** Bytes of ssrc-audio-level in the one-byte form (RFC 6464 section 3): `V | level (7 bits)`. */
export const AUDIO_LEVEL_BYTES = 1

/** Reads the audio level (RFC 6464): 0 is the loudest, 127 is digital silence; the unit is -dBov. */
export function readAudioLevel(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! & 0x7f
}

/** Reads the voice activity flag (RFC 6464): whether the encoder believes that the packet holds speech. */
export function readVoiceActivity(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset]! >= 0x80
}

/** Writes level (0-127, -dBov) and voice activity (RFC 6464). */
export function writeAudioLevel(bytes: Uint8Array, offset: number, level: number, voice: boolean): void {
  bytes[offset] = (voice ? 0x80 : 0) | (level & 0x7f)
}

/** Bytes of video-orientation: `0 0 0 0 | camera | flip | rotation (2 bits)`. */
export const VIDEO_ORIENTATION_BYTES = 1

/** How a receiver has to turn the video before it shows it (3GPP TS 26.114 section 7.4.5). */
export interface VideoOrientation {
  /** Whether it comes from the back-facing camera. */
  readonly camera: boolean
  /** Whether it is mirrored horizontally. */
  readonly flip: boolean
  /** Clockwise degrees. */
  readonly rotation: 0 | 90 | 180 | 270
}

const ROTATIONS = [0, 90, 180, 270] as const

/** Reads video-orientation from its one byte. */
export function readVideoOrientation(bytes: Uint8Array, offset: number): VideoOrientation {
  const byte = bytes[offset]!
  return {
    camera: (byte & 0x08) !== 0,
    flip: (byte & 0x04) !== 0,
    rotation: ROTATIONS[byte & 0x03]!,
  }
}

/** Writes video-orientation, one byte. */
export function writeVideoOrientation(
  bytes: Uint8Array,
  offset: number,
  orientation: VideoOrientation,
): void {
  const { camera, flip, rotation } = orientation
  bytes[offset] = (camera ? 0x08 : 0) | (flip ? 0x04 : 0) | (rotation / 90)
}

/** Bytes of toffset (RFC 5450). */
export const TRANSMISSION_OFFSET_BYTES = 3

/** Reads toffset (RFC 5450): signed 24 bits, RTP ticks from the packet's timestamp to its transmission. */
export function readTransmissionOffset(bytes: Uint8Array, offset: number): number {
  return (readUint24(bytes, offset) << 8) >> 8
}

/** Writes toffset (RFC 5450): signed 24 bits, RTP ticks. */
export function writeTransmissionOffset(bytes: Uint8Array, offset: number, rtpTicks: number): void {
  writeUint24(bytes, offset, rtpTicks)
}

/** Bytes of abs-capture-time without and with the estimated clock offset. */
export const ABS_CAPTURE_TIME_BYTES = 8
/** Bytes of abs-capture-time with the estimated clock offset. */
export const ABS_CAPTURE_TIME_WITH_OFFSET_BYTES = 16

/** When a frame was captured, by the capturer's clock. */
export interface AbsCaptureTime {
  /** NTP timestamp, unsigned 32.32 seconds since 1900. */
  readonly captureNtp: bigint
  /** The capturer's clock minus the sender's, signed 32.32 seconds, where the element has 16 bytes. */
  readonly clockOffset: bigint | undefined
}

/** Reads abs-capture-time. @returns undefined if `length` is neither 8 nor 16 */
export function readAbsCaptureTime(
  bytes: Uint8Array,
  offset: number,
  length: number,
): AbsCaptureTime | undefined {
  if (length !== ABS_CAPTURE_TIME_BYTES && length !== ABS_CAPTURE_TIME_WITH_OFFSET_BYTES) return undefined
  return {
    captureNtp: readUint64(bytes, offset),
    clockOffset:
      length === ABS_CAPTURE_TIME_BYTES ? undefined : BigInt.asIntN(64, readUint64(bytes, offset + 8)),
  }
}

/** Writes abs-capture-time. @returns the bytes written, 8 or 16 */
export function writeAbsCaptureTime(bytes: Uint8Array, offset: number, time: AbsCaptureTime): number {
  writeUint64(bytes, offset, time.captureNtp)
  if (time.clockOffset === undefined) return ABS_CAPTURE_TIME_BYTES
  writeUint64(bytes, offset + 8, BigInt.asUintN(64, time.clockOffset))
  return ABS_CAPTURE_TIME_WITH_OFFSET_BYTES
}

/** The capture time's upper half: NTP seconds, without allocation. */
export function readCaptureNtpSeconds(bytes: Uint8Array, offset: number): number {
  return readUint32(bytes, offset)
}

/** Bytes of playout-delay: `min (12 bits) | max (12 bits)`, units of 10 ms. */
export const PLAYOUT_DELAY_BYTES = 3

/** The bounds that a sender asks for between capture and rendering. */
export interface PlayoutDelay {
  /** 0 to 40950, steps of 10. */
  readonly minMs: number
  /** 0 to 40950, steps of 10. */
  readonly maxMs: number
}

/** Reads playout-delay. */
export function readPlayoutDelay(bytes: Uint8Array, offset: number): PlayoutDelay {
  const value = readUint24(bytes, offset)
  return { minMs: (value >> 12) * 10, maxMs: (value & 0xfff) * 10 }
}

/** Writes playout-delay; milliseconds are rounded to 10 and clamped to 40950. */
export function writePlayoutDelay(bytes: Uint8Array, offset: number, delay: PlayoutDelay): void {
  const units = (ms: number): number => Math.max(0, Math.min(4095, Math.round(ms / 10)))
  writeUint24(bytes, offset, (units(delay.minMs) << 12) | units(delay.maxMs))
}
