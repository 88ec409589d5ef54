import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CuttableLink } from '../packages/client/test/support/cuttable-link.ts'
import { TestBrowser } from './harness/chromium.ts'
import { LossyRelay } from './harness/lossy-relay.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

const MINIMUM_FPS = 5
const SOON = { timeout: 60_000 }

describe('somebody whose whole network goes, and comes back', () => {
  let server: ServerProcess
  let browser: TestBrowser
  let link: CuttableLink
  let relay: LossyRelay
  let asha: Person
  let ravi: Person

  beforeAll(async () => {
    server = await ServerProcess.start({ env: { RECONNECT_GRACE_SECONDS: '120' } })
    link = await CuttableLink.before(server.url)
    relay = await LossyRelay.open(server.ports.media, 0)
    browser = await TestBrowser.launch()
    asha = await Person.enter(browser, server, 'Asha')
    ravi = await Person.enter(browser, server, 'Ravi', { url: link.url, mediaPort: relay.port })
    for (const person of [asha, ravi]) await person.joinRoom('standup')
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    await link?.[Symbol.asyncDispose]()
    relay?.close()
    await server?.dispose()
  })

  const counts = async (): Promise<readonly number[]> => {
    const text = await server.get('/metrics')
    return ['participants', 'transports', 'producers', 'consumers'].map((name) =>
      Number(new RegExp(`^sangam_${name} (.+)$`, 'm').exec(text)?.[1]),
    )
  }
  const tiles = () => Promise.all([asha.participants(), ravi.participants()])

  test('is who they were, with the same tiles, seen and heard both ways, and nothing doubled', async () => {
    for (const person of [asha, ravi]) await person.seesAndHears(1, MINIMUM_FPS)
    const [identity, shown] = [await ravi.participantId(), await tiles()]
    expect(shown.map((one) => one.length)).toEqual([2, 2])
    link.cut()
    relay.cut()
    await ravi.page.locator('[data-testid=room][data-state=reconnecting]').waitFor(SOON)
    // The others keep the tile of whoever is away.
    expect(await asha.participants()).toEqual(shown[0])
    link.mend()
    relay.mend()
    await ravi.page.locator('[data-testid=room][data-state=joined]').waitFor(SOON)
    for (const person of [asha, ravi]) await person.seesAndHears(1, MINIMUM_FPS)
    expect(await ravi.participantId()).toBe(identity)
    expect(await tiles()).toEqual(shown)
    expect(await counts()).toEqual([2, 2, 4, 4])
    expect(await ravi.openConnections()).toBe(1)
    expect(await ravi.uploads()).toBe(2)
  }, 180_000)
})
