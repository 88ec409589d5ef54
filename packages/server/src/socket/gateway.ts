import type { Server as HttpServer } from 'node:http'
import { SOCKET_PATH } from '@sangam/protocol'
import { Server } from 'socket.io'
import type { Grants } from '../access/grants.ts'
import { createSharedGrants } from '../access/shared-grants.ts'
import type { Claims, Tokens } from '../access/tokens.ts'
import type { Logger } from '../observability/log.ts'
import type { Clock, Session } from '../ports.ts'
import { RequestError, requestErrors } from '../request-errors.ts'
import type { Answerer } from './answer.ts'
import { admit } from './handshake.ts'
import { runAt } from './long-timer.ts'
import { mergeWrites } from './merge-writes.ts'
import { RateLimiter } from './rate-limit.ts'
import { isDeviceConnected, roomsOf, type SangamIo, type SangamSocket } from './socket-notifier.ts'

/** Largest packet in bytes: a message of 1 MiB, far beyond any limit, still gets its typed error; a larger one ends the connection. */
const largestPacketBytes = 1024 * 1024 + 4096
/** A token's end is announced this long before, or at half of the rest of a short one's life. */
const warnBeforeMs = 60_000

/** What the gateway tells the rest of the server. */
export type GatewayEvents = {
  readonly onConnected: (session: Session) => void
  /** `deviceGone`: it was the last connection of its device. */
  readonly onDisconnected: (session: Session, deviceGone: boolean) => void
  readonly onRefused: (code: string) => void
}

/** What {@link Gateway} needs. */
export type GatewayOptions = {
  readonly tokens: Tokens
  readonly now: Clock
  /** Milliseconds that only rise, for rates. */
  readonly uptime: Clock
  readonly log: Logger
  readonly rateLimitFactor: number
  readonly events: GatewayEvents
}

/** Creates the Socket.IO server on an HTTP server. */
export const createIo = (httpServer: HttpServer, allowedOrigins: readonly string[]): SangamIo =>
  new Server(httpServer, {
    path: SOCKET_PATH,
    serveClient: false,
    maxHttpBufferSize: largestPacketBytes,
    connectTimeout: 10_000,
    cors: { origin: allowedOrigins.includes('*') ? '*' : [...allowedOrigins] },
  })

/** The shell around every connection: handshake, life of its token, dispatch of its events, end. */
export class Gateway {
  readonly #options: GatewayOptions
  readonly #io: SangamIo
  readonly #cancelExpiry = new Map<string, () => void>()
  readonly #share = createSharedGrants()

  constructor(io: SangamIo, options: GatewayOptions) {
    this.#io = io
    this.#options = options
  }

