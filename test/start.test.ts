import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { findFreePorts } from './harness/free-ports.ts'
import { ServerProcess } from './harness/server-process.ts'

describe('sangam start', () => {
  test('serves the app, its health and its metrics, and names its addresses, its certificate and its data', async () => {
    await using server = await ServerProcess.start()
    expect(await server.get('/')).toContain('<div id="root">')
    expect(await server.get('/metrics')).toContain('sangam_rooms')
    expect(server.log).toContain(`http://localhost:${server.ports.http}`)
    expect(server.log).toContain(`UDP and TCP ${server.ports.media}`)
    expect(server.log).toContain(server.folder)
    expect(server.log).toMatch(/SHA-256 (?:[0-9A-F]{2}:){15}/)
  })

  test('ends with code 0 on SIGTERM, and starts again on the same data with the same certificate', async () => {
    await using server = await ServerProcess.start()
    expect(await server.kill('SIGTERM')).toBe(0)
    await server.start()
    const fingerprints = [...server.log.matchAll(/SHA-256 ([0-9A-F:]+)/g)].map(([, bytes]) => bytes)
    expect(fingerprints).toHaveLength(2)
    expect(fingerprints[0]).toBe(fingerprints[1])
  })

  test('after SIGKILL its media workers end too, and the ports are free for the next life', async () => {
    await using server = await ServerProcess.start({ env: { MEDIA_WORKERS: '2' } })
    await server.kill('SIGKILL')
    await server.start()
    expect(await server.get('/healthz')).toBeTruthy()
  })
})

describe('sangam start ends with one clear sentence', () => {
  /** The output of a server that can't start; asserts that it ended with 1 and printed no stack. */
  async function outputOfFailedStart(env: Readonly<Record<string, string>>): Promise<string> {
    const failure: unknown = await ServerProcess.start({ env }).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (!(failure instanceof Error)) throw new Error('the server started')
    expect(failure.message).toContain('ended with 1')
    const sentences = failure.message.split('\n').filter((line) => line.startsWith('sangam: '))
    expect(sentences).toHaveLength(1)
    expect(failure.message).not.toMatch(/^\s+at /m)
    return sentences[0] ?? ''
  }

  test('when a port is in use', async () => {
    const port = await findFreePorts(1)
    const holder = createServer().listen(port, '127.0.0.1')
    await once(holder, 'listening')
    try {
      const sentence = await outputOfFailedStart({ PORT: String(port) })
      expect(sentence).toContain(String(port))
      expect(sentence).toContain('in use')
    } finally {
      holder.close()
    }
  })

  test('when the data folder cannot be written', async () => {
    expect(await outputOfFailedStart({ DATA_DIR: '/dev/null/data' })).toContain('/dev/null/data')
  })

  test('when a setting is wrong, naming what it should be', async () => {
    const sentence = await outputOfFailedStart({ MEDIA_PORT: 'many' })
    expect(sentence).toContain('MEDIA_PORT')
    expect(sentence).toContain('many')
    expect(sentence).toContain('should be')
  })
})
