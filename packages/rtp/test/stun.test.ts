import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { HmacSha1, StunMessageFields } from '../src/index.ts'
import {
  crc32,
  parseStunMessage,
  readStunTieBreaker,
  StunMessage,
  StunType,
  stunUsername,
  stunXorMappedAddress,
  verifyStunFingerprint,
  verifyStunIntegrity,
  writeStunMessage,
} from '../src/index.ts'
import { golden, placed, toHex } from './golden.ts'

const hmacSha1: HmacSha1 = (key, ...chunks) => {
  const hmac = createHmac('sha1', key)
  for (const chunk of chunks) hmac.update(chunk)
  return hmac.digest()
}
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

// RFC 5769 section 2: the password of the first three vectors.
const KEY = text('VOkJxbRl1RmTxUk/WvJxBt')
const TRANSACTION = golden('b7e7a701 bc34d686 fa87dfae')

// RFC 5769 section 2.1.
const REQUEST = golden(`
  00 01 00 58  21 12 a4 42  b7 e7 a7 01  bc 34 d6 86  fa 87 df ae
  80 22 00 10  53 54 55 4e 20 74 65 73 74 20 63 6c 69 65 6e 74      # SOFTWARE "STUN test client"
  00 24 00 04  6e 00 01 ff                                          # PRIORITY
  80 29 00 08  93 2f f9 b1 51 26 3b 36                              # ICE-CONTROLLED
  00 06 00 09  65 76 74 6a 3a 68 36 76 59 20 20 20                  # USERNAME "evtj:h6vY", padded with spaces
  00 08 00 14  9a ea a7 0c bf d8 cb 56 78 1e f2 b5 b2 d3 f2 49 c1 b5 71 a2
  80 28 00 04  e5 7a 3b cf
`)
const REQUEST_FIELDS: StunMessageFields = {
  type: StunType.bindingRequest,
  transactionId: TRANSACTION,
  attributes: [
    { type: 'software', value: 'STUN test client' },
    { type: 'priority', value: 0x6e0001ff },
    { type: 'iceControlled', value: 0x932ff9b151263b36n },
    { type: 'username', value: 'evtj:h6vY' },
  ],
  integrity: { key: KEY, hmacSha1 },
  fingerprint: true,
  paddingByte: 0x20,
}

// RFC 5769 section 2.2: mapped address 192.0.2.1:32853.
const IPV4_RESPONSE = golden(`
  01 01 00 3c  21 12 a4 42  b7 e7 a7 01  bc 34 d6 86  fa 87 df ae
  80 22 00 0b  74 65 73 74 20 76 65 63 74 6f 72 20
  00 20 00 08  00 01 a1 47 e1 12 a6 43
  00 08 00 14  2b 91 f5 99 fd 9e 90 c3 8c 74 89 f9 2a f9 ba 53 f0 6b e7 d7
  80 28 00 04  c0 7d 4c 96
`)
// RFC 5769 section 2.3: mapped address [2001:db8:1234:5678:11:2233:4455:6677]:32853.
const IPV6_RESPONSE = golden(`
  01 01 00 48  21 12 a4 42  b7 e7 a7 01  bc 34 d6 86  fa 87 df ae
  80 22 00 0b  74 65 73 74 20 76 65 63 74 6f 72 20
  00 20 00 14  00 02 a1 47 01 13 a9 fa a5 d3 f1 79 bc 25 f4 b5 be d2 b9 d9
  00 08 00 14  a3 82 95 4e 4b e6 7b f1 17 84 c9 7c 82 92 c2 75 bf e3 ed 41
  80 28 00 04  c8 fb 0b 4c
`)
// RFC 5769 section 2.4: long-term credentials, without FINGERPRINT.
const LONG_TERM = golden(`
  00 01 00 60  21 12 a4 42  78 ad 34 33  c6 ad 72 c0  29 da 41 2e
  00 06 00 12  e3 83 9e e3 83 88 e3 83 aa e3 83 83 e3 82 af e3 82 b9 00 00
  00 15 00 1c  66 2f 2f 34 39 39 6b 39 35 34 64 36 4f 4c 33 34 6f 4c 39 46 53 54 76 79 36 34 73 41
  00 14 00 0b  65 78 61 6d 70 6c 65 2e 6f 72 67 00
  00 08 00 14  f6 70 24 65 6d d6 4a 3e 02 b8 e0 71 2e 85 c9 a2 8c a8 96 66
`)

function parse(bytes: Uint8Array, offset = 0, length = bytes.length): StunMessage | undefined {
  const message = new StunMessage()
  return parseStunMessage(bytes, offset, length, message) ? message : undefined
}

