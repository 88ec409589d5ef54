import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { pageHolds } from './harness/page-holds.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

const messageOf = ({ page }: Person, text: string) =>
  page.getByTestId('message').filter({ hasText: text }).first()

async function write({ page }: Person, text: string): Promise<void> {
  await page.getByTestId('composer').first().fill(text)
  await page.getByTestId('send').first().click()
}

async function choose(person: Person, text: string, action: string): Promise<void> {
  await messageOf(person, text).hover()
  await messageOf(person, text).getByTestId('message-menu').click()
  await person.page.getByTestId(action).first().click()
}

/** Resolves when the server has all that this person wrote and changed. */
const isStored = ({ page }: Person) =>
  pageHolds(
    page,
    async () => {
      // A page that was loaded anew may not have its session yet.
      const team = await window.__sangam?.session.conversation('team')
      const { messages = [] } = team?.state.get() ?? {}
      return (
        team !== undefined &&
        messages.every(({ state, waiting }) => state === 'sent' && waiting === undefined)
      )
    },
    undefined,
  )

/** Resolves when what the page shows is in its cache: the writes of half a second are gathered. */
const isCached = ({ page }: Person, text: string) =>
  pageHolds(
    page,
    async (words) => {
      const opened = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(`sangam-cache:${location.origin}`)
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
      const entries = await new Promise<unknown[]>((resolve) => {
        const request = opened.transaction('entries').objectStore('entries').getAll()
        request.onsuccess = () => resolve(request.result)
      })
      opened.close()
      return JSON.stringify(entries).includes(words)
    },
    text,
  )

/** What a person's conversation holds, oldest first. */
const held = ({ page }: Person) =>
  page.evaluate(async () => {
    const team = await window.__sangam!.session.conversation('team')
    return team.state.get().messages.map(({ text, deletedAt, reactions = [] }) => {
      const words = deletedAt === undefined ? text : 'deleted'
      return reactions.length === 0 ? words : `${words} ${reactions.map(({ emoji }) => emoji).join('')}`
    })
  })

describe('the app without a server', () => {
  let server: ServerProcess
  let browser: TestBrowser
  let asha: Person
  let ravi: Person

  beforeAll(async () => {
    server = await ServerProcess.start({ env: { RATE_LIMIT_FACTOR: '100' } })
    browser = await TestBrowser.launch()
    asha = await Person.enter(browser, server, 'Asha')
    ravi = await Person.enter(browser, server, 'Ravi')
    for (const person of [asha, ravi]) await person.page.goto(`${server.url}/c/team`)
    for (const text of ['first words', 'second words', 'third words']) {
      await write(asha, text)
      await messageOf(ravi, text).waitFor()
    }
    await asha.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    await isCached(asha, 'third words')
  })

  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
  })

  test('keeps files of the build alone, and none of an older one', async () => {
    const page = await browser.openWindow({ name: 'Somebody new' })
    await page.goto(`${server.url}/manifest.webmanifest`)
    await page.evaluate(() => caches.open('shell of an older build'))
    await page.goto(server.url)
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    const kept = await page.evaluate(async () => {
      const names = await caches.keys()
      const [cache] = await Promise.all(names.map((name) => caches.open(name)))
      return { names, paths: (await cache?.keys())?.map(({ url }) => new URL(url).pathname) ?? [] }
    })
    expect(kept.names).toHaveLength(1)
    expect(kept.names[0]).toMatch(/^shell [0-9a-f]{16}$/)
    expect(kept.paths).toContain('/index.html')
    expect(kept.paths.filter((path) => !/^\/(assets\/|[\w-]+\.\w+$)/.test(path))).toEqual([])
  })

  test('SIGKILL, refresh: what was said can be read, and what is written and changed meanwhile is stored once', async () => {
    await server.kill('SIGKILL')
    await asha.page.reload()
    await messageOf(asha, 'third words').waitFor()
    await write(asha, 'written without a server')
    await messageOf(asha, 'written without').waitFor()
    await choose(asha, 'first words', 'edit')
    await asha.page.getByTestId('composer').fill('better words')
    await asha.page.getByTestId('send').click()
    await choose(asha, 'second words', 'delete')
    await asha.page.getByTestId('confirm-delete').click()
    await choose(asha, 'third words', 'quick-react')
    const shown = ['better words', 'deleted', 'third words 👍', 'written without a server']
    expect(await held(asha)).toEqual(shown)
    // All of it waits through another refresh.
    await asha.page.reload()
    await messageOf(asha, 'better words').getByTestId('waiting').waitFor()
    await messageOf(asha, 'written without').waitFor()
    expect(await held(asha)).toEqual(shown)
    await server.start()
    await isStored(asha)
    await messageOf(ravi, 'written without').waitFor()
    await messageOf(ravi, 'better words').waitFor()
    for (const person of [asha, ravi]) {
      await person.page.reload()
      await messageOf(person, 'written without').waitFor()
      await isStored(person)
      expect(await held(person)).toEqual(shown)
    }
    const versions = await ravi.page.evaluate(async () => {
      const team = await window.__sangam!.session.conversation('team')
      return (await team.versions(1)).map(({ text }) => text)
    })
    expect(versions).toEqual(['first words'])
  })

  test('a browser that is offline starts the app, reads and writes; back online it is stored once', async () => {
    await isCached(asha, 'better words')
    await asha.page.context().setOffline(true)
    await asha.page.reload()
    await messageOf(asha, 'better words').waitFor()
    await asha.page.getByText('You are offline.').waitFor()
    await write(asha, 'written offline')
    await messageOf(asha, 'written offline').waitFor()
    await asha.page.context().setOffline(false)
    await messageOf(ravi, 'written offline').waitFor()
    await isStored(asha)
    expect((await held(ravi)).filter((text) => text === 'written offline')).toHaveLength(1)
  })
})
