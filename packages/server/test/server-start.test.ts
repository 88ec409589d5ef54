import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { createServer as createNetServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { operationsPage } from '../scripts/operations-page.ts'
import { writePrivateFile } from '../src/config/data-folder.ts'
import { readConfigFile, resolveSettings } from '../src/config/load-settings.ts'
import { createServer, type ServerOptions, StartError, settingDefinitions } from '../src/index.ts'
import { startTestServer, temporaryFolder } from './support/test-server.ts'

const startError = async (options: ServerOptions): Promise<StartError> => {
  try {
    const server = await createServer({
      env: {},
      configFile: false,
      dataDir: temporaryFolder(),
      mediaWorkers: 0,
      httpsPort: 'off',
      port: 0,
      logLevel: 'silent',
      ...options,
    })
    await server.listen().finally(() => server.close())
  } catch (error) {
    if (error instanceof StartError) return error
    throw error
  }
  throw new Error('the server started')
}

describe('settings', () => {
  test('come from options over environment over file over default', () => {
    const file = { path: 'f', values: { port: 1, serverName: 'File', ringSeconds: 3 } }
    const settings = resolveSettings({ options: { port: 3 }, env: { PORT: '2', SERVER_NAME: 'Env' }, file })
    expect([settings.port, settings.serverName, settings.ringSeconds, settings.httpsPort]).toEqual([
      3,
      'Env',
      3,
      3443,
    ])
  })

  test.each([
    ['PORT', 'abc', 'PORT is "abc", but it should be a port from 0 to 65535'],
    ['PORT', '70000', 'PORT is 70000, but it should be a port'],
    [
      'HTTPS_PORT',
      'no',
      'HTTPS_PORT is "no", but it should be a port from 0 to 65535 (0: any free one), or off',
    ],
    ['GUESTS', 'maybe', 'GUESTS is "maybe", but it should be on or off'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL is "loud", but it should be one of silent'],
    ['ICE_SERVERS', '[{]', 'ICE_SERVERS is "[{]", but it should be JSON'],
    ['ALLOWED_ORIGINS', 'example.com', 'ALLOWED_ORIGINS is ["example.com"], but it should be origins'],
    ['TLS_CERT', '/x.pem', 'TLS_KEY is "", but it should be the path of a PEM file'],
  ])('%s=%s is named with what it should be', (name, value, sentence) => {
    expect(() => resolveSettings({ env: { [name]: value } })).toThrow(sentence)
    expect(() => resolveSettings({ env: { [name]: value } })).toThrow(
      expect.objectContaining({ code: 'invalidSetting' }),
    )
  })

  test('read their words', () => {
    const env = {
      GUESTS: 'No',
      ANNOUNCED_ADDRESS: '203.0.113.7, talk.example',
      HTTPS_PORT: 'off',
      ICE_SERVERS: '[{"urls":"stun:s:1"}]',
      MEDIA_WORKERS: '',
    }
    expect(resolveSettings({ env })).toMatchObject({
      guests: false,
      announcedAddress: ['203.0.113.7', 'talk.example'],
      httpsPort: 'off',
      iceServers: [{ urls: 'stun:s:1' }],
      mediaWorkers: settingDefinitions.mediaWorkers.byDefault(),
    })
  })

  test('of an unknown name are refused, so that a slip of the pen is not silent', () => {
    expect(() => resolveSettings({ options: { prot: 3000 } })).toThrow(
      'createServer() sets prot, but there is no such setting',
    )
    expect(() =>
      resolveSettings({ file: { path: 'sangam.config.json', values: { constructor: 1 } } }),
    ).toThrow('sangam.config.json sets constructor')
  })

  test('in a file are TypeScript or JSON; a broken one is named', async () => {
    const folder = temporaryFolder()
    expect(await readConfigFile(folder)).toBeUndefined()
    writeFileSync(join(folder, 'sangam.config.json'), '{"port": 4000}')
    expect((await readConfigFile(folder))?.values).toEqual({ port: 4000 })
    writeFileSync(join(folder, 'sangam.config.ts'), 'const port: number = 5000\nexport default { port }\n')
    expect((await readConfigFile(folder))?.values).toEqual({ port: 5000 })
    writeFileSync(join(folder, 'bad.json'), '{')
    await expect(readConfigFile(folder, 'bad.json')).rejects.toMatchObject({ code: 'invalidSetting' })
    await expect(readConfigFile(folder, 'missing.json')).rejects.toThrow('missing.json')
  })

  test('have defaults that their own schemas accept', () => {
    for (const [name, { schema, byDefault }] of Object.entries(settingDefinitions)) {
      expect([name, schema.safeParse(byDefault()).success]).toEqual([name, true])
    }
  })

  test('docs/operations.md is what the settings say (node packages/server/scripts/write-docs.ts)', () => {
    expect(readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')).toBe(
      operationsPage(),
    )
  })
})

describe('a start that cannot be', () => {
  test.each(['port', 'httpsPort'] as const)(
    'with a taken %s names port and setting, and leaves nothing open',
    async (setting) => {
      const taken = createNetServer()
      const port = await new Promise<number>((resolve) => {
        taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port))
      })
      const error = await startError({ [setting]: port, httpsHost: '127.0.0.1' })
      expect([error.code, error.message]).toEqual([
        'portInUse',
        `Port ${port} on 127.0.0.1 is in use; stop what holds it or set ${setting === 'port' ? 'PORT' : 'HTTPS_PORT'} to another one.`,
      ])
      await new Promise((resolve) => taken.close(resolve))
    },
  )

  test('with a data folder that is a file, or below one, says so', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const error = await startError({ dataDir: join(file, 'data') })
    expect([error.code, error.message.includes('DATA_DIR')]).toEqual(['dataDirReadOnly', true])
  })

  test.skipIf(process.getuid?.() === 0)('with a read-only data folder says so', async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o500)
    expect((await startError({ dataDir: folder })).code).toBe('dataDirReadOnly')
  })

  test('with a file that is no database says so', async () => {
    const dataDir = temporaryFolder()
    writeFileSync(join(dataDir, 'sangam.db'), 'x'.repeat(5000))
    expect((await startError({ dataDir })).code).toBe('storeUnavailable')
  })

  test('with a data folder that another server uses says so, and gets it once that is closed', async () => {
    const first = await startTestServer()
    expect((await startError({ dataDir: first.dataDir })).code).toBe('dataDirInUse')
    await first.sangam.close()
    await startTestServer({ dataDir: first.dataDir })
  })

  test('with an address of another machine names the setting', async () => {
    const error = await startError({ host: '203.0.113.7' })
    expect([error.code, error.message]).toEqual([
      'invalidSetting',
      'HOST is "203.0.113.7", but this machine has no such address.',
    ])
  })

  test('with an engine that is none, or does not start, is engineUnavailable', async () => {
    expect((await startError({ engine: {}, mediaWorkers: 1 })).code).toBe('engineUnavailable')
    const engine = { createWorker: () => Promise.reject(new Error('not built')) }
    expect(await startError({ engine, mediaWorkers: 2 })).toMatchObject({
      code: 'engineUnavailable',
      message: 'The media engine cannot start: not built',
    })
  })

  test('with a media port that is taken names MEDIA_PORT', async () => {
    const worker = {
      on: () => undefined,
      close: () => undefined,
      pid: 1,
      createWebRtcServer: () => Promise.reject(new Error('bind EADDRINUSE')),
    }
    const error = await startError({
      engine: { createWorker: async () => worker },
      mediaWorkers: 1,
      mediaPort: 4443,
    })
    expect([error.code, error.message.includes('MEDIA_PORT')]).toEqual(['portInUse', true])
  })
})

