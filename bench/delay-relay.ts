import { createSocket, type Socket } from 'node:dgram'
import type { AddressInfo } from 'node:net'
import { SeededRandom } from '@sangam/testkit/network'

const TICK_MS = 1

interface Waiting {
  readonly atMs: number
  readonly datagram: Buffer
  readonly socket: Socket
  readonly port: number
}

/** A UDP relay on the loopback interface between two ports: each datagram arrives later by the same time, or never. */
export class DelayRelay {
  /** Where the one and the other send to. */
  readonly ports: readonly [number, number]
  readonly #sockets: readonly [Socket, Socket]
  readonly #timer: NodeJS.Timeout
  /** In the order of their time, since all wait for the same. */
  readonly #waiting: Waiting[] = []
  readonly #random = new SeededRandom(42)

  private constructor(sockets: readonly [Socket, Socket], delayMs: number, lossShare: number) {
    this.#sockets = sockets
    this.ports = [portOf(sockets[0]), portOf(sockets[1])]
    this.#timer = setInterval(() => this.#deliver(), TICK_MS)
    this.#receive(sockets[0], sockets[1], 1, delayMs, lossShare)
    this.#receive(sockets[1], sockets[0], 0, delayMs, lossShare)
  }

  static async open(delayMs: number, lossShare: number): Promise<DelayRelay> {
    const sockets = [createSocket('udp4'), createSocket('udp4')] as const
    for (const socket of sockets) {
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
      for (const set of ['setRecvBufferSize', 'setSendBufferSize'] as const) socket[set](4_000_000)
    }
    return new DelayRelay(sockets, delayMs, lossShare)
  }

  #peers: readonly [number, number] = [0, 0]

  /** Tells where the two are. */
  join(one: number, other: number): void {
    this.#peers = [one, other]
  }

  close(): void {
    clearInterval(this.#timer)
    for (const socket of this.#sockets) socket.close()
  }

  #receive(from: Socket, to: Socket, peer: 0 | 1, delayMs: number, lossShare: number): void {
    from.on('message', (datagram) => {
      if (this.#random.uniform() < lossShare) return
      this.#waiting.push({
        atMs: performance.now() + delayMs,
        datagram,
        socket: to,
        port: this.#peers[peer],
      })
    })
  }

  #deliver(): void {
    const nowMs = performance.now()
    let count = 0
    for (const { atMs, datagram, socket, port } of this.#waiting) {
      if (atMs > nowMs) break
      socket.send(datagram, port, '127.0.0.1')
      count++
    }
    this.#waiting.splice(0, count)
  }
}

function portOf(socket: Socket): number {
  return (socket.address() as AddressInfo).port
}
