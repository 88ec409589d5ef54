/**
 * Opus payload (RFC 7587). The first byte of each packet is the TOC (RFC 6716 section 3.1):
 *
 *    0 1 2 3 4 5 6 7
 *   +-+-+-+-+-+-+-+-+
 *   | config  |s| c |   config 0-31: mode, bandwidth, frame size; s: stereo; c: frame count code
 *   +-+-+-+-+-+-+-+-+
 */

/**
 * Whether an Opus payload of `length` bytes is a discontinuous transmission packet (RFC 7587 section 3.1.3): at most two
 * bytes, which hold a TOC and no coded audio. The encoder's API gives the same bound for packets that need not be sent.
 */
export function isOpusDtx(length: number): boolean {
  return length <= 2
}

/** Frame sizes of the four configurations of SILK, hybrid (two) and CELT modes, microseconds. */
const SILK_FRAME_US = [10_000, 20_000, 40_000, 60_000] as const
const CELT_FRAME_US = [2_500, 5_000, 10_000, 20_000] as const

function frameUs(toc: number): number {
  const config = toc >> 3
  if (config < 12) return SILK_FRAME_US[config & 3]!
  if (config < 16) return (config & 1) === 0 ? 10_000 : 20_000
  return CELT_FRAME_US[config & 3]!
}

/**
 * Duration of the payload in `bytes[offset, offset + length)`, microseconds (RFC 6716 section 3.1).
 * @returns 0 if the payload is empty, or cut off before its frame count
 */
export function opusDurationUs(bytes: Uint8Array, offset: number, length: number): number {
  if (length < 1 || offset + length > bytes.length) return 0
  const toc = bytes[offset]!
  const code = toc & 3
  if (code === 3 && length < 2) return 0
  const frames = code === 0 ? 1 : code === 3 ? bytes[offset + 1]! & 0x3f : 2
  return frames * frameUs(toc)
}

/** Whether the payload whose first byte is `toc` is coded in stereo. */
export function isOpusStereo(toc: number): boolean {
  return (toc & 0x04) !== 0
}
