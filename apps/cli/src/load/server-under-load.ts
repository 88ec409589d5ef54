import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { operatorAccess } from '@sangam/server'

const CLI = join(import.meta.dirname, '../main.ts')
const COLLECT_GARBAGE = pathToFileURL(join(import.meta.dirname, 'collect-garbage.ts')).href

/** One media worker at a moment, from `/metrics` and `/proc`. */
export interface WorkerSample {
  readonly pid: number
  readonly participants: number
  readonly cpuSeconds: number
  /** Resident memory, bytes. */
  readonly rssBytes: number
  readonly sentPackets: number
  readonly sentBytes: number
  readonly receivedPackets: number
}

/** Counters of a moment, from `/metrics` and `/proc`. */
export interface ServerSample {
  readonly workers: readonly WorkerSample[]
  /** Of all workers. */
  readonly sentPackets: number
  readonly sentBytes: number
  readonly receivedPackets: number
  readonly workerCpuSeconds: number
  readonly serverCpuSeconds: number
  /** Resident memory of the server's own process, and of all, bytes. */
  readonly serverRssBytes: number
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
      NODE_OPTIONS: `--expose-gc --import=${COLLECT_GARBAGE}`,
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

  /** Drains a media worker, as an operator does. */
  async drain(index: number): Promise<void> {
    const { token } = await operatorAccess({ DATA_DIR: join(this.#folder, 'data') })
    const response = await fetch(`${this.url}/api/v1/operator/workers/${index}/drain`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    })
    if (!response.ok) throw new Error(`draining was answered with ${response.status}`)
  }

  async sample(): Promise<ServerSample> {
    const text = await this.#metrics()
    const sum = (name: string, label = /()/): number =>
      valuesOf(text, name, label).reduce((total, { value }) => total + value, 0)
    const participants = valuesOf(text, 'media_worker_participants', /worker="(\d+)"/)
    const workers = valuesOf(text, 'media_worker_cpu_seconds', /pid="(\d+)"/).map(
      ({ label, value }, index) => {
        const count = (name: string): number =>
          sum('media_packets', new RegExp(`pid="${label}",count="(${name})"`))
        return {
          pid: Number(label),
          participants: participants[index]?.value ?? 0,
          cpuSeconds: value,
          rssBytes: rssOf(Number(label)),
          sentPackets: count('sentPackets'),
          sentBytes: count('sentBytes'),
          receivedPackets: count('receivedPackets'),
        }
      },
    )
    const total = (pick: (worker: WorkerSample) => number): number =>
      workers.reduce((all, worker) => all + pick(worker), 0)
    const serverRssBytes = rssOf(this.#child?.pid ?? 0)
    return {
      workers,
      sentPackets: total(({ sentPackets }) => sentPackets),
      sentBytes: total(({ sentBytes }) => sentBytes),
      receivedPackets: total(({ receivedPackets }) => receivedPackets),
      workerCpuSeconds: total(({ cpuSeconds }) => cpuSeconds),
      serverCpuSeconds: sum('process_process_cpu_seconds_total'),
      serverRssBytes,
      rssBytes: serverRssBytes + total(({ rssBytes }) => rssBytes),
      participants: sum('participants'),
      transports: sum('transports'),
      producers: sum('producers'),
      consumers: sum('consumers'),
      pipes: sum('media_pipes'),
    }
  }

  /** Has the server and its workers give back what nobody holds any more. @returns once they did */
  async collectGarbage(): Promise<void> {
    const pids = [this.#child?.pid ?? 0, ...(await this.workerPids())]
    for (const pid of pids) if (pid > 0) process.kill(pid, 'SIGUSR2')
    // Each answers after its collection: twice, as the first question may have been read before the signal.
    for (let i = 0; i < 2; i++) await this.#metrics()
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
