import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { SOCKET_PATH } from '@sangam/protocol'
import WebSocket from 'ws'
import { type Credentials, credentialsFor } from './connect-client.ts'
import type { Kind } from './measuring.ts'

const text = 'x'.repeat(100)

/**
 * A sender that costs little: it speaks Socket.IO's frames (protocol 5 over Engine.IO 4) by itself, so that at a given rate
 * the machine belongs to the server that is measured, and time spent waiting in the client's own queue is small.
 */
export class LightSender {
  readonly #socket: WebSocket
  /** When each message under way was sent, by the number of its acknowledgement, ms. */
  readonly #sentAtMs = new Map<number, number>()
  readonly #onAcknowledged: (latencyMs: number) => void
  readonly #name: string
  #sent = 0
  #refusal: string | undefined
  #settled: (() => void) | undefined

  private constructor(socket: WebSocket, name: string, onAcknowledged: (latencyMs: number) => void) {
    this.#socket = socket
    this.#name = name
    this.#onAcknowledged = onAcknowledged
    socket.on('message', (frame: Buffer) => this.#read(frame.toString('latin1')))
  }

  /** Connects one; resolves when the server has greeted it. */
  static async connect(
    url: string,
    kind: Kind,
    name: string,
    onAcknowledged: (latencyMs: number) => void,
  ): Promise<LightSender> {
    const auth: Credentials = await credentialsFor(url, kind)
    const address = `${url.replace('http', 'ws')}${SOCKET_PATH}/?EIO=4&transport=websocket`
    const socket = new WebSocket(address, { perMessageDeflate: false })
    await once(socket, 'message')
    const { promise: greeted, resolve } = Promise.withResolvers<void>()
    // The greeting may come in one piece with the answer to the handshake.
    socket.on('message', (frame: Buffer) => {
      if (frame.toString('latin1').startsWith('42["session.ready"')) resolve()
    })
    socket.send(`40${JSON.stringify(auth)}`)
    await greeted
    socket.removeAllListeners('message')
    return new LightSender(socket, name, onAcknowledged)
  }

  /** Sends one message. */
  send(): void {
    this.#sent += 1
    this.#sentAtMs.set(this.#sent, performance.now())
    const id = `${this.#name}-${this.#sent}`
    this.#socket.send(
      `42${this.#sent}["conversation.send",{"conversationId":"team","clientMessageId":"${id}","text":"${(performance.timeOrigin + performance.now()).toFixed(3)}     ${text}"}]`,
    )
  }

  /** Resolves when all that was sent is acknowledged. @throws Error when a message was refused */
  async settle(): Promise<void> {
    if (this.#sentAtMs.size > 0) await new Promise<void>((resolve) => (this.#settled = resolve))
    if (this.#refusal !== undefined) throw new Error(`refused: ${this.#refusal}`)
  }

  close(): void {
    this.#socket.terminate()
  }

  #read(frame: string): void {
    if (frame === '2') this.#socket.send('3')
    if (!frame.startsWith('43')) return
    const end = frame.indexOf('[')
    const number = Number(frame.slice(2, end))
    const sentAtMs = this.#sentAtMs.get(number)
    if (sentAtMs === undefined) return
    this.#sentAtMs.delete(number)
    this.#onAcknowledged(performance.now() - sentAtMs)
    if (!frame.startsWith('[{"ok":true', end)) this.#refusal ??= frame
    if (this.#sentAtMs.size === 0) this.#settled?.()
  }
}
