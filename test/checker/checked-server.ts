import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { KillPoint } from './plan.ts'
import type { EntryOptions, Notice, Order } from './server-entry.ts'

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** The server under test: one process after another, on one port and one database. */
export class CheckedServer {
  readonly #options: EntryOptions
  #child: ChildProcess | undefined
  #exited: Promise<unknown> = Promise.resolve()

  constructor(options: EntryOptions) {
    this.#options = options
  }

  get port(): number {
    return this.#options.port
  }

  get url(): string {
    return `http://127.0.0.1:${this.#options.port}`
  }

  /** Starts a life; resolves when it listens. @throws Error with its output when it ends first */
  async start(): Promise<void> {
    const child = fork(new URL('./server-entry.ts', import.meta.url), [JSON.stringify(this.#options)], {
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-4000)
      })
    }
    this.#child = child
    running.add(child)
    this.#exited = once(child, 'exit').finally(() => running.delete(child))
    await Promise.race([
      this.#notice(child, 'listening'),
      this.#exited.then(() => {
        throw new Error(`the server ended before it listened:\n${output}`)
      }),
    ])
  }

  /** Resolves when the present life has ended, however it did. */
  get exited(): Promise<unknown> {
    return this.#exited
  }

  /** Ends the present life at a point; see `exited`. Resolves when the process knows of it. */
  async arm(kill: KillPoint, holdAnswers: boolean): Promise<void> {
    await this.#ask({ type: 'arm', kill, holdAnswers }, 'armed')
  }

  /** Moves the server's clock. */
  jumpClock(jumpMs: number): void {
    this.#order({ type: 'clock', jumpMs })
  }

  /** Has the database's files copied when all that was asked is answered. */
  async image(): Promise<void> {
    await this.#ask({ type: 'image' }, 'imaged')
  }

  /** Ends the present life now. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#exited
  }

  /** Gives an order; resolves when it is carried out, or the process has ended. */
  async #ask(order: Order, answer: Notice['type']): Promise<void> {
    const child = this.#child
    if (child === undefined) throw new Error('the server is not running')
    const answered = this.#notice(child, answer)
    this.#order(order)
    await Promise.race([answered, this.#exited])
  }

  #order(order: Order): void {
    // A process that is just ending takes no more orders; its end is what the caller waits for.
    if (this.#child?.connected === true) this.#child.send(order, () => undefined)
  }

  async #notice(child: ChildProcess, type: Notice['type']): Promise<void> {
    for (;;) {
      const [notice] = (await once(child, 'message')) as [Notice]
      if (notice.type === type) return
    }
  }
}
