import { connect, createServer, type Server, type Socket } from 'node:net'
import { findFreePorts } from '../../test/harness/free-ports.ts'

/** A TCP proxy on loopback whose connections can be cut, and which lets nobody through until it is restored. */
export class CuttableProxy implements AsyncDisposable {
  readonly url: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isCut = false
  #onNext: (() => void) | undefined

  private constructor(port: number, targetPort: number) {
    this.url = `http://127.0.0.1:${port}`
    this.#server = createServer((near) => {
      if (this.#isCut) {
        near.destroy()
        return
      }
      this.#onNext?.()
      const far = connect(targetPort, '127.0.0.1')
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one)
        one.setNoDelay(true)
        one.on('error', () => undefined)
        one.on('close', () => {
          this.#sockets.delete(one)
          other.destroy()
        })
        one.pipe(other)
      }
    })
  }

  static async start(targetPort: number): Promise<CuttableProxy> {
    const port = await findFreePorts(1)
    const proxy = new CuttableProxy(port, targetPort)
    await new Promise<void>((resolve) => proxy.#server.listen(port, '127.0.0.1', resolve))
    return proxy
  }

  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Lets connections through again; resolves when the first one comes. */
  restore(): Promise<void> {
    this.#isCut = false
    return new Promise((resolve) => (this.#onNext = resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