function mustParse(bytes: Uint8Array, offset = 0, length = bytes.length): StunMessage {
  const message = parse(bytes, offset, length)
  if (message === undefined) throw new Error('not parsed')
  return message
}

function write(fields: StunMessageFields): Uint8Array {
  const bytes = new Uint8Array(600)
  const length = writeStunMessage(bytes, 5, fields)
  expect(writeStunMessage(new Uint8Array(4 + length), 5, fields)).toBe(0)
  return bytes.slice(5, 5 + length)
}

describe('the vectors of RFC 5769', () => {
  test('2.1: the request is read, verified and written byte for byte', () => {
    const bytes = placed(REQUEST, 11)
    const message = mustParse(bytes, 11, REQUEST.length)
    expect(message).toMatchObject({
      type: StunType.bindingRequest,
      priority: 0x6e0001ff,
      useCandidate: false,
      iceControllingOffset: -1,
      unknownAttributeCount: 0,
    })
    expect(stunUsername(bytes, message)).toBe('evtj:h6vY')
    expect(readStunTieBreaker(bytes, message.iceControlledOffset)).toBe(0x932ff9b151263b36n)
    expect(verifyStunFingerprint(bytes, message)).toBe(true)
    expect(verifyStunIntegrity(bytes, message, KEY, hmacSha1)).toBe(true)
    expect(toHex(write(REQUEST_FIELDS))).toBe(toHex(REQUEST))
  })

  test.each([
    ['2.2', IPV4_RESPONSE, golden('c0000201')],
    ['2.3', IPV6_RESPONSE, golden('20010db8 12345678 00112233 44556677')],
  ])('%s: the response is read, verified and written byte for byte', (_section, response, ip) => {
    const message = mustParse(response)
    expect(message.type).toBe(StunType.bindingSuccess)
    expect(stunXorMappedAddress(response, message)).toEqual({ ip, port: 32853 })
    expect(verifyStunFingerprint(response, message)).toBe(true)
    expect(verifyStunIntegrity(response, message, KEY, hmacSha1)).toBe(true)
    const fields: StunMessageFields = {
      type: StunType.bindingSuccess,
      transactionId: TRANSACTION,
      attributes: [
        { type: 'software', value: 'test vector' },
        { type: 'xorMappedAddress', value: { ip, port: 32853 } },
      ],
      integrity: { key: KEY, hmacSha1 },
      fingerprint: true,
      paddingByte: 0x20,
    }
    expect(toHex(write(fields))).toBe(toHex(response))
  })

  test('2.4: the long-term request has attributes that ICE does not know', () => {
    const message = mustParse(LONG_TERM)
    expect(stunUsername(LONG_TERM, message)).toBe('マトリックス')
    expect([...message.unknownAttributes.subarray(0, message.unknownAttributeCount)]).toEqual([0x15, 0x14])
    expect(verifyStunFingerprint(LONG_TERM, message)).toBe(false)
  })
})

describe('verification', () => {
  test('fails with another key, and leaves the message untouched', () => {
    const bytes = REQUEST.slice()
    expect(verifyStunIntegrity(bytes, mustParse(bytes), text('other'), hmacSha1)).toBe(false)
    expect(bytes).toEqual(REQUEST)
  })

  test('fails where any single byte before the attribute was changed', () => {
    for (let at = 8; at < REQUEST.length - 32; at += 1) {
      const bytes = REQUEST.slice()
      bytes[at]! ^= 1
      const message = parse(bytes)
      if (message === undefined) continue
      expect(verifyStunIntegrity(bytes, message, KEY, hmacSha1)).toBe(false)
      expect(verifyStunFingerprint(bytes, message)).toBe(false)
    }
  })

  test('fails where the attribute is absent', () => {
    const bytes = golden('00 01 00 00  21 12 a4 42  00000000 00000000 00000000')
    const message = mustParse(bytes)
    expect(verifyStunIntegrity(bytes, message, KEY, hmacSha1)).toBe(false)
    expect(verifyStunFingerprint(bytes, message)).toBe(false)
  })
})

