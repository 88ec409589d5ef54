import * as z from 'zod'
import {
  deviceIdSchema,
  emptySchema,
  identitySchema,
  nameSchema,
  timestampMsSchema,
  tokenSchema,
} from './primitives.ts'
import { notice, request } from './registry.ts'

/** What a client sends as Socket.IO `auth`. */
export const handshakeSchema = z
  .strictObject({
    token: tokenSchema,
    protocolVersion: z.number().int().nonnegative().describe('`PROTOCOL_VERSION` of the client'),
    client: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'letters, digits and . _ / -')
      .describe('What connects: `web`, `node`, …'),
    deviceId: deviceIdSchema,
  })
  .describe('The `auth` of the Socket.IO handshake')
export type Handshake = z.output<typeof handshakeSchema>

/** What clients ask of their own connection, by event name. */
export const sessionRequests = {
  'token.renew': request({
    description:
      'Replaces the token of this connection by a newer one of the same identity, so that it lives on. Grants are those of the new token from then on.',
    needs: 'nothing',
    request: z.strictObject({ token: tokenSchema }),
    reply: z.strictObject({ expiresAt: timestampMsSchema }),
    errors: [],
  }),
} as const

/** What the server tells of the connection itself, by event name. */
export const sessionNotices = {
  'session.ready': notice({
    description: 'First event of every connection: who the server takes you for.',
    payload: z.strictObject({
      identity: identitySchema,
      name: nameSchema,
      deviceId: deviceIdSchema,
      expiresAt: timestampMsSchema.describe('When the token of this connection expires'),
      serverTime: timestampMsSchema,
    }),
  }),
  'token.expiring': notice({
    description: 'The token of this connection expires soon. Answer with `token.renew`.',
    payload: z.strictObject({ expiresAt: timestampMsSchema }),
  }),
  'session.ended': notice({
    description: 'Last event before the server closes this connection on purpose.',
    payload: z.strictObject({
      reason: z
        .enum(['tokenExpired', 'flood', 'serverStopping', 'erased'])
        .describe(
          '`flood`: far more messages than the rate limits allow; `erased`: the person was erased, and their tokens are worth nothing any more',
        ),
      message: z.string().max(1024),
    }),
  }),
  'server.stopping': notice({
    description: 'The server stops in an orderly way. Clients reconnect by themselves.',
    payload: emptySchema,
  }),
} as const
