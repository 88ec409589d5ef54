import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

const item = (page: Page, name: string) => page.locator('[data-testid=participant-item]', { hasText: name })

describe('a host and a guest in the app', () => {
  let server: ServerProcess
  let browser: TestBrowser
  let host: Person
  let guest: Person

  beforeAll(async () => {
    server = await ServerProcess.start()
    browser = await TestBrowser.launch()
    host = await Person.enter(browser, server, 'Asha')
    guest = await Person.enter(browser, server, 'Ravi')
  })

  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
  })

  test('the guest waits in the lobby until the host lets them in', async () => {
    await host.joinRoom('council')
    await host.page.getByTestId('room-more').click()
    await host.page.getByTestId('room-settings').click()
    await host.page.getByTestId('setting-lobby').click()
    await host.page.locator('[data-testid=setting-lobby][data-state=checked]').waitFor()
    await host.page.keyboard.press('Escape')
    await guest.page.goto(`${server.url}/rooms/council`)
    await guest.page.getByTestId('room-join').click()
    await guest.page.getByTestId('room-waiting').waitFor()
    await host.page.getByTestId('people-toggle').click()
    await host.page.getByTestId('admit').click()
    await guest.page.locator('[data-testid=room][data-state=joined]').waitFor()
    await item(host.page, 'Ravi').waitFor()
  }, 60_000)

  test('what a listener may no longer send ends, in the browser that sent it', async () => {
    await expect.poll(() => guest.uploads(), { timeout: 20_000 }).toBe(2)
    await item(host.page, 'Ravi').getByTestId('person-menu').click()
    await host.page.getByTestId('person-listener').click()
    await guest.page.getByTestId('hand-toggle').waitFor()
    await expect.poll(() => guest.uploads(), { timeout: 20_000 }).toBe(0)
    expect(await host.page.locator('[data-testid=participant-item][data-role=listener]').count()).toBe(1)
    await item(host.page, 'Ravi').getByTestId('person-menu').click()
    await host.page.getByTestId('person-stage').click()
    await guest.page.getByTestId('stage-accept').click()
    await guest.page.getByTestId('mic-toggle').click()
    await expect.poll(() => guest.uploads(), { timeout: 20_000 }).toBe(1)
  }, 90_000)

  test('the host pins and deletes in the chat of the room, the guest can’t; both find and save its messages', async () => {
    for (const { page } of [host, guest]) await page.getByTestId('chat-toggle').click()
    const chat = ({ page }: Person) => page.getByTestId('room-chat')
    const message = (person: Person, text: string) =>
      chat(person).getByTestId('message').filter({ hasText: text }).first()
    const menu = async (person: Person, text: string) => {
      await message(person, text).hover()
      await message(person, text).getByTestId('message-menu').click()
    }
    for (const text of ['the agenda', 'a slip']) {
      await chat(guest).getByTestId('composer').fill(text)
      await chat(guest).getByTestId('send').click()
      await message(host, text).waitFor()
    }
    await menu(host, 'the agenda')
    await host.page.getByRole('menuitem', { name: 'Pin' }).click()
    await chat(guest).getByTestId('pinned-bar').getByText('the agenda').waitFor()
    await menu(guest, 'the agenda')
    await guest.page.getByTestId('delete').waitFor()
    expect(await guest.page.getByRole('menuitem', { name: 'Pin' }).count()).toBe(0)
    await guest.page.keyboard.press('Escape')
    await menu(host, 'a slip')
    await host.page.getByTestId('delete').click()
    await host.page.getByTestId('confirm-delete').click()
    await message(guest, 'a slip').waitFor({ state: 'detached' })

    await chat(guest).getByTestId('room-chat-menu').click()
    const [saved] = await Promise.all([
      guest.page.waitForEvent('download'),
      guest.page.getByTestId('save-html').click(),
    ])
    expect(readFileSync(await saved.path(), 'utf8')).toContain('the agenda')
    await chat(guest).getByRole('button', { name: 'Search this chat' }).click()
    await guest.page.getByTestId('search-input').fill('agenda')
    await guest.page.getByTestId('search-result').first().click()
    await chat(guest).locator('.marked').waitFor()
    await host.page.getByTestId('people-toggle').click()
  }, 60_000)

  test('the muted learn who muted them, and the banned that they are out', async () => {
    await item(host.page, 'Ravi').getByTestId('person-menu').click()
    await host.page.getByTestId('person-mute').click()
    await guest.page.getByTestId('muted-by').waitFor()
    await guest.page.locator('[data-testid=mic-toggle][data-enabled=false]').waitFor()
    await item(host.page, 'Ravi').getByTestId('person-menu').click()
    await host.page.getByTestId('person-ban').click()
    await host.page.getByTestId('confirm').click()
    await guest.page.locator('[data-testid=room-closed][data-reason=banned]').waitFor()
    expect(await guest.openConnections()).toBe(0)
    expect(browser.problems).toEqual([])
  }, 60_000)
})
