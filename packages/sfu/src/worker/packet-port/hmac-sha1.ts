import { loadAddon } from './load.ts'

const DIGEST_BYTES = 20
/** A key and the longest datagram. */
const scratch = new Uint8Array(4096)

/**
 * HMAC-SHA1 (RFC 2104) of the parts in order: 20 bytes. Many times cheaper than `createHmac` for a short message: consent
 * checks of a thousand peers ask for hundreds a second.
 * @throws RangeError when key and parts have more than 4096 bytes
 */
export function hmacSha1(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  scratch.set(key)
  let end = key.length
  for (const part of parts) {
    scratch.set(part, end)
    end += part.length
  }
  loadAddon().hmacSha1(scratch, key.length, end - key.length)
  return scratch.slice(0, DIGEST_BYTES)
}