describe('the data folder', () => {
  test('holds secrets that only their owner may read, and keeps them', async () => {
    const dataDir = join(temporaryFolder(), 'deep', 'data')
    const network = { lan: ['192.0.2.9'], loopback: ['127.0.0.1'] }
    const first = await startTestServer({ dataDir, httpsPort: 0, httpsHost: '127.0.0.1', network })
    for (const name of ['token-secret', 'tls/key.pem', 'tls/cert.pem']) {
      expect([name, statSync(join(dataDir, name)).mode & 0o777]).toEqual([name, 0o600])
    }
    const { certificateSha256 } = first.sangam.addresses
    expect(certificateSha256).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    await first.sangam.close()
    const second = await startTestServer({ dataDir, httpsPort: 0, httpsHost: '127.0.0.1', network })
    expect(second.sangam.addresses.certificateSha256).toBe(certificateSha256)
    await second.sangam.close()
    const moved = await startTestServer({
      dataDir,
      httpsPort: 0,
      httpsHost: '127.0.0.1',
      network: { ...network, lan: ['192.0.2.10'] },
    })
    expect(moved.sangam.addresses.certificateSha256).not.toBe(certificateSha256)
  })

  test('a private file is written whole or not at all, and never over another’s', () => {
    const path = join(temporaryFolder(), 'file')
    writePrivateFile(path, 'one')
    writePrivateFile(path, 'two')
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['two', 0o600])
  })
})

