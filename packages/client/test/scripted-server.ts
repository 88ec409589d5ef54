import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Ack, ClientEventName, WireError } from '@sangam/protocol'
import { Server, type Socket } from 'socket.io'

/** What the client sent as `auth`. */
export interface Auth {
  readonly token: string
  readonly protocolVersion: number
  readonly deviceId: string
}

type Answer = Ack<unknown> | 'silence' | 'drop'

/** A server that speaks the handshake and answers requests as the test says; it can go away and come back. */
export class ScriptedServer implements AsyncDisposable {
  /** Refuses a handshake, or lets it in. */
  admit: (auth: Auth) => WireError | undefined = () => undefined
  /** Answers a request. */
  answer: (event: ClientEventName, payload: unknown) => Answer = () => ({ ok: true, value: {} })
  /** Sent right after the greeting. */
  greetWith: readonly (readonly [event: string, payload: unknown])[] = []
  /** Sent right behind each answer. */
  answerFollowedBy: readonly [event: string, payload: unknown] | undefined
  readonly handshakes: Auth[] = []
  readonly requests: { readonly event: ClientEventName; readonly payload: unknown }[] = []
  #http: HttpServer | undefined
  #io: Server | undefined
  #port = 0
  #waiting: (() => void)[] = []

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    this.#http = createServer()
    this.#io = new Server(this.#http)
    this.#io.use((socket, next) => {
      const auth = socket.handshake.auth as Auth
      this.handshakes.push(auth)
      const refusal = this.admit(auth)
      next(refusal && Object.assign(new Error(refusal.message), { data: refusal }))
    })
    this.#io.on('connection', (socket) => this.#greet(socket))
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#http.listen(this.#port, '127.0.0.1', resolve)
    await promise
    this.#port = (this.#http.address() as AddressInfo).port
  }

  /** Breaks every connection and listens no more. */
  async stop(): Promise<void> {
    await this.#io?.close()
  }

  /** Breaks every connection, and takes new ones. */
  drop(): void {
    this.#io?.disconnectSockets(true)
  }

  send(event: string, payload: unknown): void {
    this.#io?.emit(event, payload)
  }

  /** Resolves once `count` requests of this name came, all told. */
  async requested(event: ClientEventName, count = 1): Promise<void> {
    while (this.requests.filter((one) => one.event === event).length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #greet(socket: Socket): void {
    const { deviceId } = socket.handshake.auth as Auth
    const now = Date.now()
    socket.onAny((event: ClientEventName, payload: unknown, done: (ack: unknown) => void) => {
      const answer = this.answer(event, payload)
      this.requests.push({ event, payload })
      for (const resolve of this.#waiting.splice(0)) resolve()
      if (answer === 'drop') socket.disconnect(true)
      else if (answer !== 'silence') done(answer)
      if (this.answerFollowedBy) socket.emit(...this.answerFollowedBy)
    })
    socket.emit('session.ready', {
      identity: 'asha',
      name: 'Asha',
      deviceId,
      expiresAt: now + 600_000,
      serverTime: now,
    })
    for (const [event, payload] of this.greetWith) socket.emit(event, payload)
  }
}
