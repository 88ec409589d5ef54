import {
  type Ack,
  type ClientEventName,
  clientEvents,
  type GuestToken,
  type PayloadOf,
  PROTOCOL_VERSION,
  type ReplyOf,
  type RequestOf,
  type ServerEventName,
  serverEvents,
  type WireError,
  wireErrorSchema,
} from '@sangam/protocol'
import { io, type Socket } from 'socket.io-client'

type Arrived = { readonly event: string; readonly payload: unknown }
type Waiting = {
  readonly event: string
  readonly passes: (payload: never) => boolean
  readonly resolve: (payload: never) => void
}

/** A connection that speaks the protocol and holds the server to it: every reply and notice must fit its schema. */
export class TestClient {
  readonly socket: Socket
  readonly identity: string
  readonly token: string
  /** What arrived and was not awaited yet. */
  readonly arrived: Arrived[] = []
  /** Notices and replies that do not fit the protocol. */
  readonly violations: string[] = []
  #waiting: Waiting[] = []

  constructor(socket: Socket, identity: string, token: string) {
    this.socket = socket
    this.identity = identity
    this.token = token
    socket.onAny((event: string, payload: unknown) => this.#receive(event, payload))
  }

  /** Sends an event as it should be; gives the value, or throws the typed error. */
  async ask<Name extends ClientEventName>(event: Name, request: RequestOf<Name>): Promise<ReplyOf<Name>> {
    const ack = await this.raw(event, request)
    if (!ack.ok)
      throw Object.assign(new Error(`${event}: ${ack.error.code}: ${ack.error.message}`), ack.error)
    const reply = clientEvents[event].reply.safeParse(ack.value)
    if (!reply.success) this.violations.push(`reply of ${event}: ${reply.error.message}`)
    return ack.value as ReplyOf<Name>
  }

  /** Sends anything and gives the acknowledgement as it came. */
  async raw(event: string, ...payload: unknown[]): Promise<Ack<unknown>> {
    const ack: Ack<unknown> = await this.socket.timeout(10_000).emitWithAck(event, ...payload)
    if (!ack.ok && !wireErrorSchema.safeParse(ack.error).success) this.violations.push(`error of ${event}`)
    return ack
  }

  /** The error that an event is answered with, or undefined. */
  async refusal(event: string, ...payload: unknown[]): Promise<WireError | undefined> {
    const ack = await this.raw(event, ...payload)
    return ack.ok ? undefined : ack.error
  }

  /** The next notice of a name that passes, whether it came already or is to come. */
  next<Name extends ServerEventName>(
    event: Name,
    passes: (payload: PayloadOf<Name>) => boolean = () => true,
  ): Promise<PayloadOf<Name>> {
    const index = this.arrived.findIndex(
      (arrived) => arrived.event === event && passes(arrived.payload as PayloadOf<Name>),
    )
    const [found] = index === -1 ? [] : this.arrived.splice(index, 1)
    if (found !== undefined) return Promise.resolve(found.payload as PayloadOf<Name>)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${event} came`)), 10_000)
      const settle = (payload: PayloadOf<Name>): void => {
        clearTimeout(timer)
        resolve(payload)
      }
      this.#waiting.push({ event, passes, resolve: settle })
    })
  }

  /** Notices of a name that arrived and were not awaited. One round trip makes sure that what was sent has come. */
  async received<Name extends ServerEventName>(event: Name): Promise<PayloadOf<Name>[]> {
    await this.raw('conversation.list', {})
    return this.arrived
      .filter((arrived) => arrived.event === event)
      .map((arrived) => arrived.payload as PayloadOf<Name>)
  }

  /** Ends the connection as a closed page does. */
  close(): void {
    this.socket.disconnect()
  }

  #receive(event: string, payload: unknown): void {
    const definition = Object.hasOwn(serverEvents, event) ? serverEvents[event as ServerEventName] : undefined
    if (definition === undefined || !definition.payload.safeParse(payload).success) {
      this.violations.push(`${event}: ${JSON.stringify(payload)}`)
    }
    const index = this.#waiting.findIndex(
      (waiting) => waiting.event === event && waiting.passes(payload as never),
    )
    const [waiting] = index === -1 ? [] : this.#waiting.splice(index, 1)
    if (waiting === undefined) this.arrived.push({ event, payload })
    else waiting.resolve(payload as never)
  }
}

let nextDevice = 1

/** Connects with a token. Rejects with the refusal's data. */
export const connectWith = (
  url: string,
  token: string,
  auth: { readonly [key: string]: unknown } = {},
): Promise<TestClient> => {
  const socket = io(url, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    auth: {
      token,
      protocolVersion: PROTOCOL_VERSION,
      client: 'test',
      deviceId: `device-${nextDevice++}`,
      ...auth,
    },
  })
  return new Promise((resolve, reject) => {
    // Listening begins before the first notice can come.
    const client = new TestClient(socket, '', token)
    socket.once('connect_error', (error) => reject('data' in error ? error.data : error))
    client
      .next('session.ready')
      .then((ready) => resolve(Object.assign(client, { identity: ready.identity })), reject)
  })
}

/** Gets a guest's token over HTTP. */
export const guestPass = async (url: string, name: string): Promise<GuestToken> => {
  const response = await fetch(`${url}/api/v1/guests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  if (!response.ok) throw new Error(`guest token refused: ${response.status}`)
  return (await response.json()) as GuestToken
}
