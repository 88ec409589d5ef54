import * as z from 'zod'
import type { ErrorCode } from './errors.ts'
import { emptySchema, identitySchema, nameSchema, timestampMsSchema, tokenSchema } from './primitives.ts'

/** What `GET /api/v1/config` answers. */
export const publicConfigSchema = z
  .strictObject({
    protocolVersion: z.number().int().describe('`PROTOCOL_VERSION` of the server'),
    guests: z.boolean().describe('Whether guests may name themselves'),
    name: nameSchema.describe('Name of this server'),
  })
  .describe('What anybody may know of the server')
export type PublicConfig = z.output<typeof publicConfigSchema>

/** What `POST /api/v1/guests` takes. */
export const guestRequestSchema = z.strictObject({ name: nameSchema }).describe('A guest asks for a token')
export type GuestRequest = z.output<typeof guestRequestSchema>

/** What `POST /api/v1/guests` and `POST /api/v1/guests/renew` answer. */
export const guestTokenSchema = z
  .strictObject({
    token: tokenSchema,
    identity: identitySchema,
    name: nameSchema,
    expiresAt: timestampMsSchema,
  })
  .describe("A guest's token")
export type GuestToken = z.output<typeof guestTokenSchema>

/** What `DELETE /api/v1/me` takes. */
export const erasureRequestSchema = z
  .strictObject({ identity: identitySchema.describe('Who asks, so that nobody is erased by mistake') })
  .describe('A person asks to be erased')

/** An HTTP endpoint of the protocol. */
export type HttpEndpoint = {
  readonly description: string
  readonly request?: z.ZodType
  readonly reply: z.ZodType
  /** Errors with their HTTP status. The body is `{ error: WireError }`. */
  readonly errors: { readonly [Code in ErrorCode]?: number }
}

/** The HTTP endpoints, by method and path. */
export const httpEndpoints = {
  'GET /api/v1/config': {
    description: 'What anybody may know of the server before connecting.',
    reply: publicConfigSchema,
    errors: {},
  },
  'POST /api/v1/guests': {
    description: 'Gives somebody without an account a signed token with the default grants of guests.',
    request: guestRequestSchema,
    reply: guestTokenSchema,
    errors: { invalidMessage: 400, guestsDisabled: 403, rateLimited: 429 },
  },
  'POST /api/v1/guests/renew': {
    description:
      "Gives a newer token of the same identity. The guest's present token stands in `Authorization: Bearer …`; it may have expired up to 24 hours ago.",
    reply: guestTokenSchema,
    errors: { unauthenticated: 401, tokenExpired: 401, guestsDisabled: 403, rateLimited: 429 },
  },
  'GET /api/v1/me/export': {
    description:
      'All that is kept of whoever asks, as a download: name, own messages, and records (files, subscriptions, blocks, own reports). The token stands in `Authorization: Bearer …`.',
    reply: z.looseObject({ identity: identitySchema, name: nameSchema.nullable() }),
    errors: { unauthenticated: 401, tokenExpired: 401, rateLimited: 429 },
  },
  'DELETE /api/v1/me': {
    description:
      'Erases whoever asks: messages, files, memberships, what rooms know of them. Their connections end, and their tokens are worth nothing any more. `forbidden` where the server is set so (`SELF_ERASURE`).',
    request: erasureRequestSchema,
    reply: emptySchema,
    errors: { invalidMessage: 400, unauthenticated: 401, tokenExpired: 401, forbidden: 403 },
  },
} as const satisfies Record<string, HttpEndpoint>
