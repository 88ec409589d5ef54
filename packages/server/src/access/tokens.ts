import { randomBytes } from 'node:crypto'
import { identitySchema, nameSchema } from '@sangam/protocol'
import { errors as joseErrors, jwtVerify, SignJWT } from 'jose'
import * as z from 'zod'
import { type Grants, type GrantsInput, grantsSchema, guestGrantsFor } from './grants.ts'

const issuer = 'sangam'
const audience = 'sangam'
/** How long after its end a guest's token may still be renewed, in seconds. */
const guestRenewSeconds = 86_400

const claimsSchema = z.object({
  sub: identitySchema,
  name: nameSchema,
  kind: z.enum(['app', 'guest']),
  grants: grantsSchema,
  iat: z.number().int().nonnegative(),
  exp: z.number().int().positive(),
})

const issueSchema = z.strictObject({
  identity: identitySchema,
  name: nameSchema,
  ttlSeconds: z
    .number()
    .int()
    .min(1)
    .max(30 * 86_400)
    .optional(),
  ...grantsSchema.shape,
})

/** What an application asks a token for: who it is, what it allows (see {@link GrantsInput}) and for how long. */
export type TokenRequest = GrantsInput & {
  readonly identity: string
  readonly name: string
  /** Seconds that the token lives; default is the setting `tokenTtlSeconds`. */
  readonly ttlSeconds?: number
}

/** What a valid token says. */
export type Claims = {
  readonly identity: string
  readonly name: string
  readonly kind: 'app' | 'guest'
  readonly grants: Grants
  readonly expiresAtMs: number
}

/** Why a token is refused. */
export type TokenRefusal = 'unauthenticated' | 'tokenExpired'

/** The outcome of a check. */
export type Verified =
  | { readonly ok: true; readonly claims: Claims }
  | { readonly ok: false; readonly code: TokenRefusal }

/** A guest's token with what the guest needs to know of it. */
export type GuestPass = {
  readonly token: string
  readonly identity: string
  readonly name: string
  readonly expiresAt: number
}

/** Makes and checks tokens: JWS with HMAC-SHA-256 (RFC 7515, RFC 7519), one secret per data folder. */
export type Tokens = {
  /**
   * Issues a token for an application's user.
   * @throws TypeError when the request does not fit (unknown grant, bad identity, …)
   */
  readonly issue: (request: TokenRequest) => Promise<string>
  /** Issues a token for a guest with a fresh identity. */
  readonly issueGuest: (name: string) => Promise<GuestPass>
  /** Issues a newer token for a guest whose token is valid or expired at most 24 hours ago. */
  readonly renewGuest: (token: string) => Promise<GuestPass | TokenRefusal>
  /** Checks a token. @throws RequestError `unavailable` when it can't be known whether its person was erased */
  readonly verify: (token: string) => Promise<Verified>
}

/** What {@link createTokens} needs. */
export type TokensOptions = {
  readonly secret: Uint8Array
  readonly tokenTtlSeconds: number
  readonly guestTokenTtlSeconds: number
  /** Whether the lists of people and rooms are for guests. */
  readonly guestsSeeOthers: boolean
  /** Whether the person of a token was erased since it was issued. */
  readonly hasErased: (identity: string, issuedAtMs: number) => Promise<boolean>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const describe = (error: z.ZodError): string =>
  error.issues.map((issue) => `${issue.path.join('.') || 'request'}: ${issue.message}`).join('; ')

/** Creates the maker and checker of tokens. */
export const createTokens = ({
  secret,
  tokenTtlSeconds,
  guestTokenTtlSeconds,
  guestsSeeOthers,
  hasErased,
  now,
}: TokensOptions): Tokens => {
  const sign = (claims: Omit<Claims, 'expiresAtMs'>, expiresAtSeconds: number): Promise<string> =>
    new SignJWT({ name: claims.name, kind: claims.kind, grants: claims.grants })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(claims.identity)
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(Math.floor(now() / 1000))
      .setJti(randomBytes(9).toString('base64url'))
      .setExpirationTime(expiresAtSeconds)
      .sign(secret)

  const read = async (token: string, toleranceSeconds: number): Promise<Verified> => {
    const claims = await claimsOf(token, toleranceSeconds)
    if (typeof claims === 'string') return { ok: false, code: claims }
    const { sub: identity, name, kind, grants, iat, exp } = claims
    if (await hasErased(identity, iat * 1000)) return { ok: false, code: 'unauthenticated' }
    return { ok: true, claims: { identity, name, kind, grants, expiresAtMs: exp * 1000 } }
  }

  const claimsOf = async (
    token: string,
    toleranceSeconds: number,
  ): Promise<z.output<typeof claimsSchema> | TokenRefusal> => {
    try {
      const { payload } = await jwtVerify(token, secret, {
        algorithms: ['HS256'],
        issuer,
        audience,
        currentDate: new Date(now()),
        clockTolerance: toleranceSeconds,
      })
      const parsed = claimsSchema.safeParse(payload)
      return parsed.success ? parsed.data : 'unauthenticated'
    } catch (error) {
      return error instanceof joseErrors.JWTExpired ? 'tokenExpired' : 'unauthenticated'
    }
  }

  const guestPass = async (identity: string, name: string): Promise<GuestPass> => {
    const expiresAtSeconds = Math.ceil(now() / 1000) + guestTokenTtlSeconds
    const token = await sign(
      { identity, name, kind: 'guest', grants: guestGrantsFor(guestsSeeOthers) },
      expiresAtSeconds,
    )
    return { token, identity, name, expiresAt: expiresAtSeconds * 1000 }
  }

  return {
    issue: async (request) => {
      const parsed = issueSchema.safeParse(request)
      if (!parsed.success) throw new TypeError(`The token request is not valid: ${describe(parsed.error)}`)
      const { identity, name, ttlSeconds = tokenTtlSeconds, ...grants } = parsed.data
      return sign({ identity, name, kind: 'app', grants }, Math.ceil(now() / 1000) + ttlSeconds)
    },
    issueGuest: (name) => guestPass(`guest-${randomBytes(8).toString('hex')}`, name),
    renewGuest: async (token) => {
      const verified = await read(token, guestRenewSeconds)
      if (!verified.ok) return verified.code
      if (verified.claims.kind !== 'guest') return 'unauthenticated'
      return guestPass(verified.claims.identity, verified.claims.name)
    },
    verify: (token) => read(token, 0),
  }
}
