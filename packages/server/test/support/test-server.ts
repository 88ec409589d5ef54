import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect } from 'vitest'
import { createServer, type Sangam, type ServerOptions, type TokenRequest } from '../../src/index.ts'
import { FakeEngine } from './fake-engine.ts'
import { connectWith, guestPass, type TestClient } from './test-client.ts'

/** A server of its own on free ports, with its data folder, its engine and its clients. */
export type TestServer = {
  readonly sangam: Sangam
  readonly url: string
  readonly dataDir: string
  readonly engine: FakeEngine
  readonly logLines: string[]
  /** Connects a guest of this name. */
  readonly guest: (name: string, auth?: { [key: string]: unknown }) => Promise<TestClient>
  /** Connects with a token of an application. */
  readonly member: (request: TokenRequest, auth?: { [key: string]: unknown }) => Promise<TestClient>
  /** Connects once more with a token. */
  readonly again: (token: string, auth?: { [key: string]: unknown }) => Promise<TestClient>
  /** A metric's value now. */
  readonly metric: (name: string) => Promise<number>
}

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A folder that is removed after the test. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'sangam-test-'))
  cleanups.push(async () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Starts a server that ends after the test, and then checks that it kept to the protocol with every client. */
export const startTestServer = async (options: ServerOptions = {}): Promise<TestServer> => {
  const dataDir = options.dataDir ?? temporaryFolder()
  const engine = new FakeEngine()
  const logLines: string[] = []
  const sangam = await createServer({
    engine,
    env: {},
    configFile: false,
    port: 0,
    httpsPort: 'off',
    mediaPort: 0,
    mediaWorkers: 1,
    rateLimitFactor: 100,
    logDestination: { write: (line) => void logLines.push(line) },
    ...options,
    dataDir,
  })
  const { localUrl: url } = await sangam.listen().then(({ localUrl }) => ({
    localUrl: localUrl.replace('localhost', '127.0.0.1'),
  }))
  const clients: TestClient[] = []
  const keep = (client: TestClient): TestClient => {
    clients.push(client)
    return client
  }
  cleanups.push(async () => {
    for (const client of clients) client.close()
    await sangam.close()
    expect(clients.flatMap((client) => client.violations)).toEqual([])
  })
  return {
    sangam,
    url,
    dataDir,
    engine,
    logLines,
    guest: async (name, auth) => keep(await connectWith(url, (await guestPass(url, name)).token, auth)),
    member: async (request, auth) => keep(await connectWith(url, await sangam.tokens.issue(request), auth)),
    again: async (token, auth) => keep(await connectWith(url, token, auth)),
    metric: async (name) => {
      const text = await (await fetch(`${url}/metrics`)).text()
      return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
    },
  }
}
