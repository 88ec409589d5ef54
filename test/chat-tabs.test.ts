import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { pageHolds } from './harness/page-holds.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

/** Resolves when the app runs at this address. */
async function openApp(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.waitForFunction(() => window.__sangam !== undefined)
}

/** Another tab of the same browser, with the same conversation. */
async function openTab({ page }: Person): Promise<Page> {
  const tab = await page.context().newPage()
  await openApp(tab, page.url())
  return tab
}

/** Opens the conversation as this tab has it: its messages as they stand, and the names of what it sends. */
const shown = (tab: Page) =>
  tab.evaluate(async () => {
    const team = await window.__sangam!.session.conversation('team')
    return team.state.get().messages.map(({ number, text, deletedAt, clientMessageId, state, waiting }) => ({
      number,
      text: deletedAt === undefined ? text : 'deleted',
      clientMessageId,
      isStored: state === 'sent' && waiting === undefined,
    }))
  })

/** Begins to send; what is offline ends later or never. */
const send = (tab: Page, text: string) =>
  tab.evaluate(async (words) => {
    const team = await window.__sangam!.session.conversation('team')
    team.send(words).catch(() => {})
  }, text)

const edit = (tab: Page, message: number | string, text: string) =>
  tab.evaluate(
    async ([target, words]) => {
      const team = await window.__sangam!.session.conversation('team')
      team.edit(target, words).catch(() => {})
    },
    [message, text] as const,
  )

const discard = (tab: Page, id: string) =>
  tab.evaluate(async (message) => {
    const team = await window.__sangam!.session.conversation('team')
    await team.delete(message)
  }, id)

/** Resolves when this tab shows a text as stored. */
const hasStored = (tab: Page, text: string) =>
  pageHolds(
    tab,
    async (words) => {
      const team = await window.__sangam!.session.conversation('team')
      const { messages } = team.state.get()
      return messages.some(({ text: said, state, waiting }) => said === words && state === 'sent' && !waiting)
    },
    text,
  )

/** Resolves when so many entries wait in the outbox that the tabs share. */
const outboxHolds = (tab: Page, count: number) =>
  pageHolds(
    tab,
    async (wanted) => {
      const opened = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(`sangam:${location.origin}`)
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
      const entries = await new Promise<number>((resolve) => {
        const request = opened.transaction('outbox').objectStore('outbox').count()
        request.onsuccess = () => resolve(request.result)
      })
      opened.close()
      return entries === wanted
    },
    count,
  )

const textsOf = async (tab: Page): Promise<readonly string[]> => (await shown(tab)).map(({ text }) => text)

const idOf = async (tab: Page, text: string): Promise<string> =>
  (await shown(tab)).find((message) => message.text === text)?.clientMessageId ?? ''

describe('two tabs of one browser without a server', () => {
  let server: ServerProcess
  let browser: TestBrowser
  let asha: Person
  let ravi: Person

  beforeAll(async () => {
    server = await ServerProcess.start({ env: { RATE_LIMIT_FACTOR: '100' } })
    browser = await TestBrowser.launch()
    asha = await Person.enter(browser, server, 'Asha')
    ravi = await Person.enter(browser, server, 'Ravi')
    for (const { page } of [asha, ravi]) await openApp(page, `${server.url}/c/team`)
    await asha.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    await send(asha.page, 'first words')
    await hasStored(ravi.page, 'first words')
  })

  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
  })

  test('one message edited in both: both end alike, the other edit is a version, each stored once', async () => {
    const second = await openTab(asha)
    await hasStored(second, 'first words')
    await server.kill('SIGKILL')
    await edit(asha.page, 1, 'from the first tab')
    await edit(second, 1, 'from the second tab')
    expect(await textsOf(asha.page)).toEqual(['from the first tab'])
    expect(await textsOf(second)).toEqual(['from the second tab'])
    await outboxHolds(second, 2)
    await server.start()
    await outboxHolds(second, 0)
    const tabs = [asha.page, second, ravi.page]
    const versions = await ravi.page.evaluate(async () => {
      const team = await window.__sangam!.session.conversation('team')
      return (await team.versions(1)).map(({ text }) => text)
    })
    expect(versions).toHaveLength(2)
    expect(versions[0]).toBe('first words')
    const last = versions[1] === 'from the first tab' ? 'from the second tab' : 'from the first tab'
    for (const tab of tabs) await hasStored(tab, last)
    for (const tab of tabs) expect(await textsOf(tab)).toEqual([last])
    await second.close()
  })

  test('what one tab rewrites or gives up before it was sent is not sent by another that opened meanwhile', async () => {
    const before = await textsOf(ravi.page)
    await server.kill('SIGKILL')
    await send(asha.page, 'tpyo')
    await send(asha.page, 'never mind')
    await outboxHolds(asha.page, 2)
    const second = await openTab(asha)
    await edit(asha.page, await idOf(asha.page, 'tpyo'), 'typo')
    await discard(asha.page, await idOf(asha.page, 'never mind'))
    await outboxHolds(asha.page, 1)
    await server.start()
    await send(second, 'after it')
    for (const tab of [asha.page, second, ravi.page]) {
      await hasStored(tab, 'typo')
      await hasStored(tab, 'after it')
    }
    await outboxHolds(second, 0)
    for (const tab of [asha.page, second, ravi.page]) {
      const added = (await textsOf(tab)).slice(before.length)
      expect(added.toSorted()).toEqual(['after it', 'typo'])
    }
    await second.close()
  })

  test('what a closed tab left is sent by one that was open before it', async () => {
    const before = await textsOf(ravi.page)
    const second = await openTab(asha)
    await server.kill('SIGKILL')
    await send(second, 'left behind')
    await edit(second, 1, 'edited in the end')
    await outboxHolds(second, 2)
    await second.close()
    await server.start()
    await hasStored(ravi.page, 'left behind')
    await hasStored(ravi.page, 'edited in the end')
    await outboxHolds(asha.page, 0)
    expect(await textsOf(ravi.page)).toEqual(['edited in the end', ...before.slice(1), 'left behind'])
    expect(await textsOf(asha.page)).toEqual(await textsOf(ravi.page))
  })
})
