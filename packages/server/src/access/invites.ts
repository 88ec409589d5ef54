import { errors as joseErrors, jwtVerify, SignJWT } from 'jose'
import * as z from 'zod'

const issuer = 'sangam'
/** Another audience than that of tokens: an invite lets nobody connect, and a token is no invite. */
const audience = 'sangam-invite'

const claimsSchema = z.object({ sub: z.string(), jti: z.string(), exp: z.number() })

/** What a signed invite says. Its role stands in the room's record, where it can be revoked. */
export type InviteClaims = { readonly roomId: string; readonly inviteId: string }

/** Signs and reads the secrets of invites: JWS with HMAC-SHA-256 (RFC 7515), with the key of the tokens. */
export type InviteSigner = {
  /** Signs an invite. */
  readonly sign: (claims: InviteClaims, expiresAtMs: number) => Promise<string>
  /** Reads a secret; a code when it is not one of this server, or too old. Never throws. */
  readonly read: (invite: string) => Promise<InviteClaims | 'inviteInvalid' | 'inviteExpired'>
}

/** Creates the signer of invites. */
export const createInviteSigner = (secret: Uint8Array, now: () => number): InviteSigner => ({
  sign: ({ roomId, inviteId }, expiresAtMs) =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(roomId)
      .setJti(inviteId)
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime(Math.ceil(expiresAtMs / 1000))
      .sign(secret),
  read: async (invite) => {
    try {
      const { payload } = await jwtVerify(invite, secret, {
        algorithms: ['HS256'],
        issuer,
        audience,
        currentDate: new Date(now()),
      })
      const parsed = claimsSchema.safeParse(payload)
      return parsed.success ? { roomId: parsed.data.sub, inviteId: parsed.data.jti } : 'inviteInvalid'
    } catch (error) {
      return error instanceof joseErrors.JWTExpired ? 'inviteExpired' : 'inviteInvalid'
    }
  },
})
