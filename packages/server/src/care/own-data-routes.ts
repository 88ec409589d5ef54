import { Readable } from 'node:stream'
import { erasureRequestSchema, validate } from '@sangam/protocol'
import type { FastifyInstance } from 'fastify'
import type { Tokens } from '../access/tokens.ts'
import { personOf } from '../files/file-routes.ts'
import { AddressLimiter } from '../http/address-limiter.ts'
import type { Clock } from '../ports.ts'
import { RequestError, requestErrors } from '../request-errors.ts'

/** What people may ask for about themselves. */
export type OwnData = {
  /** All that is kept of a person as JSON text, in pieces. */
  readonly export: (identity: string) => AsyncIterable<string>
  readonly erase: (identity: string) => Promise<void>
}

/** What {@link addOwnDataRoutes} needs. */
export type OwnDataOptions = {
  readonly tokens: Tokens
  /** Whether people may erase themselves. */
  readonly mayErase: boolean
  readonly rateLimitFactor: number
  /** Milliseconds that only rise. */
  readonly uptime: Clock
  readonly ownData: () => OwnData
}

/** Each reads all that a person ever wrote: five at once, and one more every five minutes. */
const exportLimits = { capacity: 5, perSecond: 1 / 300 }

/** Adds `/api/v1/me/export` and `DELETE /api/v1/me`: what is kept of oneself, and its end. */
export const addOwnDataRoutes = (app: FastifyInstance, options: OwnDataOptions): void => {
  const { tokens, mayErase, rateLimitFactor, uptime, ownData } = options
  const limiter = new AddressLimiter(exportLimits, rateLimitFactor)

  app.get('/api/v1/me/export', async (request, reply) => {
    const { identity } = await personOf(request, tokens)
    const retryAfterMs = limiter.take(identity, uptime())
    if (retryAfterMs > 0) throw requestErrors.rateLimited(retryAfterMs)
    reply.headers({
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': 'attachment; filename="my-data.json"',
      'cache-control': 'no-store',
    })
    return reply.send(Readable.from(ownData().export(identity)))
  })

  app.delete('/api/v1/me', async (request): Promise<Record<string, never>> => {
    const { identity } = await personOf(request, tokens)
    if (!mayErase) throw requestErrors.forbidden('this server has nobody erase themselves; ask who runs it')
    const body = validate(erasureRequestSchema, request.body)
    if (!body.ok) {
      const { code, message, details } = body.error
      throw new RequestError(code, message, details === undefined ? {} : { details })
    }
    if (body.value.identity !== identity) throw requestErrors.forbidden('people erase only themselves')
    await ownData().erase(identity)
    return {}
  })
}
