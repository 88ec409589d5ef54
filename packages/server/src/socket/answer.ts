import { randomBytes } from 'node:crypto'
import { type Ack, type ClientEventName, clientEvents, validate } from '@sangam/protocol'
import { may } from '../access/policy.ts'
import { StoreError } from '../chat/store.ts'
import type { Logger } from '../observability/log.ts'
import type { Clock, Session } from '../ports.ts'
import { RequestError, requestErrors } from '../request-errors.ts'
import type { EventRule, EventTable } from './event-table.ts'
import type { RateLimiter } from './rate-limit.ts'

/** What {@link createAnswerer} needs. */
export type AnswererOptions = {
  readonly table: EventTable
  readonly now: Clock
  /** Milliseconds that only rise, for rates: the time of day may be set back. */
  readonly uptime: Clock
  readonly log: Logger
  readonly onAnswered: (event: string, outcome: string) => void
}

/** Answers one event of a connection. Never throws or rejects. */
export type Answerer = (
  session: Session,
  limiter: RateLimiter,
  event: unknown,
  payload: unknown,
) => Promise<Ack<unknown>>

const isEvent = (event: unknown): event is ClientEventName =>
  typeof event === 'string' && Object.hasOwn(clientEvents, event)

/**
 * The one way in for events: known → within its rate → token still valid → valid → granted → done.
 * Everything up to the work itself happens synchronously, so events of one connection begin in the order they came.
 */
export const createAnswerer = ({ table, now, uptime, log, onAnswered }: AnswererOptions): Answerer => {
  const run = (session: Session, limiter: RateLimiter, event: unknown, payload: unknown): unknown => {
    if (!isEvent(event)) throw requestErrors.unknownEvent()
    const rule: EventRule<typeof event> = table[event] as EventRule<typeof event>
    const retryAfterMs = limiter.take(rule.rate, uptime())
    if (retryAfterMs > 0) throw requestErrors.rateLimited(retryAfterMs)
    if (session.expiresAtMs <= now() && event !== 'token.renew') throw requestErrors.tokenExpired()
    const request = validate(clientEvents[event].request, payload)
    if (!request.ok) {
      const { code, message, details } = request.error
      throw new RequestError(code, message, details === undefined ? {} : { details })
    }
    // The schema of this very event parsed it; TypeScript cannot follow the name through the union.
    const parsed = request.value as never
    const action = rule.action?.(parsed)
    const verdict = action === undefined ? undefined : may(session.grants, action)
    if (verdict?.allowed === false) throw requestErrors.forbidden(verdict.reason)
    return rule.handle(session, parsed)
  }

  const wireErrorOf = (error: unknown, session: Session, event: unknown) => {
    if (error instanceof RequestError) return error.wire
    if (error instanceof StoreError) {
      log.error({ err: error, event }, 'the chat store failed')
      return requestErrors.unavailable('The chat store').wire
    }
    const errorId = randomBytes(6).toString('hex')
    log.error({ err: error, errorId, event, identity: session.identity }, 'an event failed')
    return requestErrors.internal(errorId).wire
  }

  return async (session, limiter, event, payload) => {
    const label = isEvent(event) ? event : 'unknown'
    try {
      const value = await run(session, limiter, event, payload)
      onAnswered(label, 'ok')
      return { ok: true, value }
    } catch (thrown) {
      const error = wireErrorOf(thrown, session, label)
      onAnswered(label, error.code)
      return { ok: false, error }
    }
  }
}
