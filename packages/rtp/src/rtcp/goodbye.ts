/**
 * Goodbye (RFC 3550 section 6.6). The optional reason is skipped: nothing acts on it.
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P|    SC   |   PT=BYE=203  |             length            |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  SC times: SSRC or CSRC that leaves                           |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { readUint32, writeUint32 } from '../bytes.ts'
import type { RtcpHeader } from './rtcp-packet.ts'
import { RTCP_HEADER_BYTES, RtcpType, writeRtcpHeader } from './rtcp-packet.ts'

/** Reads the `index`-th leaving SSRC (from 0). @returns -1 if there is none */
export function readGoodbyeSsrc(bytes: Uint8Array, header: RtcpHeader, index: number): number {
  if (index >= header.count || (index + 1) * 4 > header.bodyLength) return -1
  return readUint32(bytes, header.bodyOffset + index * 4)
}

/** Writes a goodbye of at most 31 sources at `offset`. @returns the bytes written, or 0 if `bytes` has no room for them */
export function writeGoodbye(bytes: Uint8Array, offset: number, ssrcs: readonly number[]): number {
  const count = Math.min(ssrcs.length, 31)
  const length = RTCP_HEADER_BYTES + count * 4
  if (offset + length > bytes.length) return 0
  writeRtcpHeader(bytes, offset, count, RtcpType.goodbye, length)
  for (let i = 0; i < count; i += 1) writeUint32(bytes, offset + 4 + i * 4, ssrcs[i]!)
  return length
}
