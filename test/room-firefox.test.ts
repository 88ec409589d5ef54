import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { launchFirefox, noFirefox } from './harness/firefox.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

describe.skipIf(noFirefox() !== undefined)('Firefox and Chromium in a room', () => {
  let server: ServerProcess
  let chromium: TestBrowser
  let firefox: TestBrowser

  beforeAll(async () => {
    server = await ServerProcess.start()
    chromium = await TestBrowser.launch()
    firefox = await launchFirefox()
  })

  afterAll(async () => {
    await firefox?.close()
    await chromium?.close()
    await server?.dispose()
  })

  test('see and hear each other, each over one connection', async () => {
    const people = [await Person.enter(chromium, server, 'Asha'), await Person.enter(firefox, server, 'Ravi')]
    for (const person of people) await person.joinRoom('standup')
    for (const person of people) {
      expect(await person.seesAndHears(1, 5)).toHaveLength(1)
      expect(await person.openConnections()).toBe(1)
    }
  }, 180_000)
})
