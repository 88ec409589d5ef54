import {
  type Ack,
  type ClientEventName,
  type ClientToServerEvents,
  type ErrorCode,
  type PayloadOf,
  PROTOCOL_VERSION,
  type ReplyOf,
  type RequestOf,
  type ServerEventName,
  type ServerToClientEvents,
  SOCKET_PATH,
  type WireError,
} from '@sangam/protocol'
import { io, type Socket } from 'socket.io-client'
import type { ConnectionSnapshot, Unsubscribe } from '../api.ts'
import { errorFromWire, errors, isSangamError, type SangamError, toSangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import { WritableStore } from '../store.ts'
import { backoffMs } from './backoff.ts'
import { nextTask } from './next-task.ts'
import type { RequestOptions, Signalling } from './signalling.ts'
import type { TokenSource } from './token-source.ts'

/** What a connection is made of. */
export interface ConnectionConfig {
  readonly origin: string
  readonly tokens: TokenSource
  readonly client: string
  readonly deviceId: string
  readonly requestTimeoutMs: number
  readonly random?: () => number
}

/** How the server greets a connection. */
export type Greeting = PayloadOf<'session.ready'>

type Notices = { [Name in ServerEventName]: [PayloadOf<Name>] }

interface InternalEvents {
  online: []
  closed: [error: SangamError | undefined]
}

/** More waiting requests than this fail with `queueFull`: an application in a loop must not eat the memory. */
const MAX_WAITING_REQUESTS = 500

/** How long one attempt may take until the server's greeting. */
const ATTEMPT_TIMEOUT_MS = 10_000

/** Refusals that no later attempt would change. */
const FATAL_CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'protocolTooOld',
  'invalidMessage',
  'forbidden',
  'guestsDisabled',
])

/**
 * One Socket.IO connection that comes back by itself: exponential pauses with jitter, tokens renewed when the server
 * says that they age, requests that wait while it is away. The pauses are its own rather than Socket.IO's because a
 * refused handshake (expired token, old protocol) must be told apart from a network that is down.
 */
export class Connection implements Signalling {
  readonly state = new WritableStore<ConnectionSnapshot>({ state: 'connecting', attempt: 0 })
  readonly #config: ConnectionConfig
  readonly #socket: Socket<ServerToClientEvents, ClientToServerEvents>
  readonly #notices = new TypedEmitter<Notices>()
  readonly #events = new TypedEmitter<InternalEvents>()
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #attemptTimer: ReturnType<typeof setTimeout> | undefined
  /** This device's clock minus the server's. */
  #clockOffsetMs = 0
  #waiting = 0
  #greeting: Greeting | undefined
  #refusedTokens = 0
  /** What came before anybody could listen: a call may ring right after the greeting. */
  #held: { readonly event: ServerEventName; readonly payload: PayloadOf<ServerEventName> }[] | undefined = []
  readonly #stopWatchingNetwork: Unsubscribe

