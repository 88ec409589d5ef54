import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

const MINIMUM_FPS = 5
/** Decisions follow changes within a second or so; a busy machine may take longer. */
const SOON = { timeout: 30_000 }

describe('two people in a room', () => {
  let server: ServerProcess
  let browser: TestBrowser
  let asha: Person
  let ravi: Person

  beforeAll(async () => {
    server = await ServerProcess.start({ env: { MEDIA_WORKERS: '2' } })
    browser = await TestBrowser.launch()
    asha = await Person.enter(browser, server, 'Asha')
    ravi = await Person.enter(browser, server, 'Ravi')
    for (const person of [asha, ravi]) await person.joinRoom('standup')
  })

  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
  })

  test('encode what the other watches, nothing when nobody does, and again when somebody does', async () => {
    await ravi.seesAndHears(1, MINIMUM_FPS)
    await expect.poll(() => asha.activeLayers(), SOON).toContain('m')
    await ravi.goTo('/')
    await expect.poll(() => asha.activeLayers(), SOON).toEqual([])
    await ravi.goTo('/rooms/standup')
    await ravi.seesAndHears(1, MINIMUM_FPS)
    expect(await asha.activeLayers()).not.toEqual([])
  }, 120_000)

  test('a small tile asks for no more than it can show', async () => {
    await ravi.page.setViewportSize({ width: 320, height: 480 })
    await expect.poll(() => asha.activeLayers(), SOON).not.toContain('h')
    await ravi.seesAndHears(1, MINIMUM_FPS)
    await ravi.page.setViewportSize({ width: 1280, height: 800 })
  }, 120_000)

  test('somebody who wants sound alone gets no picture, and is told why', async () => {
    await ravi.setReceiving({ audioOnly: true })
    await expect.poll(() => ravi.deliveryOf('camera'), SOON).toBe('audioOnly')
    await expect.poll(() => asha.activeLayers(), SOON).toEqual([])
    await ravi.setReceiving({})
    await ravi.seesAndHears(1, MINIMUM_FPS)
  }, 120_000)

  test('send each other what may get lost, named by the server', async () => {
    const participantId = await ravi.participantId()
    await asha.collectData()
    // Any of them may get lost: it is said until it is heard.
    await expect
      .poll(async () => {
        await ravi.sendLossy('cursor', 'here')
        return asha.collectedData()
      }, SOON)
      .toContainEqual({ participantId, topic: 'cursor', payload: 'here' })
    expect(await ravi.collectedData()).toEqual([])
  }, 60_000)

  test('a worker that is drained is left by both unnoticed, and nothing of the older connections stays', async () => {
    const before = await ravi.participants()
    for (const person of [asha, ravi]) await person.collectStates()
    const [busy, idle] = (await server.workers()).toSorted((a, b) => b.participants - a.participants)
    expect([busy?.participants, idle?.participants]).toEqual([2, 0])
    await server.drain(busy?.index ?? 0)
    await expect.poll(() => ravi.connectionsMade(), SOON).toBe(2)
    for (const person of [asha, ravi]) {
      await expect.poll(() => person.openConnections(), SOON).toBe(1)
      await person.seesAndHears(1, MINIMUM_FPS)
      expect(await person.collectedStates()).toEqual([])
    }
    expect(await ravi.participants()).toEqual(before)
    expect((await server.workers()).map(({ participants }) => participants).sort()).toEqual([0, 2])
  }, 120_000)

  test('a worker that is killed is survived by both, as who they were', async () => {
    const before = await ravi.participants()
    const [busy] = (await server.workers()).toSorted((a, b) => b.participants - a.participants)
    process.kill(busy?.pid ?? Number.NaN, 'SIGKILL')
    await expect.poll(() => ravi.connectionsMade(), SOON).toBe(3)
    for (const person of [asha, ravi]) await person.seesAndHears(1, MINIMUM_FPS)
    expect(await ravi.participants()).toEqual(before)
    expect(await ravi.openConnections()).toBe(1)
  }, 120_000)

  test('no page reported an error', () => {
    expect(browser.problems).toEqual([])
  })
})
