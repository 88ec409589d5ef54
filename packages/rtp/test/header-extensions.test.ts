import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  findHeaderExtension,
  type HeaderExtensionBlock,
  HeaderExtensionCursor,
  type HeaderExtensionElement,
  HeaderExtensionLocator,
  headerExtensionBlockBytes,
  writeHeaderExtensionBlock,
} from '../src/index.ts'
import { golden, toHex } from './golden.ts'

// RFC 8285 section 4.2, the example figure, with identifiers and data filled in.
const ONE_BYTE = golden('be de 00 03  10 aa 21 b1  b2 00 00 33  c1 c2 c3 c4')
// RFC 8285 section 4.3, the example figure, with identifiers and data filled in.
const TWO_BYTE = golden('10 00 00 03  01 00 02 01  b1 00 13 04  c1 c2 c3 c4')

function blockOf(bytes: Uint8Array): HeaderExtensionBlock {
  return {
    extensionProfile: (bytes[0]! << 8) | bytes[1]!,
    extensionOffset: 4,
    extensionLength: bytes.length - 4,
  }
}

function elements(bytes: Uint8Array): [id: number, data: string][] {
  const cursor = new HeaderExtensionCursor()
  const found: [number, string][] = []
  cursor.start(blockOf(bytes))
  while (cursor.next(bytes)) {
    found.push([cursor.id, toHex(bytes.subarray(cursor.offset, cursor.offset + cursor.length))])
  }
  return found
}

describe('HeaderExtensionCursor', () => {
  test('walks the example of the one-byte form', () => {
    expect(elements(ONE_BYTE)).toEqual([
      [1, 'aa'],
      [2, 'b1 b2'],
      [3, 'c1 c2 c3 c4'],
    ])
  })

  test('walks the example of the two-byte form', () => {
    expect(elements(TWO_BYTE)).toEqual([
      [1, ''],
      [2, 'b1'],
      [0x13, 'c1 c2 c3 c4'],
    ])
  })

  test('takes any application bits in the two-byte form', () => {
    expect(elements(golden('10 0f 00 01  05 01 aa 00'))).toEqual([[5, 'aa']])
  })

  test('finds nothing under an unknown profile', () => {
    expect(elements(golden('be df 00 01  10 aa 00 00'))).toEqual([])
  })

  test('ends at identifier 15 of the one-byte form', () => {
    expect(elements(golden('be de 00 02  10 aa f0 bb  20 cc 00 00'))).toEqual([[1, 'aa']])
  })

  test('ends at identifier 0 with a length in the one-byte form', () => {
    expect(elements(golden('be de 00 02  10 aa 01 bb  20 cc 00 00'))).toEqual([[1, 'aa']])
  })

  test('ends before an element that reaches beyond the block', () => {
    expect(elements(golden('be de 00 01  10 aa 21 bb'))).toEqual([[1, 'aa']])
    expect(elements(golden('10 00 00 01  01 00 02 01'))).toEqual([[1, '']])
    expect(elements(golden('10 00 00 01  01 01 aa 02'))).toEqual([[1, 'aa']])
  })

  test('takes a one-byte element of 16 bytes, the longest', () => {
    const data = toHex(new Uint8Array(16).fill(7))
    expect(elements(golden(`be de 00 05  1f ${data} 00 00 00`))).toEqual([[1, data]])
  })
})

describe('HeaderExtensionLocator', () => {
  test('fills the slots of registered identifiers in one pass', () => {
    const locator = new HeaderExtensionLocator(3)
    locator.register(3, 0)
    locator.register(2, 2)
    locator.register(9, 1)
    expect(locator.locate(ONE_BYTE, blockOf(ONE_BYTE))).toBe(2)
    expect([...locator.offsets]).toEqual([12, 0, 7])
    expect([locator.lengths[0], locator.lengths[2]]).toEqual([4, 2])
  })

  test('forgets the packet before', () => {
    const locator = new HeaderExtensionLocator(1)
    locator.register(1, 0)
    expect(locator.locate(ONE_BYTE, blockOf(ONE_BYTE))).toBe(1)
    const none = { extensionProfile: 0, extensionOffset: 0, extensionLength: 0 }
    expect(locator.locate(ONE_BYTE, none)).toBe(0)
    expect(locator.offsets[0]).toBe(0)
  })

  test('keeps the first of two elements with one identifier', () => {
    const bytes = golden('be de 00 01  10 aa 10 bb')
    const locator = new HeaderExtensionLocator(1)
    locator.register(1, 0)
    expect(locator.locate(bytes, blockOf(bytes))).toBe(1)
    expect(bytes[locator.offsets[0]!]).toBe(0xaa)
  })

  test('finds nothing after clear()', () => {
    const locator = new HeaderExtensionLocator(1)
    locator.register(1, 0)
    locator.clear()
    expect(locator.locate(ONE_BYTE, blockOf(ONE_BYTE))).toBe(0)
  })
})

test('findHeaderExtension() leaves the cursor on the element, or returns false', () => {
  const cursor = new HeaderExtensionCursor()
  expect(findHeaderExtension(ONE_BYTE, blockOf(ONE_BYTE), 2, cursor)).toBe(true)
  expect([cursor.offset, cursor.length]).toEqual([7, 2])
  expect(findHeaderExtension(ONE_BYTE, blockOf(ONE_BYTE), 4, cursor)).toBe(false)
})

describe('writeHeaderExtensionBlock()', () => {
  const write = (list: readonly HeaderExtensionElement[]): Uint8Array => {
    const bytes = new Uint8Array(headerExtensionBlockBytes(list)).fill(0xff)
    expect(writeHeaderExtensionBlock(bytes, 0, list)).toBe(bytes.length)
    return bytes
  }

  test('writes nothing for no elements', () => {
    expect(write([]).length).toBe(0)
  })

  test.each([
    ['14 and 16 bytes fit the one-byte form', 14, 16, 0xbede],
    ['identifier 16 needs the two-byte form', 16, 1, 0x1000],
    ['17 bytes need the two-byte form', 1, 17, 0x1000],
    ['no data needs the two-byte form', 1, 0, 0x1000],
  ])('%s', (_what, id, length, profile) => {
    const bytes = write([{ id, data: new Uint8Array(length).fill(1) }])
    expect(blockOf(bytes).extensionProfile).toBe(profile)
    expect(elements(bytes)).toEqual([[id, toHex(new Uint8Array(length).fill(1))]])
  })

  test('what it writes is walked in the same order', () => {
    const element = fc.record({
      id: fc.integer({ min: 1, max: 255 }).filter((id) => id !== 15),
      data: fc.uint8Array({ maxLength: 255 }),
    })
    fc.assert(
      fc.property(fc.array(element, { maxLength: 8 }), (list) => {
        const bytes = write(list)
        if (bytes.length === 0) return
        expect(bytes.length % 4).toBe(0)
        expect(elements(bytes)).toEqual(list.map(({ id, data }) => [id, toHex(data)]))
      }),
    )
  })
})
