/**
 * RTP header extension elements (RFC 8285), both forms. The block's head names the form.
 *
 *   one-byte form, profile 0xBEDE (section 4.2): ID 1-14, 1-16 data bytes
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |       0xBE    |    0xDE       |        length in words        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  ID   | len-1 |   data ...    |   0 (pad)     |  ID   | len-1 |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 *   two-byte form, profile 0x100 and 4 application bits (section 4.3): ID 1-255, 0-255 data bytes
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |       0x10    |  0x0  |appbits|        length in words        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |      ID       |      len      |   data ...    |   0 (pad)     |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { writeUint16 } from './bytes.ts'

/** `RtpHeader.extensionProfile` of the one-byte form. */
export const ONE_BYTE_PROFILE = 0xbede
/** `RtpHeader.extensionProfile` of the two-byte form, application bits 0. */
export const TWO_BYTE_PROFILE = 0x1000

const ONE_BYTE_TERMINATOR_ID = 15

/** Where a packet's extension block is; an `RtpHeader` is one. */
export interface HeaderExtensionBlock {
  /** The block's "defined by profile" 16 bits. */
  readonly extensionProfile: number
  /** Where the elements start, from byte 0 of the array. */
  readonly extensionOffset: number
  /** Bytes of the elements and their padding; 0 without a block. */
  readonly extensionLength: number
}

/**
 * Walks the elements of a packet's extension block without allocation:
 * `cursor.start(header); while (cursor.next(bytes)) use(cursor.id, cursor.offset, cursor.length)`.
 * An element that would reach beyond the block ends the walk, as do the reserved forms that RFC 8285 section 4.2 names.
 */
export class HeaderExtensionCursor {
  /** The current element's local identifier, 1-14 or 1-255. */
  id = 0
  /** Where its data starts, from byte 0 of the array. */
  offset = 0
  /** Bytes of data. */
  length = 0
  #at = 0
  #end = 0
  #twoByte = false

  /** Goes to before the first element. A packet without a block of RFC 8285's profiles has no elements. */
  start(header: HeaderExtensionBlock): void {
    this.#twoByte = header.extensionProfile >> 4 === TWO_BYTE_PROFILE >> 4
    const known = this.#twoByte || header.extensionProfile === ONE_BYTE_PROFILE
    this.#at = header.extensionOffset
    this.#end = known ? header.extensionOffset + header.extensionLength : header.extensionOffset
  }

  /** Goes to the next element. @returns false at the end of the block */
  next(bytes: Uint8Array): boolean {
    return this.#twoByte ? this.#nextTwoByte(bytes) : this.#nextOneByte(bytes)
  }

  #nextOneByte(bytes: Uint8Array): boolean {
    while (this.#at < this.#end) {
      const head = bytes[this.#at]!
      this.#at += 1
      if (head === 0) continue
      const id = head >> 4
      // ID 15, and ID 0 with a length, end the processing of the whole block (RFC 8285 section 4.2).
      if (id === ONE_BYTE_TERMINATOR_ID || id === 0) break
      return this.#take(id, (head & 0x0f) + 1)
    }
    this.#at = this.#end
    return false
  }

  #nextTwoByte(bytes: Uint8Array): boolean {
    while (this.#at < this.#end) {
      const id = bytes[this.#at]!
      this.#at += 1
      if (id === 0) continue
      if (this.#at >= this.#end) break
      const length = bytes[this.#at]!
      this.#at += 1
      return this.#take(id, length)
    }
    this.#at = this.#end
    return false
  }

  #take(id: number, length: number): boolean {
    if (this.#at + length > this.#end) {
      this.#at = this.#end
      return false
    }
    this.id = id
    this.offset = this.#at
    this.length = length
    this.#at += length
    return true
  }
}

/**
 * Finds the elements that an endpoint negotiated, all in one pass. `slots` are small numbers that the caller chooses
 * (an entry per extension it understands); `register` maps an endpoint's local identifiers to them.
 * After `locate`, `offsets[slot]` and `lengths[slot]` say where each one's data is; offset 0 means absent.
 */
export class HeaderExtensionLocator {
  /** Per slot: where the data starts, from byte 0 of the array; 0 means absent. */
  readonly offsets: Uint32Array
  /** Per slot: bytes of data. Meaningful only where the offset is not 0. */
  readonly lengths: Uint8Array
  /** Slot + 1 by local identifier; 0 where no slot is registered. */
  readonly #slotById = new Uint8Array(256)
  readonly #cursor = new HeaderExtensionCursor()

