import { type Handshake, handshakeSchema, PROTOCOL_VERSION, validate } from '@sangam/protocol'
import type { Claims, Tokens } from '../access/tokens.ts'
import { RequestError, requestErrors } from '../request-errors.ts'

/** What a handshake proved. */
export type Admission = { readonly handshake: Handshake; readonly claims: Claims }

const field = (auth: unknown, name: string): unknown =>
  typeof auth === 'object' && auth !== null && Object.hasOwn(auth, name)
    ? (auth as { [key: string]: unknown })[name]
    : undefined

/**
 * Checks the `auth` of a handshake. The version comes first: a client of another version may send other fields, and has
 * to learn that it is the version that does not fit.
 * @throws RequestError `protocolTooOld`, `unauthenticated`, `tokenExpired` or `invalidMessage`
 */
export const admit = async (auth: unknown, tokens: Tokens): Promise<Admission> => {
  const version = field(auth, 'protocolVersion')
  if (typeof version === 'number' && Number.isSafeInteger(version) && version !== PROTOCOL_VERSION) {
    throw requestErrors.protocolTooOld(PROTOCOL_VERSION, version)
  }
  if (typeof field(auth, 'token') !== 'string') throw requestErrors.unauthenticated()
  const handshake = validate(handshakeSchema, auth)
  if (!handshake.ok) {
    const { code, message, details } = handshake.error
    if (details?.path === 'token') throw requestErrors.unauthenticated()
    throw new RequestError(code, message, details === undefined ? {} : { details })
  }
  const verified = await tokens.verify(handshake.value.token)
  if (!verified.ok) throw requestErrors[verified.code]()
  return { handshake: handshake.value, claims: verified.claims }
}
