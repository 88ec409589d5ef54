import { describe, expect, test } from 'vitest'
import { hmacSha1 } from '../../src/worker/packet-port/hmac-sha1.ts'

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** RFC 2202 section 3, by the number of the test case. */
describe('hmacSha1() reproduces RFC 2202', () => {
  test.each([
    [1, new Uint8Array(20).fill(0x0b), ascii('Hi There'), 'b617318655057264e28bc0b6fb378c8ef146be00'],
    [2, ascii('Jefe'), ascii('what do ya want for nothing?'), 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
    [
      3,
      new Uint8Array(20).fill(0xaa),
      new Uint8Array(50).fill(0xdd),
      '125d7342b9ac11cd91a39af48aa17b4f63f175d3',
    ],
    [
      6,
      new Uint8Array(80).fill(0xaa),
      ascii('Test Using Larger Than Block-Size Key - Hash Key First'),
      'aa4ae5e15272d00e95705637ce8a3b55ed402112',
    ],
    [
      7,
      new Uint8Array(80).fill(0xaa),
      ascii('Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data'),
      'e8e99d0f45237d786d6bbaa7965c7808bbff1a91',
    ],
  ])('case %i', (_, key, data, digest) => {
    expect(hex(hmacSha1(key, data))).toBe(digest)
    expect(hex(hmacSha1(key, data.subarray(0, 5), data.subarray(5)))).toBe(digest)
  })
})

test('hmacSha1() of more than its scratch holds throws RangeError', () => {
  expect(() => hmacSha1(new Uint8Array(32), new Uint8Array(5000))).toThrow(RangeError)
})
