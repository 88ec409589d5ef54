import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

const messageOf = ({ page }: Person, text: string) =>
  page.getByTestId('message').filter({ hasText: text }).first()

async function write(person: Person, text: string): Promise<void> {
  await person.page.getByTestId('composer').first().fill(text)
  await person.page.getByTestId('send').first().click()
  await messageOf(person, text).waitFor()
}

async function choose(person: Person, text: string, action: string): Promise<void> {
  await messageOf(person, text).hover()
  await messageOf(person, text).getByTestId('message-menu').click()
  await person.page.getByTestId(action).first().click()
}

const identityOf = ({ page }: Person) => page.evaluate(() => window.__sangam!.session.identity)

describe('care in the app', () => {
  let server: ServerProcess
  let browser: TestBrowser
  let asha: Person
  let ravi: Person

  beforeAll(async () => {
    server = await ServerProcess.start({ env: { RATE_LIMIT_FACTOR: '100' } })
    browser = await TestBrowser.launch()
    asha = await Person.enter(browser, server, 'Asha')
    ravi = await Person.enter(browser, server, 'Ravi')
    for (const person of [asha, ravi]) {
      await person.page.goto(`${server.url}/c/team`)
      await person.page.getByTestId('composer').waitFor()
    }
    await write(ravi, 'rude words')
    await messageOf(asha, 'rude words').waitFor()
  })

  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
  })

  test('earlier versions of a message can be read', async () => {
    await write(asha, 'frist version')
    await choose(asha, 'frist version', 'edit')
    await asha.page.getByTestId('composer').fill('second version')
    await asha.page.getByTestId('send').click()
    await messageOf(ravi, 'second version').getByTestId('edited').waitFor()
    await choose(ravi, 'second version', 'versions')
    const versions = ravi.page.getByRole('dialog', { name: 'Versions of this message' })
    await versions.getByText('frist version').waitFor()
    expect(await versions.getByTestId('version').count()).toBe(2)
    await ravi.page.keyboard.press('Escape')
    await versions.waitFor({ state: 'detached' })
  })

  test('what a member reports stands before whoever owns the group, and leads to the message', async () => {
    await write(ravi, 'a harmless line')
    // Whoever came first owns the group.
    await choose(ravi, 'second version', 'report')
    const dialog = ravi.page.getByRole('dialog', { name: 'Report this message' })
    await dialog.getByRole('radio', { name: 'Insults or threats' }).check()
    await dialog.getByTestId('report-words').fill('not nice')
    await dialog.getByTestId('send-report').click()
    await dialog.waitFor({ state: 'detached' })
    await choose(asha, 'rude words', 'report')
    await asha.page.getByTestId('send-report').click()
    await asha.page.getByRole('dialog').waitFor({ state: 'detached' })
    const seen: string[] = []
    for (const person of [asha, ravi]) {
      await person.page.getByTestId('group-info').click()
      const reports = person.page.getByTestId('reports')
      if ((await reports.count()) > 0) {
        await reports.getByText('Reported messages').click()
        const item = reports.getByTestId('report-item')
        await item.first().waitFor()
        seen.push(...(await item.allTextContents()))
        await item.getByRole('button').first().click()
        await person.page.locator('.marked').waitFor()
        await person.page.getByTestId('group-info').click()
        await reports.getByText('Reported messages').click()
        await reports.getByTestId('dismiss-reports').click()
        await reports.getByText('Nothing was reported.').waitFor()
        await person.page.keyboard.press('Escape')
      } else await person.page.keyboard.press('Escape')
      await person.page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    // One of the two owns it, and sees what was said of the other alone.
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatch(/Spam.*Ravi.*rude words|Insults or threats: not nice.*Asha.*second version/)
  })

  test('slow mode and retention are set by the owner, and known to the others', async () => {
    for (const person of [asha, ravi]) await person.page.getByTestId('group-info').click()
    const isOwner = async ({ page }: Person) => (await page.getByTestId('slow-mode').count()) > 0
    await Promise.race([asha, ravi].map(({ page }) => page.getByLabel('Slow mode').waitFor()))
    const [owner, member] = (await isOwner(asha)) ? [asha, ravi] : [ravi, asha]
    await owner.page.getByLabel('Slow mode').selectOption({ label: '5 minutes' })
    await owner.page.getByLabel('Messages are kept').selectOption({ label: '30 days' })
    await member.page.getByText('One message every 5 minutes. Messages are deleted after 30 days.').waitFor()
    await owner.page.getByLabel('Slow mode').selectOption({ label: 'Off' })
    await member.page.getByText('Messages are deleted after 30 days.', { exact: true }).waitFor()
    for (const person of [asha, ravi]) await person.page.keyboard.press('Escape')
  })

  test('somebody who is blocked can’t write; the list of the blocked ends it', async () => {
    const [ashaId, raviId] = [await identityOf(asha), await identityOf(ravi)]
    await asha.page.goto(`${server.url}/people/${encodeURIComponent(raviId)}`)
    await asha.page.getByTestId('person-info').click()
    await asha.page.getByRole('switch', { name: 'Blocked' }).click()
    await asha.page.getByTestId('blocked-bar').waitFor()
    await asha.page.getByTestId('report-person').click()
    const report = asha.page.getByRole('dialog', { name: 'Report Ravi' })
    await report.getByTestId('report-words').fill('calls at night')
    await report.getByTestId('send-report').click()
    await report.waitFor({ state: 'detached' })
    await asha.page.getByText('Reported. Whoever looks after this place will see it.').first().waitFor()
    await ravi.page.goto(`${server.url}/people/${encodeURIComponent(ashaId)}`)
    await write(ravi, 'can you hear me')
    await messageOf(ravi, 'can you hear me').getByText('Not sent.').waitFor()
    await asha.page.getByTestId('me-menu').click()
    await asha.page.getByTestId('blocked-people').click()
    const list = asha.page.getByRole('dialog', { name: 'Blocked people' })
    await list.getByRole('button', { name: 'Unblock Ravi' }).click()
    await list.getByText('Nobody.').waitFor()
    await asha.page.keyboard.press('Escape')
    await messageOf(ravi, 'can you hear me').getByTestId('retry').click()
    await messageOf(asha, 'can you hear me').waitFor()
  })

  test('every button, field and dialog of the chat has a name, and the menu of a message is reached by keyboard', async () => {
    const unnamed = await asha.page.evaluate(() =>
      Array.from(
        document.querySelectorAll<HTMLElement>('button, input, textarea, select, a[href], [role="dialog"]'),
      )
        .filter((element) => {
          const labels = element instanceof HTMLInputElement ? (element.labels?.length ?? 0) : 0
          const name =
            element.getAttribute('aria-label') ??
            element.getAttribute('aria-labelledby') ??
            element.textContent
          return labels === 0 && (name ?? '').trim() === '' && element.offsetParent !== null
        })
        .map((element) => element.outerHTML.slice(0, 120)),
    )
    expect(unnamed).toEqual([])
    await messageOf(asha, 'can you hear me').getByTestId('message-menu').focus()
    await asha.page.keyboard.press('Enter')
    await asha.page.getByRole('menuitem', { name: 'Reply' }).waitFor()
    await asha.page.keyboard.press('Escape')
    // The menu gives the focus back when it is gone.
    await asha.page.waitForFunction(
      () => document.activeElement?.getAttribute('data-testid') === 'message-menu',
    )
  })

  test('somebody saves a copy of their data, erases themselves, and is nobody here any more', async () => {
    const mira = await Person.enter(browser, server, 'Mira')
    const { page } = mira
    await asha.page.goto(`${server.url}/c/team`)
    await page.goto(`${server.url}/c/team`)
    await write(mira, 'words of mira')
    await messageOf(asha, 'words of mira').waitFor()
    await page.getByTestId('me-menu').click()
    await page.getByTestId('own-data').click()
    const dialog = page.getByRole('dialog', { name: 'Your data' })
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByTestId('save-own-data').click(),
    ])
    expect(saved.suggestedFilename()).toBe('my-data.json')
    expect(readFileSync(await saved.path(), 'utf8')).toContain('words of mira')

    await dialog.getByTestId('erase-name').fill('Asha')
    expect(await dialog.getByTestId('erase-own-data').isDisabled()).toBe(true)
    await dialog.getByTestId('erase-name').fill('Mira')
    await dialog.getByTestId('erase-own-data').click()
    await page.getByText('You were erased from this server').waitFor()
    await messageOf(asha, 'words of mira').waitFor({ state: 'detached' })
    // Nothing of hers stays on the device either.
    const kept = await page.evaluate(async () => {
      const databases = await indexedDB.databases()
      const entries = databases.map(
        ({ name }) =>
          new Promise<number>((resolve, reject) => {
            const opening = indexedDB.open(name ?? '')
            opening.onerror = reject
            opening.onsuccess = () => {
              const [store] = opening.result.objectStoreNames
              const counting = opening.result
                .transaction(store ?? '')
                .objectStore(store ?? '')
                .count()
              counting.onsuccess = () => resolve(counting.result)
              counting.onerror = reject
            }
          }),
      )
      return { counts: await Promise.all(entries), stored: Object.keys(localStorage) }
    })
    expect(kept.counts).toEqual([0, 0])
    expect(kept.stored.filter((key) => key.startsWith('sangam.guest'))).toEqual([])
    expect(browser.problems).toEqual([])
  })
})
