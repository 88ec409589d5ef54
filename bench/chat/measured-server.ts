import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Socket } from 'socket.io-client'
import { findFreePorts } from '../../test/harness/free-ports.ts'
import { connectClients } from './connect-client.ts'
import type { MeasuredServerNotice, MeasuredServerOptions } from './server-entry.ts'

/** How a measured server is started. */
export interface StartOptions {
  /** Environment on top of this process's. */
  readonly env?: Readonly<Record<string, string>>
  /** Fills the database before the server opens it. */
  readonly prepare?: (databasePath: string) => void
  /** Lets it collect garbage before its memory is read. */
  readonly exposeGc?: boolean
}

/** A server in a process of its own, with clients in this one. Use it with `await using`. */
export class MeasuredServer implements AsyncDisposable {
  readonly kind: MeasuredServerOptions['kind']
  readonly port: number
  readonly #folder: string
  readonly #child: ChildProcess
  readonly #sockets: Socket[] = []

  private constructor(
    kind: MeasuredServerOptions['kind'],
    port: number,
    folder: string,
    { env, exposeGc }: StartOptions,
  ) {
    this.kind = kind
    this.port = port
    this.#folder = folder
    const options: MeasuredServerOptions = { kind, port, dataDir: join(folder, 'data') }
    this.#child = fork(new URL('./server-entry.ts', import.meta.url), [JSON.stringify(options)], {
      execArgv: exposeGc === true ? ['--expose-gc'] : [],
      env: { ...process.env, ...env },
    })
  }

  /** Starts one; resolves when it listens. */
  static async start(
    kind: MeasuredServerOptions['kind'],
    options: StartOptions = {},
  ): Promise<MeasuredServer> {
    const folder = mkdtempSync(join(tmpdir(), 'sangam-bench-'))
    mkdirSync(join(folder, 'data'))
    options.prepare?.(join(folder, 'data', 'sangam.db'))
    const server = new MeasuredServer(kind, await findFreePorts(1), folder, options)
    await server.#notice()
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** CPU time that the process has used, all threads, seconds. */
  async cpuSeconds(): Promise<number> {
    return (await this.#usage()).cpuUs / 1e6
  }

  /** Memory that the process has resident, and what of it is in use after a collection of garbage, bytes. */
  async memory(): Promise<{ readonly residentBytes: number; readonly liveBytes: number }> {
    return this.#usage()
  }

  async #usage(): Promise<Extract<MeasuredServerNotice, { type: 'usage' }>> {
    const notice = this.#notice()
    this.#child.send({})
    const answer = await notice
    if (answer.type !== 'usage') throw new Error('the measured server gave no account')
    return answer
  }

  /** Connects clients, each a person of its own. */
  async connect(count: number): Promise<Socket[]> {
    const sockets = await connectClients(this.url, this.kind, count)
    this.#sockets.push(...sockets)
    return sockets
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.disconnect()
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #notice(): Promise<MeasuredServerNotice> {
    const [notice] = (await once(this.#child, 'message')) as [MeasuredServerNotice]
    return notice
  }
}
