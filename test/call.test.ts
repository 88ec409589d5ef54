import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { metric } from './harness/metrics.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

const RING_SECONDS = 3

async function openPerson(person: Person, other: string): Promise<void> {
  await person.page.getByTestId('people-item').filter({ hasText: other }).click()
  await person.page.getByTestId('call-video').waitFor()
}

async function endedWith(page: Page, words: RegExp): Promise<void> {
  const ended = page.locator('[data-testid=call-state][data-state=ended]')
  await ended.waitFor()
  expect(await ended.textContent()).toMatch(words)
  await page.getByTestId('dismiss-ended').click()
  await ended.waitFor({ state: 'detached' })
}

describe('a call of two', () => {
  let server: ServerProcess
  let browser: TestBrowser
  let asha: Person
  let ravi: Person
  let mei: Person

  beforeAll(async () => {
    server = await ServerProcess.start({ env: { RING_SECONDS: String(RING_SECONDS) } })
    browser = await TestBrowser.launch()
    asha = await Person.enter(browser, server, 'Asha')
    ravi = await Person.enter(browser, server, 'Ravi')
    mei = await Person.enter(browser, server, 'Mei')
    await openPerson(asha, 'Ravi')
    await openPerson(mei, 'Ravi')
  })

  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
  })

  test('media flows between the two pages themselves and the server has no transport', async () => {
    await asha.page.getByTestId('call-video').click()
    await ravi.page.getByTestId('accept').first().click()
    for (const person of [asha, ravi]) {
      await person.page.locator('[data-testid=call-state][data-state=connected]').waitFor()
      await person.seesAndHears(1, 10)
    }
    const [a, r] = [await asha.selectedPair(), await ravi.selectedPair()]
    expect(a?.localPort).toBeGreaterThan(0)
    expect(a?.remotePort).toBe(r?.localPort)
    expect(a?.localPort).toBe(r?.remotePort)
    expect([a?.localType, a?.remoteType]).not.toContain('relay')
    expect(await metric(server, 'sangam_transports')).toBe(0)
    expect(await asha.page.getByTestId('topology').textContent()).toMatch(/Direct/)
  })

  test('a third person who rings hears that he is busy', async () => {
    await mei.page.getByTestId('call-voice').click()
    await endedWith(mei.page, /another call|busy/i)
  })

  test('hanging up ends it on both sides', async () => {
    await asha.page.getByTestId('hangup').click()
    await endedWith(ravi.page, /ended/i)
    expect(await asha.openConnections()).toBe(0)
    expect(await ravi.openConnections()).toBe(0)
  })

  test('a rejected call says so to the caller and stops ringing', async () => {
    await asha.page.getByTestId('call-voice').click()
    await ravi.page.getByTestId('decline').click()
    await endedWith(asha.page, /declined/i)
    await ravi.page.getByTestId('incoming-call').waitFor({ state: 'detached' })
  })

  test('a cancelled call stops ringing at the callee', async () => {
    await asha.page.getByTestId('call-voice').click()
    await ravi.page.getByTestId('incoming-call').waitFor()
    await asha.page.getByTestId('cancel').click()
    await ravi.page.getByTestId('incoming-call').waitFor({ state: 'detached' })
  })

  test('a call that nobody answers times out on both sides', async () => {
    await asha.page.getByTestId('call-voice').click()
    await ravi.page.getByTestId('incoming-call').waitFor()
    await ravi.page.getByTestId('incoming-call').waitFor({ state: 'detached' })
    await endedWith(asha.page, /answer/i)
  })

  test('no page reported an error', () => {
    expect(browser.problems).toEqual([])
  })
})
