import {
  type GuestToken,
  guestRequestSchema,
  PROTOCOL_VERSION,
  type PublicConfig,
  validate,
} from '@sangam/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Tokens } from '../access/tokens.ts'
import type { Settings } from '../config/settings.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Clock } from '../ports.ts'
import { RequestError, requestErrors } from '../request-errors.ts'
import { risingClock } from '../socket/rising-clock.ts'
import { AddressLimiter } from './address-limiter.ts'

/** What the HTTP endpoints need. */
export type ApiOptions = {
  readonly settings: Settings
  readonly tokens: Tokens
  readonly metrics: Metrics
  readonly now: Clock
  /** Whether the parts that the server needs are alive; undefined says yes, a text what is not. */
  readonly problem: () => string | undefined
}

const statusOf = (error: RequestError): number => {
  switch (error.wire.code) {
    case 'invalidMessage':
      return 400
    case 'unauthenticated':
    case 'tokenExpired':
      return 401
    case 'guestsDisabled':
    case 'forbidden':
      return 403
    case 'notFound':
      return 404
    case 'conflict':
    case 'wrongState':
      return 409
    case 'tooLarge':
      return 413
    case 'unsupported':
      return 415
    case 'rateLimited':
      return 429
    case 'unavailable':
      return 503
    default:
      return 500
  }
}

const loopback = /^(127\.|::1$|::ffff:127\.)/

/** A request of this machine that no proxy passed on. */
const isLocal = (request: FastifyRequest): boolean =>
  loopback.test(request.ip) &&
  request.headers['x-forwarded-for'] === undefined &&
  request.headers.forwarded === undefined

/** Adds `/api/v1`, `/healthz` and `/metrics`. */
export const addApi = (app: FastifyInstance, options: ApiOptions): void => {
  const { settings, tokens, metrics, now } = options
  const uptime = risingClock(now)
  const limiter = new AddressLimiter({ capacity: 30, perSecond: 0.5 }, settings.rateLimitFactor)

  const guestAllowed = (request: FastifyRequest): void => {
    if (!settings.guests) throw requestErrors.guestsDisabled()
    const retryAfterMs = limiter.take(request.ip, uptime())
    if (retryAfterMs > 0) throw requestErrors.rateLimited(retryAfterMs)
  }

  app.get('/api/v1/config', (): PublicConfig => {
    return { protocolVersion: PROTOCOL_VERSION, guests: settings.guests, name: settings.serverName }
  })

  app.post('/api/v1/guests', async (request): Promise<GuestToken> => {
    guestAllowed(request)
    const body = validate(guestRequestSchema, request.body)
    if (!body.ok) {
      const { code, message, details } = body.error
      throw new RequestError(code, message, details === undefined ? {} : { details })
    }
    return tokens.issueGuest(body.value.name)
  })

  app.post('/api/v1/guests/renew', async (request): Promise<GuestToken> => {
    guestAllowed(request)
    const token = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (token === undefined) throw requestErrors.unauthenticated()
    const pass = await tokens.renewGuest(token)
    if (typeof pass === 'string') throw requestErrors[pass]()
    return pass
  })

  app.get('/healthz', (_request, reply): FastifyReply => {
    const problem = options.problem()
    return problem === undefined
      ? reply.send({ status: 'ok' })
      : reply.code(503).send({ status: 'failing', problem })
  })

  app.get('/metrics', async (request, reply): Promise<FastifyReply> => {
    const { metricsAccess } = settings
    if (metricsAccess === 'off' || (metricsAccess === 'local' && !isLocal(request))) {
      return reply.code(404).send({ error: requestErrors.notFound('address').wire })
    }
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
}

/** Answers an error of a handler: a request error as it is, what Fastify refused as `invalidMessage`, the rest as `internal`. */
export const answerHttpError = (
  error: unknown,
  reply: FastifyReply,
  logInternal: (error: unknown) => string,
): FastifyReply => {
  if (error instanceof RequestError) {
    const { retryAfterMs } = error.wire
    if (retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(retryAfterMs / 1000)))
    return reply.code(statusOf(error)).send({ error: error.wire })
  }
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  if (status >= 400 && status < 500) {
    const code = status === 413 ? 'tooLarge' : 'invalidMessage'
    return reply.code(status).send({ error: { code, message: 'The request is not valid.' } })
  }
  return reply.code(500).send({ error: requestErrors.internal(logInternal(error)).wire })
}