  /** @param slotCount how many slots there are, at most 255 */
  constructor(slotCount: number) {
    this.offsets = new Uint32Array(slotCount)
    this.lengths = new Uint8Array(slotCount)
  }

  /** Elements with local identifier `id` (1-255) belong to `slot` from now on. */
  register(id: number, slot: number): void {
    this.#slotById[id] = slot + 1
  }

  /** Forgets every registered identifier. */
  clear(): void {
    this.#slotById.fill(0)
  }

  /**
   * Fills `offsets` and `lengths` from one packet. Where an identifier comes twice, the first element counts.
   * @returns how many registered elements the packet has
   */
  locate(bytes: Uint8Array, header: HeaderExtensionBlock): number {
    this.offsets.fill(0)
    if (header.extensionLength === 0) return 0
    const cursor = this.#cursor
    let found = 0
    cursor.start(header)
    while (cursor.next(bytes)) {
      const slot = this.#slotById[cursor.id]! - 1
      if (slot < 0 || this.offsets[slot] !== 0) continue
      this.offsets[slot] = cursor.offset
      this.lengths[slot] = cursor.length
      found += 1
    }
    return found
  }
}

/**
 * Finds one element by its local identifier.
 * @param cursor left on the element: its `offset` and `length` say where the data is
 * @returns false if the packet has no such element
 */
export function findHeaderExtension(
  bytes: Uint8Array,
  header: HeaderExtensionBlock,
  id: number,
  cursor: HeaderExtensionCursor,
): boolean {
  cursor.start(header)
  while (cursor.next(bytes)) if (cursor.id === id) return true
  return false
}

/** One element to write. */
export interface HeaderExtensionElement {
  /** Local identifier, 1-255, not 15. */
  readonly id: number
  /** At most 255 bytes. */
  readonly data: Uint8Array
}

function fitsOneByteForm(elements: readonly HeaderExtensionElement[]): boolean {
  return elements.every(
    ({ id, data }) => id < ONE_BYTE_TERMINATOR_ID && data.length >= 1 && data.length <= 16,
  )
}

/** Bytes of the whole block (its 4-byte head and padding included) for these elements; 0 for none. */
export function headerExtensionBlockBytes(elements: readonly HeaderExtensionElement[]): number {
  if (elements.length === 0) return 0
  const headBytes = fitsOneByteForm(elements) ? 1 : 2
  let bytes = 0
  for (const { data } of elements) bytes += headBytes + data.length
  return 4 + ((bytes + 3) & ~3)
}

/**
 * Writes an extension block (head, elements, padding) at `offset`, in the one-byte form where every element fits it.
 * The caller has made room for `headerExtensionBlockBytes(elements)`.
 * @returns the bytes written
 */
export function writeHeaderExtensionBlock(
  bytes: Uint8Array,
  offset: number,
  elements: readonly HeaderExtensionElement[],
): number {
  const length = headerExtensionBlockBytes(elements)
  if (length === 0) return 0
  const oneByte = fitsOneByteForm(elements)
  writeUint16(bytes, offset, oneByte ? ONE_BYTE_PROFILE : TWO_BYTE_PROFILE)
  writeUint16(bytes, offset + 2, (length - 4) / 4)
  let at = offset + 4
  for (const { id, data } of elements) {
    if (oneByte) {
      bytes[at++] = (id << 4) | (data.length - 1)
    } else {
      bytes[at++] = id
      bytes[at++] = data.length
    }
    bytes.set(data, at)
    at += data.length
  }
  bytes.fill(0, at, offset + length)
  return length
}
