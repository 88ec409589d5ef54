import * as z from 'zod'
import { limits } from './limits.ts'

/** Kind of a stream. */
export const mediaKindSchema = z.enum(['audio', 'video']).describe('Kind of a stream')
export type MediaKind = z.output<typeof mediaKindSchema>

const payloadType = z.number().int().min(0).max(127)
const ssrc = z.number().int().min(0).max(0xffffffff)
const mimeType = z
  .string()
  .max(64)
  .regex(/^(audio|video)\/[A-Za-z0-9._-]+$/, 'audio/… or video/…')

/** Format parameters of a codec (the `a=fmtp` line of RFC 8866 section 6.15). */
const codecParameters = z
  .record(
    z
      .string()
      .max(64)
      .regex(/^[A-Za-z0-9;.-][A-Za-z0-9;._-]*$/, 'a format parameter'),
    z.union([z.string().max(256), z.number(), z.boolean(), z.null()]),
  )
  .refine((map) => Object.keys(map).length <= limits.codecParameters, 'at most 32 parameters')

const rtcpFeedback = z
  .array(z.strictObject({ type: z.string().max(32), parameter: z.string().max(32).optional() }))
  .max(limits.codecParameters)

const rtpCodecCapability = z.strictObject({
  kind: mediaKindSchema,
  mimeType,
  preferredPayloadType: payloadType.optional(),
  clockRate: z.number().int().positive().max(1_000_000),
  channels: z.number().int().min(1).max(255).optional(),
  parameters: codecParameters.optional(),
  rtcpFeedback: rtcpFeedback.optional(),
})

/** What one side can send or receive (the `RtpCapabilities` of mediasoup v3). */
export const rtpCapabilitiesSchema = z
  .strictObject({
    codecs: z.array(rtpCodecCapability).max(limits.codecs).optional(),
    headerExtensions: z
      .array(
        z.strictObject({
          kind: mediaKindSchema,
          uri: z.string().max(256),
          preferredId: z.number().int().min(1).max(255),
          preferredEncrypt: z.boolean().optional(),
          direction: z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive']).optional(),
        }),
      )
      .max(limits.headerExtensions)
      .optional(),
  })
  .describe('What one side can send or receive: `RtpCapabilities` of mediasoup v3')
export type RtpCapabilities = z.output<typeof rtpCapabilitiesSchema>

const priority = z.enum(['very-low', 'low', 'medium', 'high'])

const rtpEncoding = z.strictObject({
  active: z.boolean().optional(),
  ssrc: ssrc.optional(),
  rid: z.string().min(1).max(16).optional(),
  codecPayloadType: payloadType.optional(),
  rtx: z.strictObject({ ssrc }).optional(),
  dtx: z.boolean().optional(),
  scalabilityMode: z.string().max(32).optional(),
  scaleResolutionDownBy: z.number().min(1).max(64).optional(),
  maxBitrate: z.number().int().nonnegative().max(1_000_000_000).optional(),
  maxFramerate: z.number().nonnegative().max(1000).optional(),
  adaptivePtime: z.boolean().optional(),
  priority: priority.optional(),
  networkPriority: priority.optional(),
})

/** How one stream is sent (the `RtpParameters` of mediasoup v3). */
export const rtpParametersSchema = z
  .strictObject({
    mid: z.string().max(64).optional(),
    codecs: z
      .array(
        z.strictObject({
          mimeType,
          payloadType,
          clockRate: z.number().int().positive().max(1_000_000),
          channels: z.number().int().min(1).max(255).optional(),
          parameters: codecParameters.optional(),
          rtcpFeedback: rtcpFeedback.optional(),
        }),
      )
      .min(1)
      .max(limits.codecs),
    headerExtensions: z
      .array(
        z.strictObject({
          uri: z.string().max(256),
          id: z.number().int().min(1).max(255),
          encrypt: z.boolean().optional(),
          parameters: codecParameters.optional(),
        }),
      )
      .max(limits.headerExtensions)
      .optional(),
    encodings: z.array(rtpEncoding).max(limits.encodings).optional(),
    rtcp: z
      .strictObject({
        cname: z.string().max(256).optional(),
        reducedSize: z.boolean().optional(),
        mux: z.boolean().optional(),
      })
      .optional(),
    msid: z.string().max(256).optional(),
  })
  .describe('How one stream is sent: `RtpParameters` of mediasoup v3')
export type RtpParameters = z.output<typeof rtpParametersSchema>

/** Credentials of the server's ICE agent (RFC 8445 section 5.3). */
export const iceParametersSchema = z
  .strictObject({
    usernameFragment: z.string().max(256),
    password: z.string().max(256),
    iceLite: z.boolean().optional(),
  })
  .describe("Credentials of the server's ICE agent")
export type IceParameters = z.output<typeof iceParametersSchema>

/** An address of the server (RFC 8445 section 5.1). */
export const iceCandidateSchema = z
  .strictObject({
    foundation: z.string().max(64),
    priority: z.number().int().nonnegative(),
    ip: z.string().max(256).optional(),
    address: z.string().max(256),
    protocol: z.enum(['udp', 'tcp']),
    port: z.number().int().min(0).max(65535),
    type: z.enum(['host', 'srflx', 'prflx', 'relay']),
    tcpType: z.enum(['active', 'passive', 'so']).optional(),
  })
  .describe('An address of the server')
export type IceCandidate = z.output<typeof iceCandidateSchema>

/** DTLS role and certificate fingerprints (RFC 8122). */
export const dtlsParametersSchema = z
  .strictObject({
    role: z.enum(['auto', 'client', 'server']).optional(),
    fingerprints: z
      .array(
        z.strictObject({
          algorithm: z.enum(['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']),
          value: z
            .string()
            .max(256)
            .regex(/^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})*$/, 'hexadecimal pairs with colons'),
        }),
      )
      .min(1)
      .max(8),
  })
  .describe('DTLS role and certificate fingerprints')
export type DtlsParameters = z.output<typeof dtlsParametersSchema>

/** The server's end of an SCTP association (RFC 8841 sections 5.1 and 6.1). */
export const sctpParametersSchema = z
  .strictObject({
    port: z.number().int().min(1).max(65535),
    maxMessageSize: z.number().int().positive().describe('Bytes that the server takes in one message'),
  })
  .describe("The server's end of an SCTP association")
export type SctpParameters = z.output<typeof sctpParametersSchema>
