import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { AddressInfo } from 'node:net'
import { SeededRandom } from '../network/random.ts'

/** What a relayed path is like, the same both ways. */
export interface PathOptions {
  /** Bits per second; what does not fit waits in the queue. */
  rateBps: number
  /** One way, milliseconds. */
  readonly delayMs: number
  /** Share of packets that is lost, 0 to 1. */
  readonly loss: number
  /** What the queue holds at most, in milliseconds at the present rate; more is dropped. */
  readonly queueMs: number
  readonly seed: number
}

/** Bytes of UDP and IPv4 around a datagram. */
const OVERHEAD_BYTES = 28

/** One direction: a queue that empties at the path's rate, then the delay. What goes in first comes out first. */
class Way {
  dropped = 0
  readonly #path: PathOptions
  readonly #random: SeededRandom
  readonly #deliver: (datagram: Buffer) => void
  readonly #underWay: { readonly datagram: Buffer; readonly dueMs: number }[] = []
  #timer: NodeJS.Timeout | undefined
  /** When the queue will be empty. */
  #freeMs = 0

  constructor(path: PathOptions, seed: number, deliver: (datagram: Buffer) => void) {
    this.#path = path
    this.#random = new SeededRandom(seed)
    this.#deliver = deliver
  }

  send(datagram: Buffer): void {
    const { rateBps, delayMs, loss, queueMs } = this.#path
    const nowMs = performance.now()
    const startMs = Math.max(nowMs, this.#freeMs)
    if (this.#random.uniform() < loss || startMs - nowMs > queueMs) {
      this.dropped++
      return
    }
    this.#freeMs = startMs + ((datagram.length + OVERHEAD_BYTES) * 8000) / rateBps
    this.#underWay.push({ datagram, dueMs: this.#freeMs + delayMs })
    if (this.#timer === undefined) this.#wait(nowMs)
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #wait(nowMs: number): void {
    const [first] = this.#underWay
    this.#timer =
      first === undefined ? undefined : setTimeout(() => this.#arrive(), Math.max(0, first.dueMs - nowMs))
  }

  /** Timers are whole milliseconds: what is due within one arrives now. */
  #arrive(): void {
    const nowMs = performance.now()
    const isWaiting = ({ dueMs }: { readonly dueMs: number }): boolean => dueMs > nowMs + 0.5
    const waiting = this.#underWay.findIndex(isWaiting)
    for (const { datagram } of this.#underWay.splice(0, waiting < 0 ? this.#underWay.length : waiting))
      this.#deliver(datagram)
    this.#wait(nowMs)
  }
}

/** A UDP relay on the loopback interface with the rate, delay, loss and queue of a real path. Its rate may change on the way. */
export class NetworkRelay {
  readonly port: number
  readonly #path: PathOptions
  readonly #front: Socket
  readonly #back: Socket
  readonly #up: Way
  readonly #down: Way
  #client: RemoteInfo | undefined

  private constructor(front: Socket, back: Socket, serverPort: number, path: PathOptions) {
    this.#path = path
    this.#front = front
    this.#back = back
    this.port = (front.address() as AddressInfo).port
    this.#up = new Way(path, path.seed, (datagram) => back.send(datagram, serverPort, '127.0.0.1'))
    this.#down = new Way(path, path.seed + 1, (datagram) => {
      if (this.#client !== undefined) front.send(datagram, this.#client.port, this.#client.address)
    })
    front.on('message', (datagram, from) => {
      this.#client = from
      this.#up.send(datagram)
    })
    back.on('message', (datagram) => this.#down.send(datagram))
  }

  static async open(serverPort: number, path: PathOptions): Promise<NetworkRelay> {
    const sockets = [createSocket('udp4'), createSocket('udp4')] as const
    for (const socket of sockets) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      socket.once('error', reject)
      socket.bind(0, '127.0.0.1', resolve)
      await promise
    }
    return new NetworkRelay(sockets[0], sockets[1], serverPort, { ...path })
  }

  /** Packets lost or dropped so far, both ways. */
  get dropped(): number {
    return this.#up.dropped + this.#down.dropped
  }

  get rateBps(): number {
    return this.#path.rateBps
  }

  set rateBps(rateBps: number) {
    this.#path.rateBps = rateBps
  }

  close(): void {
    this.#up.close()
    this.#down.close()
    this.#front.close()
    this.#back.close()
  }
}
