import { jwtVerify, SignJWT } from 'jose'

const issuer = 'sangam'
/** Not that of people's tokens: neither passes for the other. */
const audience = 'sangam-operator'
const lifeSeconds = 60

/**
 * A token for whoever operates the server: a JWS with HMAC-SHA-256 (RFC 7515) over the data folder's secret, valid for a minute.
 * @param nowMs since 1970
 */
export const signOperatorToken = (secret: Uint8Array, nowMs: number): Promise<string> =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(Math.floor(nowMs / 1000) + lifeSeconds)
    .sign(secret)

/** Whether a token is one of an operator. Never throws. */
export const isOperatorToken = (secret: Uint8Array, token: string, nowMs: number): Promise<boolean> =>
  jwtVerify(token, secret, { algorithms: ['HS256'], issuer, audience, currentDate: new Date(nowMs) }).then(
    () => true,
    () => false,
  )
