import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { metric, metricReaches } from './harness/metrics.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

const MINIMUM_FPS = 10

describe('three people in a room', () => {
  let server: ServerProcess
  let browser: TestBrowser
  let people: Person[]

  beforeAll(async () => {
    server = await ServerProcess.start()
    browser = await TestBrowser.launch()
    people = []
    for (const name of ['Asha', 'Ravi', 'Mei']) people.push(await Person.enter(browser, server, name))
  })

  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
  })

  test('each decodes the other two at 10 frames per second at least, and hears them', async () => {
    for (const person of people) await person.joinRoom('standup')
    for (const person of people) {
      const fps = await person.seesAndHears(2, MINIMUM_FPS)
      expect(fps).toHaveLength(2)
    }
  }, 120_000)

  test('each uploads one voice and one picture, over one connection for both directions, whatever the number of viewers', async () => {
    for (const person of people) {
      expect(await person.uploads()).toBe(2)
      expect(await person.openConnections()).toBe(1)
    }
    expect(await metric(server, 'sangam_transports')).toBe(people.length)
  })

  test('the app says how media flows, with live figures', async () => {
    const { page } = people[0] as Person
    await expect.poll(() => page.getByTestId('topology').textContent()).toContain('Through the server')
    await expect.poll(() => page.getByTestId('upload-rate').textContent()).toMatch(/bit\/s/)
  })

  test("the media workers' packets are in /metrics by what became of them", async () => {
    const text = await server.get('/metrics')
    const counts = [...text.matchAll(/sangam_media_packets\{pid="\d+",count="(\w+)"\} (\d+)/g)]
    const of = (name: string): number =>
      counts.filter(([, count]) => count === name).reduce((sum, [, , value]) => sum + Number(value), 0)
    expect(of('receivedPackets')).toBeGreaterThan(100)
    expect(of('sentPackets')).toBeGreaterThan(of('receivedPackets') / 2)
    expect(of('droppedAuthentication')).toBe(0)
  })

  test('leaving and joining five times over works each time and leaks no transport, producer or consumer', async () => {
    const [stays, , goes] = people as [Person, Person, Person]
    for (let round = 0; round < 5; round++) {
      await goes.leaveRoom()
      await metricReaches(server, 'sangam_transports', 2)
      await goes.joinRoom('standup')
      await metricReaches(server, 'sangam_transports', 3)
      await goes.seesAndHears(2, MINIMUM_FPS)
      await stays.seesAndHears(2, MINIMUM_FPS)
    }
    for (const person of people) await person.leaveRoom()
    for (const name of ['sangam_transports', 'sangam_producers', 'sangam_consumers', 'sangam_participants']) {
      await metricReaches(server, name, 0)
    }
  }, 300_000)

  test('no page reported an error', () => {
    expect(browser.problems).toEqual([])
  })
})
