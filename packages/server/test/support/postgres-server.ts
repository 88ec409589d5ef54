import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'

const run = promisify(execFile)
const debianVersions = '/usr/lib/postgresql'

/** Folder with `initdb` and `postgres`: POSTGRES_BIN, or Debian's newest. Undefined when there is none. */
export const findPostgresBinaries = (): string | undefined => {
  const versions = existsSync(debianVersions)
    ? readdirSync(debianVersions)
        .map(Number)
        .sort((a, b) => b - a)
    : []
  return [
    process.env.POSTGRES_BIN ?? '',
    ...versions.map((version) => join(debianVersions, String(version), 'bin')),
  ]
    .filter((folder) => folder !== '')
    .find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

/** PostgreSQL does not run as root: there it runs as the user that Debian's package makes. */
const serverUser = async (): Promise<{ uid: number; gid: number } | undefined> => {
  if (process.getuid?.() !== 0) return undefined
  const numberOf = async (flag: string): Promise<number> =>
    Number((await run('id', [flag, 'postgres'])).stdout)
  return { uid: await numberOf('-u'), gid: await numberOf('-g') }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('the system gave no port')
  return address.port
}

const startTimeoutMs = 30_000

/** A PostgreSQL server of the test's own: in a temporary folder, on a free port of 127.0.0.1, with fsync on. */
export class PostgresServer {
  readonly #folder: string
  readonly #port: number
  readonly #process: ChildProcess
  #databases = 0

  private constructor(folder: string, port: number, child: ChildProcess) {
    this.#folder = folder
    this.#port = port
    this.#process = child
  }

  /** @throws Error with the server's output when it does not start */
  static async start(binaries: string): Promise<PostgresServer> {
    const user = await serverUser()
    const folder = mkdtempSync(join(tmpdir(), 'sangam-postgres-'))
    if (user !== undefined) chownSync(folder, user.uid, user.gid)
    const data = join(folder, 'data')
    const environment = { cwd: folder, ...user, env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } }
    await run(
      join(binaries, 'initdb'),
      ['-D', data, '-U', 'sangam', '-A', 'trust', '-E', 'UTF8'],
      environment,
    )
    const port = await freePort()
    const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'fsync=on']
    const child = spawn(
      join(binaries, 'postgres'),
      ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      { ...environment, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    process.once('exit', () => child.kill('SIGQUIT'))
    const server = new PostgresServer(folder, port, child)
    try {
      await server.#ready()
      return server
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  /** Creates an empty database. @returns its URL */
  async createDatabase(): Promise<string> {
    this.#databases += 1
    const name = `test_${this.#databases}`
    await this.#administer(`CREATE DATABASE ${name}`)
    return this.#url(name)
  }

  /** Breaks every connection to a database, as a failing network does. */
  async breakConnections(databaseUrl: string): Promise<void> {
    const name = new URL(databaseUrl).pathname.slice(1)
    await this.#administer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)
  }

  /** Ends the server at once ("immediate" shutdown: nobody needs its data any more) and removes its data. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit')
      this.#process.kill('SIGQUIT')
      await ended
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #url(database: string): string {
    return `postgres://sangam@127.0.0.1:${this.#port}/${database}`
  }

  async #administer(sql: string): Promise<void> {
    const client = new Client(this.#url('postgres'))
    await client.connect()
    await client.query(sql).finally(() => client.end())
  }

  /** PostgreSQL says in its log when it takes connections. */
  #ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      let log = ''
      const timer = setTimeout(() => reject(new Error(`PostgreSQL did not start:\n${log}`)), startTimeoutMs)
      this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
        log += text
        if (!log.includes('ready to accept connections')) return
        clearTimeout(timer)
        resolve()
      })
      this.#process.once('exit', () => {
        clearTimeout(timer)
        reject(new Error(`PostgreSQL ended before it served:\n${log}`))
      })
    })
  }
}
