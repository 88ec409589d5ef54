/**
 * AV1 aggregation header (AV1 RTP specification, section 4.4), the first byte of each payload.
 *
 *    0 1 2 3 4 5 6 7
 *   +-+-+-+-+-+-+-+-+
 *   |Z|Y| W |N|-|-|-|
 *   +-+-+-+-+-+-+-+-+
 */

/** What `parseAv1AggregationHeader` fills: one instance is reused. */
export class Av1AggregationHeader {
  /** The first element continues an OBU of the packet before (Z). */
  continuesObu = false
  /** The last element is continued in the next packet (Y). */
  continuedInNext = false
  /** Elements in the packet, 1-3; 0 where each one, the last too, has a length (W). */
  elementCount = 0
  /** First packet of a coded video sequence: a key frame with its sequence header (N). */
  newCodedVideoSequence = false
}

/**
 * Parses the first byte of the payload in `bytes[offset, offset + length)`.
 * @returns false if nothing follows it, or if it both starts a sequence and continues an OBU, which excludes each other
 */
export function parseAv1AggregationHeader(
  bytes: Uint8Array,
  offset: number,
  length: number,
  header: Av1AggregationHeader,
): boolean {
  if (length < 2 || offset + length > bytes.length) return false
  const byte = bytes[offset]!
  header.continuesObu = (byte & 0x80) !== 0
  header.continuedInNext = (byte & 0x40) !== 0
  header.elementCount = (byte >> 4) & 0x03
  header.newCodedVideoSequence = (byte & 0x08) !== 0
  return !(header.continuesObu && header.newCodedVideoSequence)
}
