/**
 * Every error that the SDK throws: one class, a closed list of codes, one table of factories.
 */
import { type ErrorCode, type PolicyReason, policyReasons, type WireError } from '@sangam/protocol'

/** Codes that arise on this side of the wire. */
export type ClientErrorCode =
  | 'serverUnreachable'
  | 'requestTimeout'
  | 'offline'
  | 'queueFull'
  | 'sessionClosed'
  | 'erased'
  | 'invalidOptions'
  | 'discarded'
  | 'roomClosed'
  | 'protocolViolation'
  | 'mediaPermissionDenied'
  | 'mediaNotFound'
  | 'mediaBusy'
  | 'mediaUnsupported'
  | 'mediaFailed'

/** Every code that a `SangamError` may carry: the protocol's and those of this side. */
export type SangamErrorCode = ClientErrorCode | ErrorCode

/** What a `SangamError` carries beside its message. */
export interface SangamErrorFields {
  readonly details?: unknown
  /** How long to wait before the same request may succeed. */
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/** The one error class of the SDK: `code` is for programs, `message` is a sentence for a person. */
export class SangamError extends Error {
  override readonly name = 'SangamError'
  readonly code: SangamErrorCode
  readonly details: unknown
  readonly retryAfterMs: number | undefined

  constructor(code: SangamErrorCode, message: string, fields: SangamErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.code = code
    this.details = fields.details
    this.retryAfterMs = fields.retryAfterMs
  }
}

/** Whether something caught is a `SangamError`, optionally with one of these codes. */
export function isSangamError(error: unknown, ...codes: SangamErrorCode[]): error is SangamError {
  return error instanceof SangamError && (codes.length === 0 || codes.includes(error.code))
}

/** Why a room's policy refused something: one of the protocol's `policyReasons`; undefined for other errors. */
export function policyReasonOf(error: unknown): PolicyReason | undefined {
  if (!isSangamError(error) || typeof error.details !== 'object' || error.details === null) return undefined
  const { reason } = error.details as { readonly reason?: unknown }
  return typeof reason === 'string' && Object.hasOwn(policyReasons, reason)
    ? (reason as PolicyReason)
    : undefined
}

/** What the server answered, as an error of this side: same code, message, details and pause. */
export function errorFromWire(error: WireError): SangamError {
  return new SangamError(error.code, error.message, {
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  })
}

/** Something caught, as a `SangamError`: itself if it is one, else wrapped by `wrap`. */
export function toSangamError(caught: unknown, wrap: (cause: unknown) => SangamError): SangamError {
  return caught instanceof SangamError ? caught : wrap(caught)
}

/** The table of factories for the codes of this side. */
export const errors = {
  serverUnreachable: (url: string, cause?: unknown) =>
    new SangamError('serverUnreachable', `The server at ${url} can't be reached.`, { cause }),
  requestTimeout: (what: string, timeoutMs: number) =>
    new SangamError('requestTimeout', `The server did not answer ${what} within ${timeoutMs} ms.`),
  offline: (what: string) => new SangamError('offline', `There is no connection for ${what}.`),
  queueFull: (limit: number) =>
    new SangamError('queueFull', `More than ${limit} requests wait for the connection already.`),
  sessionClosed: () => new SangamError('sessionClosed', 'The session is closed.'),
  erased: () => new SangamError('erased', 'This person was erased from the server.'),
  invalidOptions: (problem: string) => new SangamError('invalidOptions', problem),
  wrongState: (what: string, state: string) =>
    new SangamError('wrongState', `Can't ${what} in state '${state}'.`),
  roomClosed: (roomId: string) => new SangamError('roomClosed', `The room '${roomId}' was left or closed.`),
  discarded: () => new SangamError('discarded', 'The message was given up before it was sent.'),
  tooLarge: (maxBytes: number) =>
    new SangamError('tooLarge', `A message holds at most ${maxBytes} bytes of text.`, {
      details: { maxBytes },
    }),
  protocolViolation: (what: string, cause?: unknown) =>
    new SangamError('protocolViolation', `The server sent something unexpected: ${what}.`, { cause }),
  mediaPermissionDenied: (device: string, cause?: unknown) =>
    new SangamError('mediaPermissionDenied', `The browser was not allowed to use the ${device}.`, { cause }),
  mediaNotFound: (device: string, cause?: unknown) =>
    new SangamError('mediaNotFound', `No ${device} was found.`, { cause }),
  mediaBusy: (device: string, cause?: unknown) =>
    new SangamError('mediaBusy', `The ${device} is in use by another program.`, { cause }),
  mediaUnsupported: (what: string) =>
    new SangamError(
      'mediaUnsupported',
      `This browser or page can't use ${what}; a secure address (https) may be needed.`,
    ),
  mediaFailed: (what: string, cause?: unknown) =>
    new SangamError('mediaFailed', `Media failed: ${what}.`, { cause }),
}