  constructor(config: ConnectionConfig) {
    this.#config = config
    this.#socket = io(config.origin, {
      path: SOCKET_PATH,
      autoConnect: false,
      reconnection: false,
      forceNew: true,
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
    })
    this.#watchSocket()
    this.#stopWatchingNetwork = this.#watchNetwork()
  }

  get online(): boolean {
    return this.state.get().state === 'online'
  }

  /** The last greeting. */
  get greeting(): Greeting | undefined {
    return this.#greeting
  }

  /**
   * Makes the first connection, retrying for `timeoutMs`. Throws the server's refusal (`protocolTooOld`,
   * `unauthenticated`, `guestsDisabled`…) or `serverUnreachable`; the connection is closed then.
   */
  async open(timeoutMs: number): Promise<Greeting> {
    const greeting = await this.begin(timeoutMs)
    if (greeting !== undefined) return greeting
    const error = errors.serverUnreachable(this.#config.origin, this.state.get().error)
    this.close(error)
    throw error
  }

  /** As `open()`, but a server that can't be reached gives undefined, and the connection goes on trying. */
  async begin(timeoutMs: number): Promise<Greeting | undefined> {
    const opened = Promise.withResolvers<Greeting | undefined>()
    const timer = setTimeout(() => opened.resolve(undefined), timeoutMs)
    const stopOnline = this.#events.on('online', () => opened.resolve(this.#greeting))
    const stopClosed = this.#events.on('closed', (error) => opened.reject(error ?? errors.sessionClosed()))
    void this.#attempt()
    try {
      const greeting = await opened.promise
      if (greeting === undefined) this.state.update((state) => ({ ...state, state: 'reconnecting' }))
      return greeting
    } finally {
      clearTimeout(timer)
      stopOnline()
      stopClosed()
    }
  }

  /** Ends it for good; requests that wait fail with `sessionClosed`. */
  close(error?: SangamError): void {
    if (this.state.get().state === 'closed') return
    clearTimeout(this.#retryTimer)
    clearTimeout(this.#attemptTimer)
    this.#stopWatchingNetwork()
    this.state.set({ state: 'closed', attempt: 0, ...(error === undefined ? {} : { error }) })
    this.#socket.disconnect()
    this.#events.emit('closed', error)
    this.#events.removeAll()
    this.#notices.removeAll()
  }

  onClosed(listener: (error: SangamError | undefined) => void): Unsubscribe {
    return this.#events.on('closed', listener)
  }

  onOnline(listener: () => void): Unsubscribe {
    return this.#events.on('online', listener)
  }

  on<Name extends ServerEventName>(event: Name, listener: (payload: PayloadOf<Name>) => void): Unsubscribe {
    return this.#notices.on(event, listener as (...args: Notices[Name]) => void)
  }

  async request<Name extends ClientEventName>(
    event: Name,
    payload: RequestOf<Name>,
    options: RequestOptions = {},
  ): Promise<ReplyOf<Name>> {
    const timeoutMs = options.timeoutMs ?? this.#config.requestTimeoutMs
    const deadlineMs = performance.now() + timeoutMs
    for (;;) {
      if (!this.online) {
        if (options.offline === 'fail') throw errors.offline(event)
        await this.#untilOnline(event, deadlineMs, timeoutMs)
      }
      const ack = await this.#emit(event, payload, deadlineMs - performance.now())
      if (ack === 'timedOut') throw errors.requestTimeout(event, timeoutMs)
      if (ack !== 'lost') {
        if (ack.ok) return ack.value
        throw errorFromWire(ack.error)
      }
      if (this.state.get().state === 'closed') throw errors.sessionClosed()
      if (!options.idempotent) throw errors.offline(event)
    }
  }

  /** Sends once; without an answer the connection broke (`lost`) or time ran out on a living one. */
  #emit<Name extends ClientEventName>(
    event: Name,
    payload: RequestOf<Name>,
    timeoutMs: number,
  ): Promise<Ack<ReplyOf<Name>> | 'lost' | 'timedOut'> {
    return new Promise((resolve) => {
      const socket = this.#socket.timeout(Math.max(1, timeoutMs)) as unknown as {
        emit(name: string, data: unknown, done: (error: unknown, ack: Ack<ReplyOf<Name>>) => void): void
      }
      socket.emit(event, payload, (error, ack) => {
        this.#holdForFollowers()
        if (error) resolve(this.#socket.connected ? 'timedOut' : 'lost')
        else resolve(ack)
      })
    })
  }

  #untilOnline(event: string, deadlineMs: number, timeoutMs: number): Promise<void> {
    if (this.state.get().state === 'closed') return Promise.reject(errors.sessionClosed())
    if (this.#waiting >= MAX_WAITING_REQUESTS) return Promise.reject(errors.queueFull(MAX_WAITING_REQUESTS))
    this.#waiting += 1
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(
      () => reject(errors.requestTimeout(event, timeoutMs)),
      Math.max(0, deadlineMs - performance.now()),
    )
    const stopOnline = this.#events.on('online', resolve)
    const stopClosed = this.#events.on('closed', () => reject(errors.sessionClosed()))
    return promise.finally(() => {
      this.#waiting -= 1
      clearTimeout(timer)
      stopOnline()
      stopClosed()
    })
  }

  #watchSocket(): void {
    this.#socket.onAny((event: ServerEventName, payload: PayloadOf<ServerEventName>) => {
      this.#handleNotice(event, payload)
    })
    this.#socket.on('connect_error', (error) => {
      const refusal = (error as Error & { data?: WireError }).data
      if (typeof refusal?.code === 'string') this.#handleRefusal(errorFromWire(refusal))
      else this.#scheduleAttempt(errors.serverUnreachable(this.#config.origin, error))
    })
    this.#socket.on('disconnect', () => {
      if (this.state.get().state === 'closed') return
      this.#scheduleAttempt(errors.offline('the server'))
    })
  }

  #handleNotice(event: ServerEventName, payload: PayloadOf<ServerEventName>): void {
    if (event === 'session.ready') this.#handleGreeting(payload as Greeting)
    if (event === 'token.expiring') void this.#renewToken()
    if (event === 'session.ended') this.#handleEnd(payload as PayloadOf<'session.ended'>)
    if (this.#held) this.#held.push({ event, payload })
    else this.#notices.emit(event, ...([payload] as Notices[typeof event]))
  }

  #handleEnd({ reason }: PayloadOf<'session.ended'>): void {
    if (reason === 'tokenExpired') this.#config.tokens.invalidate()
    if (reason === 'erased') this.close(errors.erased())
  }

  /**
   * Several packets may be handed over in one turn. An event that stands behind an answer is newer than the answer:
   * whoever awaits that must run first.
   */
  #holdForFollowers(): void {
    if (this.#held) return
    this.#held = []
    nextTask(() => this.release())
  }

  /** Lets the events through to the listeners, those that were held first. */
  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const { event, payload } of held) this.#notices.emit(event, ...([payload] as Notices[typeof event]))
  }

  #handleGreeting(greeting: Greeting): void {
    this.#greeting = greeting
    this.#refusedTokens = 0
    clearTimeout(this.#attemptTimer)
    this.#clockOffsetMs = Date.now() - greeting.serverTime
    this.#config.tokens.noteExpiry(greeting.expiresAt + this.#clockOffsetMs)
    this.state.set({ state: 'online', attempt: 0 })
    this.#events.emit('online')
  }

  #handleRefusal(error: SangamError): void {
    if (FATAL_CODES.has(error.code)) {
      this.close(error)
      return
    }
    if (isSangamError(error, 'unauthenticated', 'tokenExpired')) {
      this.#config.tokens.invalidate()
      this.#refusedTokens += 1
      // A fresh token that is refused as well will not get better.
      if (this.#refusedTokens > 1 && error.code === 'unauthenticated') {
        this.close(error)
        return
      }
    }
    this.#scheduleAttempt(error)
  }

  #scheduleAttempt(error: SangamError): void {
    const { state, attempt } = this.state.get()
    if (state === 'closed') return
    const random = (this.#config.random ?? Math.random)()
    const pauseMs = Math.max(error.retryAfterMs ?? 0, backoffMs(attempt, random))
    this.state.set({
      state: state === 'connecting' ? 'connecting' : 'reconnecting',
      attempt: attempt + 1,
      error,
    })
    clearTimeout(this.#retryTimer)
    clearTimeout(this.#attemptTimer)
    this.#retryTimer = setTimeout(() => void this.#attempt(), pauseMs)
  }

  async #attempt(): Promise<void> {
    clearTimeout(this.#retryTimer)
    this.#retryTimer = undefined
    let token: string
    try {
      token = await this.#config.tokens.current()
    } catch (caught) {
      const error = toSangamError(caught, (cause) => errors.serverUnreachable(this.#config.origin, cause))
      if (FATAL_CODES.has(error.code) || error.code === 'unauthenticated') this.close(error)
      else this.#scheduleAttempt(error)
      return
    }
    if (this.state.get().state === 'closed' || this.#socket.connected) return
    const { client, deviceId } = this.#config
    this.#socket.auth = { token, protocolVersion: PROTOCOL_VERSION, client, deviceId }
    this.#socket.connect()
    clearTimeout(this.#attemptTimer)
    this.#attemptTimer = setTimeout(() => {
      // Connected to something that never greets, or stuck on the way there.
      this.#socket.disconnect()
      this.#scheduleAttempt(errors.serverUnreachable(this.#config.origin))
    }, ATTEMPT_TIMEOUT_MS)
  }

  async #renewToken(): Promise<void> {
    try {
      const token = await this.#config.tokens.renew()
      const { expiresAt } = await this.request('token.renew', { token }, { idempotent: true })
      this.#config.tokens.noteExpiry(expiresAt + this.#clockOffsetMs)
    } catch {
      // The server ends the connection when the token expires, and the next attempt asks for a token again.
      this.#config.tokens.invalidate()
    }
  }

  #watchNetwork(): Unsubscribe {
    if (typeof window === 'undefined') return () => {}
    const retryNow = (): void => {
      const { state } = this.state.get()
      if (state === 'reconnecting' && this.#retryTimer !== undefined) void this.#attempt()
    }
    window.addEventListener('online', retryNow)
    return () => window.removeEventListener('online', retryNow)
  }
}
