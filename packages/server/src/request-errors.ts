import {
  type ErrorCode,
  type ErrorDetails,
  type PolicyReason,
  policyReasons,
  type WireError,
} from '@sangam/protocol'

/** A request that is answered with an error of the protocol. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly wire: WireError
  constructor(
    code: ErrorCode,
    message: string,
    extra: { details?: ErrorDetails; retryAfterMs?: number } = {},
  ) {
    super(message)
    this.wire = { code, message, ...extra }
  }
}

/** The only makers of request errors: one table. */
export const requestErrors = {
  unknownEvent: () => new RequestError('unknownEvent', 'The server knows no event of this name.'),
  unauthenticated: () => new RequestError('unauthenticated', 'The token is not one of this server.'),
  otherIdentity: () =>
    new RequestError('unauthenticated', 'The token belongs to somebody else than this connection.'),
  tokenExpired: () => new RequestError('tokenExpired', 'The token has expired; fetch another one.'),
  protocolTooOld: (server: number, client: number) =>
    new RequestError('protocolTooOld', `The server speaks protocol ${server}, the client ${client}.`, {
      details: {
        server,
        client,
        hint: client < server ? 'Reload the page or update the client.' : 'Update the server.',
      },
    }),
  forbidden: (reason: string) => new RequestError('forbidden', `Not allowed: ${reason}.`),
  /** Refused by a room's policy. */
  notAllowed: (code: PolicyReason, reason: string = policyReasons[code]) =>
    new RequestError('forbidden', `Not allowed: ${reason}`, { details: { reason: code } }),
  guestsDisabled: () => new RequestError('guestsDisabled', 'This server takes no guests.'),
  notFound: (what: string) => new RequestError('notFound', `There is no such ${what}.`),
  conflictingMessage: () =>
    new RequestError('conflict', 'This clientMessageId was used before with another text or conversation.'),
  fileTooLarge: (mostBytes: number) =>
    new RequestError('tooLarge', `At most ${mostBytes} bytes are taken.`, { details: { mostBytes } }),
  invalidUpload: (expected: string) =>
    new RequestError('invalidMessage', 'The upload is not valid.', {
      details: { path: '(upload)', expected },
    }),
  outOfOrder: () => new RequestError('outOfOrder', 'The message that this one was to follow is not stored.'),
  conflictingChange: () =>
    new RequestError('conflict', 'This clientChangeId was used before for another change.'),
  callingEachOther: (callId: string) =>
    new RequestError('conflict', 'This person is ringing you already.', { details: { callId } }),
  rateLimited: (retryAfterMs: number) =>
    new RequestError('rateLimited', 'Too many messages of this kind.', { retryAfterMs }),
  busy: () => new RequestError('busy', 'This person is in another call.'),
  offline: () => new RequestError('unavailable', 'This person is offline.'),
  unavailable: (what: string) => new RequestError('unavailable', `${what} cannot take this now.`),
  roomFull: () => new RequestError('unavailable', 'The room is full.', { details: { reason: 'roomFull' } }),
  tooMany: (what: string) => new RequestError('tooMany', `There are as many ${what} as there may be.`),
  methodFailed: (message: string) => new RequestError('methodFailed', message),
  callEnded: () => new RequestError('callEnded', 'The call is over.'),
  wrongState: (why: string) => new RequestError('wrongState', why),
  unsupported: (why: string) => new RequestError('unsupported', why),
  invalidMedia: (why: string) =>
    new RequestError('invalidMessage', 'The media parameters are not valid.', {
      details: { path: '(media)', expected: why.slice(0, 200) },
    }),
  internal: (errorId: string) =>
    new RequestError('internal', 'The server failed to do this.', { details: { errorId } }),
} as const
