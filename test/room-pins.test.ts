import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

describe('in a room where only one video comes at a time', () => {
  let server: ServerProcess
  let browser: TestBrowser
  let asha: Person
  let ravi: Person
  let lena: Person

  beforeAll(async () => {
    server = await ServerProcess.start({ env: { ROOM_VIDEOS: '1' } })
    browser = await TestBrowser.launch({ flags: ['--use-fake-device-for-media-stream=fps=5'] })
    asha = await Person.enter(browser, server, 'Asha')
    ravi = await Person.enter(browser, server, 'Ravi')
    lena = await Person.enter(browser, server, 'Lena')
    for (const person of [asha, ravi, lena]) await person.joinRoom('pins')
    for (const { name } of [ravi, lena]) await asha.page.getByLabel(`Picture of ${name}`).waitFor()
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
  })

  const tileOf = ({ name }: Person) => asha.page.getByTestId('room-tile').filter({ hasText: name })
  const pinOf = ({ name }: Person) => asha.page.getByRole('button', { name: `Always show ${name}` })

  /** That Asha has the one's picture, and that the other's is held back, for as long as it takes to come to that. */
  async function seesInsteadOf(one: Person, other: Person): Promise<void> {
    await tileOf(other).getByTestId('held-back').waitFor()
    await tileOf(one).getByTestId('held-back').waitFor({ state: 'detached' })
  }

  test('whoever is pinned is seen, whoever speaks', async () => {
    await tileOf(ravi).hover()
    await pinOf(ravi).click()
    expect(await pinOf(ravi).getAttribute('aria-pressed')).toBe('true')
    await seesInsteadOf(ravi, lena)
    await pinOf(ravi).click()
    expect(await pinOf(ravi).getAttribute('aria-pressed')).toBe('false')
    await tileOf(lena).hover()
    await pinOf(lena).click()
    await seesInsteadOf(lena, ravi)
  }, 120_000)

  test('a pin is reached and seen by keyboard, and outlives a look at another page', async () => {
    await pinOf(ravi).focus()
    await asha.page.keyboard.press('Tab')
    await asha.page.keyboard.press('Shift+Tab')
    await expect.poll(() => pinOf(ravi).evaluate((button) => getComputedStyle(button).opacity)).toBe('1')
    await asha.goTo('/')
    await asha.page.getByTestId('return-to-room').click()
    await pinOf(lena).waitFor()
    expect(await pinOf(lena).getAttribute('aria-pressed')).toBe('true')
    await seesInsteadOf(lena, ravi)
    expect(browser.problems).toEqual([])
  }, 120_000)
})
