import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { getPriority } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine } from '../src/media/engine.ts'
import { FakeWorker } from './support/fake-engine.ts'
import { startTestServer } from './support/test-server.ts'

/** An engine whose worker is a process of the test's own. */
const engineOf = (pid: number): Engine => ({
  createWorker: async () => Object.assign(new FakeWorker(), { pid }),
})

describe('the priority of media workers', () => {
  let child: ChildProcess
  let pid: number

  beforeAll(async () => {
    child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'])
    await once(child, 'spawn')
    pid = child.pid ?? 0
  })

  afterAll(() => {
    child.kill('SIGKILL')
  })

  test('is left alone by default', async () => {
    const before = getPriority(pid)
    await startTestServer({ engine: engineOf(pid) })
    expect(getPriority(pid)).toBe(before)
  })

  test('is what MEDIA_NICE says', async () => {
    await startTestServer({ engine: engineOf(pid), env: { MEDIA_NICE: '7' } })
    expect(getPriority(pid)).toBe(7)
  })

  test('that may not be set keeps nobody from starting, and is in the log', async () => {
    const gone = spawn(process.execPath, ['--version'])
    await once(gone, 'exit')
    const server = await startTestServer({ engine: engineOf(gone.pid ?? 0), mediaNice: 7 })
    expect(await server.metric('sangam_media_workers')).toBe(1)
    expect(server.logLines.filter((line) => line.includes('MEDIA_NICE is not allowed here'))).toHaveLength(1)
  })
})
