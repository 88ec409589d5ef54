import * as z from 'zod'
import { limits } from './limits.ts'

const utf8Length = (text: string): number => {
  let bytes = 0
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0
    bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4
  }
  return bytes
}

const id = (description: string) =>
  z
    .string()
    .min(1)
    .max(limits.idLength)
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._:@+-]*$/,
      'letters, digits and . _ : @ + -, beginning with a letter or digit',
    )
    .describe(description)

/** Who somebody is: unique on the server, chosen by the application or given to a guest. */
export const identitySchema = z
  .string()
  .min(1)
  .max(limits.identityLength)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@+-]*$/, 'letters, digits and . _ @ + -, beginning with a letter or digit')
  .describe('Who somebody is, unique on the server')

/** A display name: 1 to 64 characters, trimmed, without control or direction-override characters. */
export const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(limits.nameLength)
  .regex(/^[^\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]*$/u, 'no control characters')
  .describe('A display name')

/** Name of a room, part of the address that people share. */
export const roomIdSchema = id('Id of a room')
/** Id of a conversation: `direct:…` for two people, `room:<roomId>` for a room's own chat, anything else is a group. */
export const conversationIdSchema = id('Id of a conversation')
/** Id of a call, given by the server. */
export const callIdSchema = id('Id of a call')
/** Id of one device of a person, chosen by the device and kept by it. */
export const deviceIdSchema = id('Id of a device, chosen and kept by it')
/** Id of a participant of a room, given by the server. */
export const participantIdSchema = id('Id of a participant of a room')
/** Id of a WebRTC transport on the server. */
export const transportIdSchema = id('Id of a transport')
/** Id of a producer: one stream that a participant sends. */
export const producerIdSchema = id('Id of a producer')
/** Id of a consumer: one stream that a participant receives. */
export const consumerIdSchema = id('Id of a consumer')
/** A message's name, chosen by its sender and unique among the sender's messages. */
export const clientMessageIdSchema = id(
  "A message's name, chosen by the sender, unique among the sender's messages",
)

/** A signed token, compact JWS (RFC 7515 section 3.1). */
export const tokenSchema = z
  .string()
  .min(1)
  .max(limits.tokenLength)
  .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/, 'a compact JWS')
  .describe('A signed token')

/** Milliseconds since 1970-01-01T00:00:00Z, by the server's clock. */
export const timestampMsSchema = z
  .number()
  .int()
  .nonnegative()
  .describe('Milliseconds since 1970-01-01T00:00:00Z, server clock')

/** A message's place in its conversation: 1, 2, 3, … without a gap; 0 means "before the first". */
export const messageNumberSchema = z
  .number()
  .int()
  .nonnegative()
  .max(Number.MAX_SAFE_INTEGER)
  .describe('Place of a message in its conversation: 1, 2, 3, … without a gap')

/** A change's place among the changes of a conversation's messages: 1, 2, 3, … without a gap; 0 means "before the first". */
export const revisionSchema = z
  .number()
  .int()
  .nonnegative()
  .max(Number.MAX_SAFE_INTEGER)
  .describe("Place of a change among the changes of a conversation's messages: 1, 2, 3, … without a gap")

/** Text of a message: 1 byte to 16 KiB of UTF-8, without lone surrogates. */
export const textSchema = z
  .string()
  .min(1)
  .max(limits.textBytes)
  .refine((text) => text.isWellFormed(), 'well-formed Unicode')
  // No character takes more than three bytes of UTF-8 per unit of UTF-16: most texts need no counting.
  .refine(
    (text) => text.length * 3 <= limits.textBytes || utf8Length(text) <= limits.textBytes,
    `at most ${limits.textBytes} bytes of UTF-8`,
  )
  .describe('Text of a message, at most 16 KiB of UTF-8')

/** An event without arguments. */
export const emptySchema = z.strictObject({}).describe('Nothing')

/** A server that helps ICE, as in `RTCIceServer` (WebRTC 1.0, section 4.2.2). */
export const iceServerSchema = z
  .strictObject({
    urls: z.union([z.string().max(512), z.array(z.string().max(512)).max(8)]).describe('stun: or turn: URLs'),
    username: z.string().max(512).optional(),
    credential: z.string().max(512).optional(),
  })
  .describe('A STUN or TURN server')
export type IceServer = z.output<typeof iceServerSchema>

/** The ICE servers that a client hands to its RTCPeerConnection. */
export const iceServersSchema = z.array(iceServerSchema).max(16).describe('ICE servers to use')
