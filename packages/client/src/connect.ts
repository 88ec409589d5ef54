import type { ConnectOptions, Session } from './api.ts'
import { defaultOutbox } from './chat/indexed-db-outbox.ts'
import { Connection } from './connection/connection.ts'
import { serverOrigin } from './connection/http-api.ts'
import { applicationTokens, guestTokens, type TokenSource } from './connection/token-source.ts'
import { errors } from './errors.ts'
import { AuthorizedHttp } from './files/authorized-http.ts'
import { randomId } from './random-id.ts'
import { SessionHandle } from './session/session.ts'

const CONNECT_TIMEOUT_MS = 15_000
const REQUEST_TIMEOUT_MS = 10_000

/**
 * Connects to a server (`https://talk.example`; an empty string is the page's own origin) as one person. Resolves
 * once the server has greeted, and from then on reconnects by itself. Throws `SangamError`: `invalidOptions`,
 * `serverUnreachable`, `unauthenticated`, `protocolTooOld` (details hold both versions), `guestsDisabled`, or the
 * code that the server refused with.
 */
export async function connect(url: string, options: ConnectOptions): Promise<Session> {
  const origin = serverOrigin(url)
  const tokens = tokenSourceOf(origin, options)
  const connection = new Connection({
    origin,
    tokens,
    client: options.client ?? (typeof window === 'undefined' ? 'node' : 'web'),
    deviceId: options.deviceId ?? randomId(),
    requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  })
  const greeting = await connection.open(options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS)
  const session = new SessionHandle(
    connection,
    greeting,
    options.outbox ?? defaultOutbox(origin),
    new AuthorizedHttp(origin, tokens),
    options.peerPlatform,
  )
  await session.begin()
  return session
}

function tokenSourceOf(origin: string, { token, guest }: ConnectOptions): TokenSource {
  if (token !== undefined && guest === undefined) return applicationTokens(token)
  if (guest !== undefined && token === undefined) return guestTokens(origin, guest)
  throw errors.invalidOptions('Give connect() either a token function or a guest.')
}
