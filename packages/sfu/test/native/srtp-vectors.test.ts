import { describe, expect, test } from 'vitest'
import { loadAddon, SRTP_SUITES } from '../../src/worker/packet-port/load.ts'
import type { SrtpSuite } from '../../src/worker/packet-port/packet-port.ts'

const { testing } = loadAddon()
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
const suite = (name: SrtpSuite): number => SRTP_SUITES.indexOf(name)

describe('RFC 3711', () => {
  test('deriveKeys() gives the session keys of appendix B.3', () => {
    const master = hex('E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6')
    const keys = testing.deriveKeys(suite('AES_CM_128_HMAC_SHA1_80'), master)
    expect(Buffer.from(keys.subarray(0, 16))).toEqual(hex('C61E7A93744F39EE10734AFE3FF7A087')) // cipher key
    expect(Buffer.from(keys.subarray(16, 30))).toEqual(hex('30CBBC08863D8C85D49DB34A9AE1')) // cipher salt
    expect(Buffer.from(keys.subarray(30, 50))).toEqual(hex('CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4')) // auth key
  })

  test('AES-CM gives the keystream of appendix B.2', () => {
    const key = hex('2B7E151628AED2A6ABF7158809CF4F3C')
    const salt = hex('F0F1F2F3F4F5F6F7F8F9FAFBFCFD')
    // SSRC 0 and index 0, as the appendix has it; zeros encrypt to the keystream.
    const packet = Buffer.alloc(12 + 48)
    packet[0] = 0x80
    const keys = Buffer.concat([key, salt, Buffer.alloc(20)])
    const sealed = testing.sealRtp(suite('AES_CM_128_HMAC_SHA1_80'), keys, packet, 0)
    expect(Buffer.from(sealed.subarray(12, 60))).toEqual(
      hex(
        'E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0',
      ),
    )
  })
})

interface GcmVector {
  readonly name: SrtpSuite
  readonly key: string
  readonly rtp: string
  readonly rtcp: string
}

const SALT = '517569642070726f2071756f' // "Quid pro quo"
const PLAIN_RTP =
  hex(`8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070
  61727465 73207472 6573`)
const PLAIN_RTCP =
  hex(`81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef
  deadbeef deadbeef deadbeef`)
const RTP_INDEX = 0xf17b
const RTCP_INDEX = 0x5d4

// RFC 7714 sections 16.1 and 17.1 (128 bits), 16.2 and 17.2 (256 bits): session key and salt, not master key.
const GCM_VECTORS: readonly GcmVector[] = [
  {
    name: 'AEAD_AES_128_GCM',
    key: '000102030405060708090a0b0c0d0e0f',
    rtp: `8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf
      8833899d 7f27beb1 6a9152cf 765ee439 0cce`,
    rtcp: `81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded
      0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4`,
  },
  {
    name: 'AEAD_AES_256_GCM',
    key: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    rtp: `8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799
      b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13`,
    rtcp: `81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be 8415f658 c61de047
      6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4`,
  },
]

describe.each(GCM_VECTORS)('RFC 7714 $name', ({ name, key, rtp, rtcp }) => {
  const keys = Buffer.concat([hex(key), hex(SALT), Buffer.alloc(20)])

  test('seals and opens the SRTP packet of section 16', () => {
    expect(Buffer.from(testing.sealRtp(suite(name), keys, PLAIN_RTP, RTP_INDEX))).toEqual(hex(rtp))
    expect(Buffer.from(testing.openRtp(suite(name), keys, hex(rtp), RTP_INDEX)!)).toEqual(PLAIN_RTP)
  })

  test('seals and opens the SRTCP packet of section 17', () => {
    expect(Buffer.from(testing.sealRtcp(suite(name), keys, PLAIN_RTCP, RTCP_INDEX))).toEqual(hex(rtcp))
    expect(Buffer.from(testing.openRtcp(suite(name), keys, hex(rtcp), RTCP_INDEX)!)).toEqual(PLAIN_RTCP)
  })

  test('refuses the SRTP packet after any one bit was flipped', () => {
    const sealed = hex(rtp)
    for (let at = 0; at < sealed.length; at++) {
      const tampered = Buffer.from(sealed)
      tampered[at] = tampered[at]! ^ 0x10
      expect(testing.openRtp(suite(name), keys, tampered, RTP_INDEX)).toBeNull()
    }
  })
})

