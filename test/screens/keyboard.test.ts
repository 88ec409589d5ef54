import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from '../harness/chromium.ts'
import { Person } from '../harness/person.ts'
import { ServerProcess } from '../harness/server-process.ts'

/** What has the focus: its test id, else its name; and whether one sees that it has. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement
    if (!(element instanceof HTMLElement) || element === document.body) return undefined
    const { outlineStyle, outlineWidth } = getComputedStyle(element)
    const inDialog = element.closest('[role=dialog]') !== null
    const name = element.dataset.testid ?? element.getAttribute('aria-label') ?? element.textContent
    return { name, inDialog, isSeen: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0 }
  })

/** Presses Tab until it comes by something a second time. @returns all that it came by */
async function tabRound(page: Page): Promise<NonNullable<Awaited<ReturnType<typeof focused>>>[]> {
  const met = new Map<string, NonNullable<Awaited<ReturnType<typeof focused>>>>()
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab')
    const now = await focused(page)
    if (now === undefined) continue
    if (met.has(now.name)) break
    met.set(now.name, now)
  }
  return [...met.values()]
}

describe('without a mouse', () => {
  let server: ServerProcess
  let browser: TestBrowser
  let page: Page

  beforeAll(async () => {
    server = await ServerProcess.start()
    browser = await TestBrowser.launch()
    const asha = await Person.enter(browser, server, 'Asha')
    page = asha.page
    await page.goto(`${server.url}/c/team`)
    await page.getByTestId('composer').fill('Good morning!')
    await page.keyboard.press('Enter')
    await page.locator('[data-testid=message][data-state=sent]').waitFor()
  })

  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
  })

  test('Tab comes by every control of a conversation, and shows where it is', async () => {
    await page.getByTestId('me-menu').focus()
    const met = await tabRound(page)
    expect(met.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'search-messages',
        'conversation-create',
        'conversation-item',
        'conversation-menu',
        'room-create',
        'search-conversation',
        'group-info',
        'message-list',
        'react',
        'reply',
        'message-menu',
        'attach',
        'composer',
      ]),
    )
    // The composer's frame shows the focus of the field inside it.
    expect(met.filter(({ name, isSeen }) => !isSeen && name !== 'composer')).toEqual([])
  })

  test.each(['conversation-create', 'room-create', 'search-messages', 'search-conversation', 'group-info'])(
    'the dialog of %s keeps the focus until Escape gives it back',
    async (opener) => {
      await page.getByTestId(opener).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      const met = await tabRound(page)
      expect(met.length).toBeGreaterThan(1)
      expect(met.filter(({ inDialog }) => !inDialog)).toEqual([])
      // Of a button that shows its name, the first Escape takes away the name, the second closes the dialog.
      const names = page.getByRole('tooltip')
      if ((await names.count()) > 0) {
        await page.keyboard.press('Escape')
        await names.first().waitFor({ state: 'detached' })
      }
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await expect.poll(async () => (await focused(page))?.name).toBe(opener)
    },
  )

  test.each([
    ['me-menu', 'blocked-people'],
    ['message-menu', 'delete'],
  ])('the dialog that %s opens by %s gives the focus back to the menu’s button', async (menu, item) => {
    await page.getByTestId(menu).focus()
    await page.keyboard.press('Enter')
    await page.getByTestId(item).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await expect.poll(async () => (await focused(page))?.inDialog).toBe(true)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect.poll(async () => (await focused(page))?.name).toBe(menu)
    expect(browser.problems).toEqual([])
  })
})