  /** Begins to take connections; `answer` answers their events. */
  start(answer: Answerer): void {
    this.#io.use((socket, next) => {
      this.#admit(socket).then(
        () => next(),
        (error: unknown) => next(this.#refusal(error)),
      )
    })
    mergeWrites(this.#io.engine)
    this.#io.on('connection', (socket) => this.#connected(socket, answer))
  }

  /** Connections at this moment. */
  get size(): number {
    return this.#io.sockets.sockets.size
  }

  /** What a person's newest connection may; undefined when they have none. */
  grantsOf(identity: string): Grants | undefined {
    const sessions = [...this.#io.sockets.sockets.values()].map((socket) => socket.data.session)
    return sessions.findLast((session) => session.identity === identity)?.grants
  }

  /**
   * Takes a newer token for a connection.
   * @throws RequestError `unauthenticated` (also for another identity) or `tokenExpired`
   */
  async renew(session: Session, token: string): Promise<Claims> {
    const verified = await this.#options.tokens.verify(token)
    if (!verified.ok) throw requestErrors[verified.code]()
    const { claims } = verified
    if (claims.identity !== session.identity) throw requestErrors.otherIdentity()
    session.name = claims.name
    session.grants = this.#share(claims.grants)
    session.expiresAtMs = claims.expiresAtMs
    const socket = this.#io.sockets.sockets.get(session.connectionId)
    if (socket !== undefined) this.#watchExpiry(socket)
    return claims
  }

  /** Ends every connection of somebody who was erased. */
  endPerson(identity: string): void {
    for (const socket of this.#io.sockets.sockets.values())
      if (socket.data.session.identity === identity) this.#end(socket, 'erased', 'This person was erased.')
  }

  /** Tells everybody that the server stops, and ends the connections. */
  close(): void {
    this.#io.emit('server.stopping', {})
    for (const cancel of this.#cancelExpiry.values()) cancel()
    this.#cancelExpiry.clear()
    // Only the transport closes: told to disconnect, clients would not come back by themselves.
    for (const socket of this.#io.sockets.sockets.values()) socket.conn.close()
  }

  async #admit(socket: SangamSocket): Promise<void> {
    const { handshake, claims } = await admit(socket.handshake.auth, this.#options.tokens)
    // The token has done its work; it need not lie in memory for as long as the connection lives.
    socket.handshake.auth = {}
    socket.data.session = {
      connectionId: socket.id,
      identity: claims.identity,
      deviceId: handshake.deviceId,
      client: handshake.client,
      connected: true,
      name: claims.name,
      grants: this.#share(claims.grants),
      expiresAtMs: claims.expiresAtMs,
    }
  }

  #refusal(error: unknown): Error {
    const { log, events } = this.#options
    if (!(error instanceof RequestError)) log.error({ err: error }, 'a handshake failed')
    const { wire } = error instanceof RequestError ? error : requestErrors.internal('handshake')
    log.debug({ code: wire.code }, 'handshake refused')
    events.onRefused(wire.code)
    return Object.assign(new Error(wire.message), { data: wire })
  }

  #connected(socket: SangamSocket, answer: Answerer): void {
    const { now, uptime, log, events, rateLimitFactor } = this.#options
    const { session } = socket.data
    const limiter = new RateLimiter(rateLimitFactor)
    void socket.join(roomsOf(session))
    this.#watchExpiry(socket)
    socket.onAny((event: unknown, ...values: unknown[]) => {
      if (limiter.take('hard', uptime()) > 0) {
        this.#end(socket, 'flood', 'Far more messages than the rate limits allow.')
        return
      }
      // An event without an acknowledgement is done all the same; its answer has nowhere to go.
      const last = values.at(-1)
      const acknowledge = typeof last === 'function' ? last : undefined
      void answer(session, limiter, event, values[0]).then((ack) => acknowledge?.(ack))
    })
    socket.on('disconnect', (reason) => {
      session.connected = false
      this.#cancelExpiry.get(socket.id)?.()
      this.#cancelExpiry.delete(socket.id)
      log.info({ connectionId: socket.id, identity: session.identity, reason }, 'disconnected')
      events.onDisconnected(session, !isDeviceConnected(this.#io, session))
    })
    log.info({ connectionId: socket.id, identity: session.identity, client: session.client }, 'connected')
    socket.emit('session.ready', {
      identity: session.identity,
      name: session.name,
      deviceId: session.deviceId,
      expiresAt: session.expiresAtMs,
      serverTime: now(),
    })
    events.onConnected(session)
  }

  #end(socket: SangamSocket, reason: 'tokenExpired' | 'flood' | 'erased', message: string): void {
    if (socket.disconnected) return
    this.#options.log.info({ connectionId: socket.id, reason }, 'connection ended')
    socket.emit('session.ended', { reason, message })
    socket.disconnect(true)
  }

  /** Announces the end of the token, then ends the connection with it. */
  #watchExpiry(socket: SangamSocket): void {
    const { now } = this.#options
    const { expiresAtMs } = socket.data.session
    this.#cancelExpiry.get(socket.id)?.()
    const warnAtMs = expiresAtMs - Math.min(warnBeforeMs, Math.max(0, expiresAtMs - now()) / 2)
    const cancelWarning = runAt(warnAtMs, now, () =>
      socket.emit('token.expiring', { expiresAt: expiresAtMs }),
    )
    const cancelEnd = runAt(expiresAtMs, now, () =>
      this.#end(socket, 'tokenExpired', 'The token has expired.'),
    )
    this.#cancelExpiry.set(socket.id, () => {
      cancelWarning()
      cancelEnd()
    })
  }
}