test('openRtcp() accepts a packet that is authenticated but not encrypted (RFC 7714 section 17.3)', () => {
  const keys = Buffer.concat([hex('000102030405060708090a0b0c0d0e0f'), hex(SALT), Buffer.alloc(20)])
  const packet = Buffer.concat([PLAIN_RTCP, hex('841dd968 3dd78ec9 2ae58790 125f62b3 000005d4')])
  expect(Buffer.from(testing.openRtcp(0, keys, packet, 0)!)).toEqual(PLAIN_RTCP)
})

describe.each(SRTP_SUITES)('%s', (name) => {
  const sizes: Readonly<Record<SrtpSuite, { key: number; tag: number }>> = {
    AEAD_AES_128_GCM: { key: 16 + 12 + 20, tag: 16 },
    AEAD_AES_256_GCM: { key: 32 + 12 + 20, tag: 16 },
    AES_CM_128_HMAC_SHA1_80: { key: 16 + 14 + 20, tag: 10 },
    AES_CM_128_HMAC_SHA1_32: { key: 16 + 14 + 20, tag: 4 },
  }
  const keys = Uint8Array.from({ length: sizes[name].key }, (_, i) => i + 1)

  test.each([0, 1, 15, 16, 17, 160, 1100, 1400])('round-trips an RTP payload of %i bytes', (bytes) => {
    const packet = Buffer.alloc(12 + bytes, 0x61)
    packet[0] = 0x80
    const sealed = testing.sealRtp(suite(name), keys, packet, 0x12345678)
    expect(sealed.length).toBe(packet.length + sizes[name].tag)
    if (bytes > 0) expect(Buffer.from(sealed.subarray(12, 12 + bytes))).not.toEqual(packet.subarray(12))
    expect(Buffer.from(testing.openRtp(suite(name), keys, sealed, 0x12345678)!)).toEqual(packet)
    expect(testing.openRtp(suite(name), keys, sealed, 0x12355678)).toBeNull() // another rollover counter
  })

  test('gives SRTCP its full tag', () => {
    const sealed = testing.sealRtcp(suite(name), keys, PLAIN_RTCP, 7)
    expect(sealed.length).toBe(PLAIN_RTCP.length + 4 + (name.startsWith('AEAD') ? 16 : 10))
    expect(Buffer.from(testing.openRtcp(suite(name), keys, sealed, 7)!)).toEqual(PLAIN_RTCP)
  })

  test.each([...Array(28).keys()])(
    'refuses %i bytes as RTP and as RTCP without reading past them',
    (bytes) => {
      const packet = Buffer.alloc(bytes, 0x9f) // version 2, extension, 15 CSRCs: a header longer than the packet
      if (bytes > 1) packet[1] = 200
      expect(testing.openRtp(suite(name), keys, packet, 0)).toBeNull()
      expect(testing.openRtcp(suite(name), keys, packet, 0)).toBeNull()
    },
  )
})

// RFC 7741 section 4.2: descriptors with every combination of fields that the patch may meet.
describe('patchVp8()', () => {
  const patched = (before: string): string => {
    const payload = hex(before)
    testing.patchVp8(payload, 0x1234, 0xab)
    return payload.toString('hex')
  }
  test('writes a 15-bit picture id and TL0PICIDX', () => expect(patched('90e0801100ff')).toBe('90e09234abff'))
  test('keeps a 7-bit picture id at 7 bits', () => expect(patched('90e01100ff')).toBe('90e034abff'))
  test('writes a picture id alone', () => expect(patched('9080801155')).toBe('9080923455'))
  test('writes TL0PICIDX alone', () => expect(patched('90401155')).toBe('9040ab55'))
  test('leaves a descriptor without extension alone', () => expect(patched('10e0801100')).toBe('10e0801100'))
  test.each(['', '90', '90e0', '90e080', '90e08011', '90e011'])('stays within the payload %s', (short) => {
    expect(patched(short).length).toBe(short.length)
  })
})