describe('parseStunMessage()', () => {
  const HEAD = '21 12 a4 42  00000000 00000000 00000001'

  test.each([
    ['shorter than its header', '00 01 00 00 21 12 a4 42'],
    ['whose first two bits are not 0', `40 01 00 00 ${HEAD}`],
    ['with another magic cookie', '00 01 00 00 21 12 a4 43 00000000 00000000 00000001'],
    ['whose length is no multiple of 4', `00 01 00 02 ${HEAD} 00 00`],
    ['whose length is not that of the datagram', `00 01 00 04 ${HEAD}`],
    ['whose attribute reaches beyond its end', `00 01 00 04 ${HEAD} 80 22 00 01`],
    ['with an attribute after FINGERPRINT', `00 01 00 0c ${HEAD} 80 28 00 04 00000000 00 25 00 00`],
    ['with a PRIORITY of 3 bytes', `00 01 00 08 ${HEAD} 00 24 00 03 00000000`],
    ['with an ICE-CONTROLLED of 4 bytes', `00 01 00 08 ${HEAD} 80 29 00 04 00000000`],
    ['with an ICE-CONTROLLING of 4 bytes', `00 01 00 08 ${HEAD} 80 2a 00 04 00000000`],
    ['with a USE-CANDIDATE that has a value', `00 01 00 08 ${HEAD} 00 25 00 04 00000000`],
    ['with a MESSAGE-INTEGRITY of 4 bytes', `00 01 00 08 ${HEAD} 00 08 00 04 00000000`],
    ['with an ERROR-CODE of 2 bytes', `00 01 00 08 ${HEAD} 00 09 00 02 00000000`],
    ['with an XOR-MAPPED-ADDRESS of no family', `00 01 00 0c ${HEAD} 00 20 00 08 00 03 0000 00000000`],
    ['with an IPv6 XOR-MAPPED-ADDRESS of 8 bytes', `00 01 00 0c ${HEAD} 00 20 00 08 00 02 0000 00000000`],
  ])('refuses a message %s', (_what, hex) => {
    expect(parse(golden(hex))).toBeUndefined()
  })

  test('ignores what stands between MESSAGE-INTEGRITY and FINGERPRINT', () => {
    const integrity = '00 08 00 14 00000000 00000000 00000000 00000000 00000000'
    const message = mustParse(golden(`00 01 00 24 ${HEAD} ${integrity} 00 25 00 00 80 28 00 04 00000000`))
    expect(message.useCandidate).toBe(false)
    expect(message.fingerprintOffset).not.toBe(-1)
  })

  test('forgets the attributes of the message before', () => {
    const message = new StunMessage()
    parseStunMessage(REQUEST, 0, REQUEST.length, message)
    const empty = golden(`00 11 00 00 ${HEAD}`)
    expect(parseStunMessage(empty, 0, empty.length, message)).toBe(true)
    expect(message).toEqual(
      Object.assign(new StunMessage(), {
        length: 20,
        type: StunType.bindingIndication,
        transactionIdOffset: 8,
      }),
    )
    expect(stunUsername(empty, message)).toBe('')
    expect(stunXorMappedAddress(empty, message)).toBeUndefined()
  })
})

describe('writeStunMessage()', () => {
  test('into a Buffer, whose slices are views, at an offset writes the same bytes', () => {
    const bytes = Buffer.alloc(200)
    const length = writeStunMessage(bytes, 2, REQUEST_FIELDS)
    expect(toHex(bytes.subarray(2, 2 + length))).toBe(toHex(REQUEST))
    const message = new StunMessage()
    expect(parseStunMessage(bytes, 2, length, message)).toBe(true)
    expect(verifyStunIntegrity(bytes, message, KEY, hmacSha1)).toBe(true)
    expect(toHex(bytes.subarray(2, 2 + length))).toBe(toHex(REQUEST))
  })

  test('a role conflict and an unknown attribute can be answered', () => {
    const bytes = write({
      type: StunType.bindingError,
      transactionId: TRANSACTION,
      attributes: [
        { type: 'errorCode', code: 487, reason: 'Role Conflict' },
        { type: 'unknownAttributes', value: [0x14, 0x15] },
        { type: 'other', attributeType: 0x8fff, value: golden('01') },
      ],
    })
    const message = mustParse(bytes)
    expect(message).toMatchObject({ errorCode: 487, unknownAttributeCount: 0 })
    expect(toHex(bytes.subarray(20))).toBe(
      toHex(
        golden(`
          00 09 00 11  00 00 04 57 526f6c6520436f6e666c696374 000000
          00 0a 00 04  0014 0015
          8f ff 00 01  01 00 00 00
        `),
      ),
    )
  })

  test('a nominating request carries USE-CANDIDATE and ICE-CONTROLLING', () => {
    const bytes = write({
      ...REQUEST_FIELDS,
      attributes: [{ type: 'useCandidate' }, { type: 'iceControlling', value: 2n ** 64n - 1n }],
    })
    const message = mustParse(bytes)
    expect(message.useCandidate).toBe(true)
    expect(readStunTieBreaker(bytes, message.iceControllingOffset)).toBe(2n ** 64n - 1n)
  })
})

// The check value of this CRC in the catalogue of parametrised CRC algorithms (CRC-32/ISO-HDLC).
test('CRC-32 of "123456789" is cbf43926', () => {
  expect(crc32(text('123456789'), 0, 9)).toBe(0xcbf43926)
})
