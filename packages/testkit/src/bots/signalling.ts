import {
  type Ack,
  type ClientEventName,
  type PayloadOf,
  PROTOCOL_VERSION,
  type ReplyOf,
  type RequestOf,
  type ServerEventName,
} from '@sangam/protocol'
import { io, type Socket } from 'socket.io-client'

/** Whom a bot connects as. */
export interface BotIdentity {
  readonly url: string
  readonly token: string
  readonly deviceId: string
}

const REQUEST_TIMEOUT_MS = 20_000

/** Asks a server for a guest's token. @throws Error when it is refused */
export async function guestToken(url: string, name: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/guests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  if (!response.ok) throw new Error(`a guest's token was refused with ${response.status}`)
  return ((await response.json()) as { token: string }).token
}

/** A bot's Socket.IO connection: the real protocol, with its types. */
export class BotSignalling {
  /** Requests sent so far. */
  requests = 0
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  /** @returns once the server said whom it takes the bot for. Reconnects by itself until `close()`. */
  static async connect({ url, token, deviceId }: BotIdentity): Promise<BotSignalling> {
    const socket = io(url, {
      transports: ['websocket'],
      forceNew: true,
      reconnectionDelay: 100,
      reconnectionDelayMax: 500,
      auth: { token, protocolVersion: PROTOCOL_VERSION, client: 'bot', deviceId },
    })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    socket.once('session.ready', () => resolve())
    // Later on a failed attempt is followed by the next one.
    const refuse = (error: Error): void => {
      socket.disconnect()
      reject(error)
    }
    socket.once('connect_error', refuse)
    await promise
    socket.off('connect_error', refuse)
    return new BotSignalling(socket)
  }

  /** @throws Error with the server's code when it refuses */
  async ask<Name extends ClientEventName>(event: Name, request: RequestOf<Name>): Promise<ReplyOf<Name>> {
    this.requests++
    const ack: Ack<unknown> = await this.#socket.timeout(REQUEST_TIMEOUT_MS).emitWithAck(event, request)
    if (!ack.ok) throw new Error(`${event}: ${ack.error.code}: ${ack.error.message}`)
    return ack.value as ReplyOf<Name>
  }

  /** Hears a notice from now on. */
  on<Name extends ServerEventName>(event: Name, listener: (payload: PayloadOf<Name>) => void): void {
    this.#socket.on(event as string, listener as (payload: unknown) => void)
  }

  /** Hears each time that the connection is back. */
  onReturn(listener: () => void): void {
    this.#socket.on('session.ready', () => listener())
  }

  /** Loses the connection without a word, as a network does; `restore()` brings it back. */
  cut(): void {
    this.#socket.io.reconnection(false)
    this.#socket.io.engine.close()
  }

  restore(): void {
    this.#socket.io.reconnection(true)
    this.#socket.connect()
  }

  close(): void {
    this.#socket.disconnect()
  }
}
