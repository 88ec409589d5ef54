import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

const messageOf = (person: Person, text: string) =>
  person.page.getByTestId('message').filter({ hasText: text }).first()

async function write(person: Person, text: string): Promise<void> {
  await person.page.getByTestId('composer').first().fill(text)
  await person.page.getByTestId('send').first().click()
  await messageOf(person, text).waitFor()
}

async function choose(person: Person, text: string, action: string): Promise<void> {
  const message = messageOf(person, text)
  await message.hover()
  await message.getByTestId('message-menu').click()
  await person.page.getByTestId(action).first().click()
}

describe('a chat of two in the app', () => {
  let server: ServerProcess
  let browser: TestBrowser
  let asha: Person
  let ravi: Person

  beforeAll(async () => {
    server = await ServerProcess.start({ env: { RATE_LIMIT_FACTOR: '100' } })
    browser = await TestBrowser.launch()
    asha = await Person.enter(browser, server, 'Asha')
    ravi = await Person.enter(browser, server, 'Ravi')
    // One after the other: whoever opens it first owns it, and may pin.
    for (const { page } of [asha, ravi]) {
      await page.goto(`${server.url}/c/team`)
      await page.getByTestId('composer').waitFor()
    }
    await write(asha, 'first words')
    await messageOf(ravi, 'first words').waitFor()
  })

  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
  })

  test('a reaction, an edit and an answer that one makes appear at the other', async () => {
    await choose(ravi, 'first words', 'quick-react')
    await messageOf(asha, 'first words').getByTestId('reaction').waitFor()
    await choose(asha, 'first words', 'edit')
    await asha.page.getByTestId('composer').fill('better words')
    await asha.page.getByTestId('send').click()
    await messageOf(ravi, 'better words').getByTestId('edited').waitFor()
    await messageOf(ravi, 'better words').hover()
    await messageOf(ravi, 'better words').getByTestId('reply').click()
    await write(ravi, 'an answer')
    expect(await messageOf(asha, 'an answer').getByTestId('quote').textContent()).toContain('better words')
  })

  test('a thread is said apart, and counted where it begins', async () => {
    await choose(asha, 'better words', 'open-thread')
    const thread = asha.page.getByTestId('thread')
    await thread.getByTestId('composer').fill('in the thread')
    await thread.getByTestId('send').click()
    await thread.getByTestId('message').filter({ hasText: 'in the thread' }).waitFor()
    const link = ravi.page.getByTestId('thread-link')
    await link.waitFor()
    expect(await link.textContent()).toBe('1 answer')
    expect(await ravi.page.getByTestId('message').filter({ hasText: 'in the thread' }).count()).toBe(0)
    await link.click()
    await ravi.page
      .getByTestId('thread')
      .getByTestId('message')
      .filter({ hasText: 'in the thread' })
      .waitFor()
    for (const { page } of [asha, ravi]) await page.getByRole('button', { name: 'Close the thread' }).click()
  })

  test('what is pinned, found and deleted is so for both', async () => {
    await choose(asha, 'better words', 'pin')
    await ravi.page.getByTestId('pinned-bar').waitFor()
    await ravi.page.getByTestId('search-conversation').click()
    await ravi.page.getByTestId('search-input').fill('ans')
    await ravi.page.getByTestId('search-result').first().click()
    await ravi.page.getByTestId('search-input').waitFor({ state: 'detached' })
    await choose(ravi, 'an answer', 'delete')
    await ravi.page.getByTestId('confirm-delete').click()
    await asha.page.getByTestId('deleted').waitFor()
    expect(browser.problems).toEqual([])
  })
})