describe('https', () => {
  test('serves the same as http, with a certificate for localhost and every address', async () => {
    const server = await startTestServer({
      httpsPort: 0,
      httpsHost: '127.0.0.1',
      network: { lan: ['192.0.2.9'], loopback: ['127.0.0.1'] },
    })
    const url = new URL(server.sangam.addresses.networkUrls[0] ?? '')
    expect(url.hostname).toBe('192.0.2.9')
    const ca = readFileSync(join(server.dataDir, 'tls/cert.pem'))
    for (const servername of ['localhost', '127.0.0.1', '192.0.2.9']) {
      const body = await new Promise<string>((resolve, reject) => {
        const options = {
          host: '127.0.0.1',
          port: url.port,
          path: '/api/v1/config',
          ca,
          headers: { host: servername },
        }
        const isName = servername === 'localhost'
        get({ ...options, ...(isName ? { servername } : {}), agent: false }, (response) => {
          response.setEncoding('utf8').on('data', resolve)
        }).on('error', reject)
      })
      expect(JSON.parse(body)).toMatchObject({ protocolVersion: 1 })
    }
  })
})

describe('the web app', () => {
  test('is served with its routes; hashed assets stay, the page does not', async () => {
    const webDir = temporaryFolder()
    mkdirSync(join(webDir, 'assets'))
    writeFileSync(join(webDir, 'index.html'), '<p>app')
    writeFileSync(join(webDir, 'assets', 'x-123.js'), '1')
    const { url } = await startTestServer({ webDir })
    const page = (path: string) => fetch(`${url}${path}`, { headers: { accept: 'text/html' } })
    for (const path of ['/', '/c/team', '/rooms/standup']) {
      const response = await page(path)
      expect([path, response.status, await response.text(), response.headers.get('cache-control')]).toEqual([
        path,
        200,
        '<p>app',
        'no-cache',
      ])
    }
    expect((await fetch(`${url}/assets/x-123.js`)).headers.get('cache-control')).toContain('immutable')
    expect((await page('/api/v1/nope')).status).toBe(404)
    expect((await fetch(`${url}/missing.js`)).status).toBe(404)
  })

  test('that is not built says how to build it, and appears without a restart', async () => {
    const webDir = join(temporaryFolder(), 'dist')
    const { url } = await startTestServer({ webDir })
    const missing = await fetch(url, { headers: { accept: 'text/html' } })
    expect([missing.status, (await missing.text()).includes('npm run build')]).toEqual([503, true])
    mkdirSync(webDir)
    writeFileSync(join(webDir, 'index.html'), '<p>app')
    expect((await fetch(url, { headers: { accept: 'text/html' } })).status).toBe(200)
  })

  test('cannot be left by a path', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'secret'), 'planted')
    mkdirSync(join(folder, 'dist'))
    writeFileSync(join(folder, 'dist', 'index.html'), '<p>app')
    const { url } = await startTestServer({ webDir: join(folder, 'dist') })
    for (const path of ['/../secret', '/%2e%2e/secret', '/..%2fsecret', '/assets/..%5c..%5csecret']) {
      expect(await (await fetch(`${url}${path}`)).text()).not.toContain('planted')
    }
  })

  test('comes with headers that keep other sites and scripts out', async () => {
    const { url } = await startTestServer()
    const { headers } = await fetch(`${url}/api/v1/config`)
    expect(headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('permissions-policy')).toContain('camera=(self)')
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })
})
