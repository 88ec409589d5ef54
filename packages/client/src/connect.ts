import type { ConnectOptions, Session } from './api.ts'
import { defaultCache } from './chat/cache.ts'
import { defaultOutbox } from './chat/indexed-db-outbox.ts'
import { Connection } from './connection/connection.ts'
import { serverOrigin } from './connection/http-api.ts'
import { applicationTokens, guestTokens, type TokenSource } from './connection/token-source.ts'
import { errors } from './errors.ts'
import { AuthorizedHttp } from './files/authorized-http.ts'
import { randomId } from './random-id.ts'
import { SessionHandle } from './session/session.ts'

const CONNECT_TIMEOUT_MS = 15_000
/** Who can begin without the server waits for it no longer than this. */
const OFFLINE_TIMEOUT_MS = 4000
const REQUEST_TIMEOUT_MS = 10_000

/**
 * Connects to a server (`https://talk.example`; an empty string is the page's own origin) as one person. Resolves
 * once the server has greeted, and from then on reconnects by itself; with `offline`, also without the server. Throws `SangamError`: `invalidOptions`,
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
  const timeoutMs = options.connectTimeoutMs ?? (options.offline ? OFFLINE_TIMEOUT_MS : CONNECT_TIMEOUT_MS)
  const { offline } = options
  const self = offline ? ((await connection.begin(timeoutMs)) ?? offline) : await connection.open(timeoutMs)
  const session = new SessionHandle(connection, self, {
    outbox: options.outbox ?? defaultOutbox(origin),
    cache: options.cache ?? defaultCache(origin),
    http: new AuthorizedHttp(origin, tokens),
    forgetCredentials: () => tokens.forget(),
    platform: options.peerPlatform,
  })
  await session.begin()
  return session
}

function tokenSourceOf(origin: string, { token, guest }: ConnectOptions): TokenSource {
  if (token !== undefined && guest === undefined) return applicationTokens(token)
  if (guest !== undefined && token === undefined) return guestTokens(origin, guest)
  throw errors.invalidOptions('Give connect() either a token function or a guest.')
}
