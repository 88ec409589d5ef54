import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const CLI = join(import.meta.dirname, '../main.ts')

/** Counters of a moment, from `/metrics` and `/proc`. */
export interface ServerSample {
  /** Packets that the media workers sent and received. */
  readonly sentPackets: number
  readonly receivedPackets: number
  /** CPU seconds of the media workers, and of the server process. */
  readonly workerCpuSeconds: number
  readonly serverCpuSeconds: number
  /** Resident memory of the server and its workers, bytes. */
  readonly rssBytes: number
  readonly participants: number
  readonly transports: number
  readonly producers: number
  readonly consumers: number
  readonly pipes: number
}

/** A server in a process of its own, with two media workers, everything in a temporary folder and on loopback. */
export class ServerUnderLoad {
  readonly url: string
  readonly #folder: string
  readonly #env: Readonly<Record<string, string>>
  #child: ChildProcess | undefined

  private constructor(port: number, env: Readonly<Record<string, string>>) {
    this.url = `http://127.0.0.1:${port}`
    this.#folder = mkdtempSync(join(tmpdir(), 'sangam-load-'))
    this.#env = env
  }

  /** @param env settings beside those of a load test @returns when it serves @throws Error when it ends before */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<ServerUnderLoad> {
    const port = await freePort()
    const server = new ServerUnderLoad(port, {
      PORT: String(port),
      HTTPS_PORT: 'off',
      MEDIA_PORT: '0',
      MEDIA_WORKERS: '2',
      RATE_LIMIT_FACTOR: '10000',
      LOG_LEVEL: 'error',
      ...env,
    })
    await server.restart()
    return server
  }

  /** Starts it (again) on the same port and data. @returns when it serves */
  async restart(): Promise<void> {
    const child = spawn(process.execPath, [CLI, 'start'], {
      cwd: this.#folder,
      env: { PATH: process.env.PATH, ...this.#env, DATA_DIR: join(this.#folder, 'data') },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    this.#child = child
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error('the server ended before it served')
      const isServing = await fetch(`${this.url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      )
      if (isServing) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Ends it by a signal. @returns when it is gone */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    child.kill(signal)
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }

  /** Process ids of the media workers that live. */
  async workerPids(): Promise<number[]> {
    return valuesOf(await this.#metrics(), 'media_worker_cpu_seconds', /pid="(\d+)"/).map(({ label }) =>
      Number(label),
    )
  }

  async sample(): Promise<ServerSample> {
    const text = await this.#metrics()
    const cpu = valuesOf(text, 'media_worker_cpu_seconds', /pid="(\d+)"/)
    const sum = (name: string, label = /()/): number =>
      valuesOf(text, name, label).reduce((total, { value }) => total + value, 0)
    const pids = [this.#child?.pid ?? 0, ...cpu.map(({ label }) => Number(label))]
    return {
      sentPackets: sum('media_packets', /count="(sentPackets)"/),
      receivedPackets: sum('media_packets', /count="(receivedPackets)"/),
      workerCpuSeconds: cpu.reduce((total, { value }) => total + value, 0),
      serverCpuSeconds: sum('process_process_cpu_seconds_total'),
      rssBytes: pids.reduce((total, pid) => total + rssOf(pid), 0),
      participants: sum('participants'),
      transports: sum('transports'),
      producers: sum('producers'),
      consumers: sum('consumers'),
      pipes: sum('media_pipes'),
    }
  }

  async dispose(): Promise<void> {
    await this.kill('SIGTERM')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #metrics(): Promise<string> {
    return (await fetch(`${this.url}/metrics`)).text()
  }
}

/** The samples of a metric whose labels match, with the first group of the match. */
const valuesOf = (text: string, name: string, label: RegExp): { label: string; value: number }[] =>
  text.split('\n').flatMap((line) => {
    const [, labels, value] = /^sangam_([^ ]+) ([^ ]+)$/.exec(line) ?? []
    if (labels === undefined || (labels !== name && !labels.startsWith(`${name}{`))) return []
    const match = label.exec(labels)
    return match === null ? [] : [{ label: match[1] ?? '', value: Number(value) }]
  })

const rssOf = (pid: number): number => {
  try {
    return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

const freePort = async (): Promise<number> => {
  const probe = createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  probe.close()
  await once(probe, 'close')
  return port
}
