/** Bytes from hexadecimal text; whitespace and `#` comments to the line's end are ignored. */
export function golden(text: string): Uint8Array {
  const digits = text.replace(/#.*$/gm, '').replace(/\s+/g, '')
  const bytes = new Uint8Array(digits.length / 2)
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

/** The same bytes as hexadecimal text, for readable differences. */
export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

/** A larger array, filled with 0xA5, that holds `bytes` from `offset`. */
export function placed(bytes: Uint8Array, offset = 7): Uint8Array {
  const larger = new Uint8Array(offset + bytes.length + 9).fill(0xa5)
  larger.set(bytes, offset)
  return larger
}

/**
 * A view on `bytes` that throws when anything outside `[offset, offset + length)` is read, by index or by a method
 * that takes a range.
 */
export function guarded(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  const end = offset + length
  const check = (from: number, to: number): void => {
    if (from < offset || to > end)
      throw new RangeError(`read of [${from}, ${to}) outside [${offset}, ${end})`)
  }
  return new Proxy(bytes, {
    get(target, key) {
      if (typeof key === 'string' && /^-?\d+$/.test(key)) {
        check(Number(key), Number(key) + 1)
        return target[Number(key)]
      }
      if (key === 'subarray' || key === 'slice') {
        return (from: number, to: number) => {
          if (to > from) check(from, to)
          return target[key](from, to)
        }
      }
      return Reflect.get(target, key, target) as unknown
    },
  })
}
