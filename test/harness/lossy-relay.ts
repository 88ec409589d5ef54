import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { AddressInfo } from 'node:net'

/** RTP and RTCP by their first byte, RTCP by its second (RFC 7983, RFC 5761 section 4). */
function isRtp(datagram: Buffer): boolean {
  const [first = 0, second = 0] = datagram
  return first >= 128 && first <= 191 && (second < 192 || second > 223)
}

/**
 * A UDP relay on the loopback interface between one browser and a media engine that loses some of the RTP packets on
 * their way to the browser, or everything while it is cut. Give the browser its port in place of the engine's.
 */
export class LossyRelay {
  readonly port: number
  #lost = 0
  #seed: number
  readonly #front: Socket
  readonly #back: Socket
  #browser: RemoteInfo | undefined
  #cut = false

  private constructor(front: Socket, back: Socket, enginePort: number, loss: number, seed: number) {
    this.#front = front
    this.#back = back
    this.#seed = seed
    this.port = (front.address() as AddressInfo).port
    front.on('message', (datagram, from) => {
      this.#browser = from
      if (!this.#cut) back.send(datagram, enginePort, '127.0.0.1')
    })
    back.on('message', (datagram) => {
      if (this.#browser === undefined || this.#cut) return
      if (isRtp(datagram) && this.#random() < loss) this.#lost++
      else front.send(datagram, this.#browser.port, this.#browser.address)
    })
  }

  /** @param loss share of RTP packets that is lost, 0 to 1 */
  static async open(enginePort: number, loss: number, seed = 1): Promise<LossyRelay> {
    const sockets = [createSocket('udp4'), createSocket('udp4')] as const
    for (const socket of sockets) {
      const { promise, resolve } = Promise.withResolvers<void>()
      socket.bind(0, '127.0.0.1', resolve)
      await promise
    }
    return new LossyRelay(sockets[0], sockets[1], enginePort, loss, seed)
  }

  /** Packets lost so far. */
  get lost(): number {
    return this.#lost
  }

  /** Loses everything, both ways, until `mend()`. */
  cut(): void {
    this.#cut = true
  }

  mend(): void {
    this.#cut = false
  }

  close(): void {
    this.#front.close()
    this.#back.close()
  }

  /** A linear congruential generator: the same seed loses the same packets. */
  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) & 0x7fffffff
    return this.#seed / 0x80000000
  }
}
