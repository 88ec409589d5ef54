import * as z from 'zod'

/** The closed list of error codes, each with what it means. An acknowledgement or refusal holds no other code. */
export const errorCodes = {
  invalidMessage:
    'The payload does not fit its schema. `details` names the path and what was expected there.',
  unknownEvent: 'The server knows no event of this name.',
  protocolTooOld: 'Client and server speak different protocol versions. `details` holds both and a hint.',
  unauthenticated: 'The token is missing, malformed or not signed by this server.',
  tokenExpired: 'The token was valid once. Fetch another one and connect or renew with it.',
  forbidden:
    'The token does not grant this action on this resource, or the room does not allow it: then `details.reason` is one of the policy reasons.',
  guestsDisabled: 'This server takes no guests: a token must come from an application.',
  notFound:
    'There is no such person, conversation, call, room, transport, producer or consumer (or not for you).',
  conflict: 'The same id was used before with other content.',
  outOfOrder: 'The message that this one was to follow is not stored. Send that one again, then this one.',
  rateLimited: 'Too many messages of this kind. `retryAfterMs` says when the next one passes.',
  busy: 'The person is in another call.',
  unavailable: 'The person is offline, or the service cannot take this now.',
  callEnded: 'The call is over.',
  wrongState: 'The call, transport, producer or consumer is not in a state that allows this.',
  unsupported: 'The media capabilities do not fit: no common codec.',
  tooMany: 'There are as many of these as there may be.',
  methodFailed: 'The method that was called failed; the message says why, in its own words.',
  tooLarge: 'The message is larger than the protocol allows.',
  internal: 'The server failed. `details.errorId` is in its log.',
} as const

/** One of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes

/** All error codes, in the order of the table. */
export const errorCodeNames = Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]

/** Error codes that any event may answer with; the registry lists only what an event adds to them. */
export const commonErrorCodes = [
  'invalidMessage',
  'unauthenticated',
  'tokenExpired',
  'forbidden',
  'rateLimited',
  'internal',
] as const satisfies readonly ErrorCode[]

/** Extra facts of an error: flat, JSON-serializable. */
export type ErrorDetails = { readonly [key: string]: string | number | boolean | null }

/** What an acknowledgement with `ok: false`, a `connect_error` (`err.data`) or an HTTP error body (`error`) holds. */
export type WireError = {
  readonly code: ErrorCode
  /** One sentence in English, for a developer. */
  readonly message: string
  readonly details?: ErrorDetails
  /** With `rateLimited`: milliseconds until the next message of this kind passes. */
  readonly retryAfterMs?: number
}

/** Schema of {@link WireError}. */
export const wireErrorSchema = z
  .object({
    code: z.enum(errorCodeNames).describe('One of the error codes'),
    message: z.string().max(1024).describe('One sentence in English, for a developer'),
    details: z
      .record(z.string().max(64), z.union([z.string().max(1024), z.number(), z.boolean(), z.null()]))
      .optional()
      .describe('Extra facts, flat'),
    retryAfterMs: z
      .number()
      .int()
      .nonnegative()
      .optional()
      .describe('Milliseconds to wait, with `rateLimited`'),
  })
  .describe('An error as the server tells it')

/** The answer to an event: its value, or a typed error. */
export type Ack<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: WireError }
