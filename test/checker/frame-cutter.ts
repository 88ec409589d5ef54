import { connect, createServer, type Server, type Socket } from 'node:net'
import { findFreePorts } from '../harness/free-ports.ts'
import { FrameBoundaries } from './frame-boundaries.ts'

/**
 * A TCP proxy on loopback that cuts WebSocket connections between two frames: the first connection after its first frame,
 * the next one after its second, and so on up to `cuts`; the frames of both directions count. Later ones are let be.
 */
export class FrameCutter implements AsyncDisposable {
  readonly url: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #targetPort: number
  readonly #cuts: number
  #connections = 0
  #cutsDone = 0

  private constructor(port: number, targetPort: number, cuts: number) {
    this.url = `http://127.0.0.1:${port}`
    this.#targetPort = targetPort
    this.#cuts = cuts
    this.#server = createServer((near) => this.#join(near))
  }

  static async start(targetPort: number, cuts: number): Promise<FrameCutter> {
    const port = await findFreePorts(1)
    const cutter = new FrameCutter(port, targetPort, cuts)
    await new Promise<void>((resolve) => cutter.#server.listen(port, '127.0.0.1', resolve))
    return cutter
  }

  /** How many connections were cut. */
  get cutsDone(): number {
    return this.#cutsDone
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(near: Socket): void {
    const far = connect(this.#targetPort, '127.0.0.1')
    this.#connections += 1
    let left = this.#connections <= this.#cuts ? this.#connections : Number.POSITIVE_INFINITY
    const cut = (): void => {
      this.#cutsDone += 1
      near.destroy()
      far.destroy()
    }
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      const boundaries = new FrameBoundaries()
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => undefined)
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      from.on('data', (chunk: Buffer) => {
        if (left === 0) return
        const ends = boundaries.endsIn(chunk)
        const last = ends[left - 1]
        left -= Math.min(left, ends.length)
        if (last !== undefined) to.write(chunk.subarray(0, last), cut)
        else if (!to.write(chunk)) {
          from.pause()
          to.once('drain', () => from.resume())
        }
      })
    }
  }
}
