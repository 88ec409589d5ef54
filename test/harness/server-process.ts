import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MediaWorkerState, operatorAccess } from '@sangam/server'
import { findServerPorts, type ServerPorts } from './free-ports.ts'

const CLI = join(import.meta.dirname, '../../apps/cli/src/main.ts')
const MEDIA_WORKERS = 1

/** How to start a server. */
export interface ServerProcessOptions {
  /** Further settings as environment variables (docs/operations.md). */
  readonly env?: Readonly<Record<string, string>>
  /** Ports to use; free ones unless told. */
  readonly ports?: ServerPorts
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * The real server, started as a person starts it (`sangam start`) in a process of its own, on free ports, with its data
 * in a temporary folder. Use it with `await using`, or call `dispose()`.
 */
export class ServerProcess implements AsyncDisposable {
  readonly ports: ServerPorts
  /** Holds the data folder; also the working directory, so that no settings file of the checkout applies. */
  readonly folder = mkdtempSync(join(tmpdir(), 'sangam-test-'))
  readonly #env: Readonly<Record<string, string>>
  #child: ChildProcess | undefined
  /** Resolves when the present life and whoever shares its output are gone. */
  #closed: Promise<unknown> = Promise.resolve()
  #log = ''

  private constructor(ports: ServerPorts, env: Readonly<Record<string, string>>) {
    this.ports = ports
    this.#env = env
  }

  /** Starts a server; resolves when it serves. @throws Error with the server's output if it ends first */
  static async start(options: ServerProcessOptions = {}): Promise<ServerProcess> {
    const workers = Number(options.env?.MEDIA_WORKERS ?? MEDIA_WORKERS)
    const ports = options.ports ?? (await findServerPorts(workers))
    const server = new ServerProcess(ports, options.env ?? {})
    try {
      await server.start()
      return server
    } catch (error) {
      await server.dispose()
      throw error
    }
  }

  /** The address for browsers on this machine; a secure context. */
  get url(): string {
    return `http://127.0.0.1:${this.ports.http}`
  }

  /** Everything that the server wrote so far, all its lives together. */
  get log(): string {
    return this.#log
  }

  /** The process id of the present life. @throws Error if none is running */
  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error('the server is not running')
    return pid
  }

  /** Starts it again on the same ports and data; resolves when it serves. */
  async start(): Promise<void> {
    if (this.#child) throw new Error('the server is running already')
    const child = spawn(process.execPath, [CLI, 'start'], {
      cwd: this.folder,
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    running.add(child)
    this.#closed = once(child, 'close').finally(() => running.delete(child))
    try {
      await this.#serving(child)
    } catch (error) {
      await this.kill('SIGKILL')
      throw error
    }
  }

  /**
   * Sends a signal (SIGKILL unless told) and resolves with the exit code, null after a signal, when the process and all
   * its media workers are gone: they hold the same output pipe.
   */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#child
    if (!child) return null
    this.#child = undefined
    child.kill(signal)
    await this.#closed
    return child.exitCode
  }

  /** The body of a path over http, such as /healthz or /metrics. @throws Error on any status but 200 */
  async get(path: string): Promise<string> {
    const response = await fetch(this.url + path)
    if (response.status !== 200) throw new Error(`GET ${path} gave ${response.status}`)
    return response.text()
  }

  /** The media workers, as an operator sees them. */
  workers(): Promise<readonly MediaWorkerState[]> {
    return this.#operate('GET', '')
  }

  /** Drains a media worker, as an operator does. @throws Error on any status but 200 */
  drain(index: number): Promise<readonly MediaWorkerState[]> {
    return this.#operate('POST', `/${index}/drain`)
  }

  async #operate(method: string, path: string): Promise<readonly MediaWorkerState[]> {
    const { token } = await operatorAccess({ DATA_DIR: join(this.folder, 'data') })
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(`${this.url}/api/v1/operator/workers${path}`, { method, headers })
    if (response.status !== 200) throw new Error(`${method} ${path} gave ${response.status}`)
    return ((await response.json()) as { readonly workers: readonly MediaWorkerState[] }).workers
  }

  /** Ends the server and removes its data. */
  async dispose(): Promise<void> {
    await this.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  #environment(): NodeJS.ProcessEnv {
    const { PATH, HOME, TMPDIR } = process.env
    return {
      ...(PATH !== undefined && { PATH }),
      ...(HOME !== undefined && { HOME }),
      ...(TMPDIR !== undefined && { TMPDIR }),
      PORT: String(this.ports.http),
      HTTPS_PORT: String(this.ports.https),
      MEDIA_PORT: String(this.ports.media),
      MEDIA_WORKERS: String(MEDIA_WORKERS),
      DATA_DIR: join(this.folder, 'data'),
      ...this.#env,
    }
  }

  /** Resolves when the banner with the address has come and /healthz agrees; rejects if the process ends first. */
  async #serving(child: ChildProcess): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let life = ''
    const onOutput = (text: string): void => {
      life += text
      this.#log += text
      if (life.includes(`http://localhost:${this.ports.http}`)) resolve()
    }
    child.stdout?.setEncoding('utf8').on('data', onOutput)
    child.stderr?.setEncoding('utf8').on('data', onOutput)
    child.once('error', reject)
    child.once('close', (code) =>
      reject(new Error(`the server ended with ${code} before it served:\n${life}`)),
    )
    await promise
    await this.get('/healthz')
  }
}
