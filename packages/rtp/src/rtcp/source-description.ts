/**
 * Source description (RFC 3550 section 6.5). Of its items only CNAME is read and written: the engine needs no other.
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P|    SC   |  PT=SDES=202  |             length            |
 *   +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 *   |                          SSRC of chunk 1                      |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |    CNAME=1    |     length    | user and domain name        ...
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   | ... items; one or more 0 bytes end the chunk on a word        |
 */

import { readUint32, writeUint32 } from '../bytes.ts'
import type { RtcpHeader } from './rtcp-packet.ts'
import { RTCP_HEADER_BYTES, RtcpType, writeRtcpHeader } from './rtcp-packet.ts'

const CNAME_ITEM = 1
const END_ITEM = 0

/** Bytes of UTF-8 that a CNAME may have. */
export const MAX_CNAME_BYTES = 255

/** A source's canonical name. */
export interface SourceDescription {
  readonly ssrc: number
  readonly cname: string
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** Reads the chunks that have a CNAME. Stops at the first malformed chunk, keeping those before it. */
export function readSourceDescriptions(bytes: Uint8Array, header: RtcpHeader): SourceDescription[] {
  const descriptions: SourceDescription[] = []
  const end = header.bodyOffset + header.bodyLength
  let at = header.bodyOffset
  for (let chunk = 0; chunk < header.count && at + 4 < end; chunk += 1) {
    const ssrc = readUint32(bytes, at)
    at += 4
    while (at < end && bytes[at] !== END_ITEM) {
      const length = at + 1 < end ? bytes[at + 1]! : 0
      if (at + 2 + length > end) return descriptions
      if (bytes[at] === CNAME_ITEM) {
        descriptions.push({ ssrc, cname: decoder.decode(bytes.subarray(at + 2, at + 2 + length)) })
      }
      at += 2 + length
    }
    // At least one zero byte ends the items; the next chunk starts on a word of this packet.
    at = header.bodyOffset + ((at - header.bodyOffset) & ~3) + 4
  }
  return descriptions
}

/**
 * Writes a source description of one chunk with its CNAME at `offset`.
 * @returns the bytes written, or 0 if `bytes` has no room for them
 * @throws RangeError if the CNAME has more than 255 bytes of UTF-8
 */
export function writeSourceDescription(
  bytes: Uint8Array,
  offset: number,
  description: SourceDescription,
): number {
  const cname = encoder.encode(description.cname)
  if (cname.length > MAX_CNAME_BYTES) throw new RangeError(`a CNAME of ${cname.length} bytes, at most 255`)
  const length = RTCP_HEADER_BYTES + ((4 + 2 + cname.length) & ~3) + 4
  if (offset + length > bytes.length) return 0
  writeRtcpHeader(bytes, offset, 1, RtcpType.sourceDescription, length)
  writeUint32(bytes, offset + 4, description.ssrc)
  bytes[offset + 8] = CNAME_ITEM
  bytes[offset + 9] = cname.length
  bytes.set(cname, offset + 10)
  bytes.fill(END_ITEM, offset + 10 + cname.length, offset + length)
  return length
}
