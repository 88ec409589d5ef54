import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { pageHolds } from './harness/page-holds.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

const MESSAGES_EACH = 60
const ROUNDS = 3

interface Sent {
  readonly text: string
  readonly number: number
}

/** Sends a burst from inside the page. @returns what was acknowledged, once all of it is */
function burst(person: Person, label: string): Promise<Sent[]> {
  return person.page.evaluate(
    async ({ count, prefix }) => {
      const session = window.__sangam?.session
      if (session === undefined) throw new Error('there is no session')
      const team = await session.conversation('team')
      const sends = Array.from({ length: count }, async (_, i) => {
        const { text, number = 0 } = await team.send(`${prefix}-${i}`)
        return { text, number }
      })
      return Promise.all(sends)
    },
    { count: MESSAGES_EACH, prefix: label },
  )
}

/** The conversation as the page holds it, in order. */
function held(person: Person): Promise<Sent[]> {
  return person.page.evaluate(async () => {
    const team = await window.__sangam!.session.conversation('team')
    while (team.state.get().hasEarlier) await team.loadEarlier(200)
    return team.state.get().messages.map(({ text, number = 0 }) => ({ text, number }))
  })
}

/** Resolves when the page holds at least `count` stored messages: from then on a burst is under way. */
function holds(person: Person, count: number): Promise<void> {
  return pageHolds(
    person.page,
    async (atLeast) =>
      (await window.__sangam!.session.conversation('team')).state.get().lastNumber >= atLeast,
    count,
  )
}

describe('chat', () => {
  let server: ServerProcess
  let browser: TestBrowser
  let asha: Person
  let ravi: Person

  beforeAll(async () => {
    // The limits against floods are somebody else's test; here two pages send as fast as they can.
    server = await ServerProcess.start({ env: { RATE_LIMIT_FACTOR: '100' } })
    browser = await TestBrowser.launch()
    asha = await Person.enter(browser, server, 'Asha')
    ravi = await Person.enter(browser, server, 'Ravi')
    for (const person of [asha, ravi]) await person.page.goto(`${server.url}/c/team`)
  })

  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
  })

  test('a message that one types appears at the other, as text and nothing else', async () => {
    const words = '<img src=x onerror=alert(1)> नमस्ते 👋'
    await asha.page.getByTestId('composer').fill(words)
    await asha.page.getByTestId('send').click()
    const message = ravi.page.getByTestId('message').filter({ hasText: 'नमस्ते' })
    await message.waitFor()
    expect(await message.getByTestId('message-text').textContent()).toBe(words)
    expect(await message.locator('img').count()).toBe(0)
  })

  test('SIGKILL of the server in the middle of bursts: every acknowledged message is there once, in order, and the pages go on', async () => {
    let expected = 1
    for (let round = 0; round < ROUNDS; round++) {
      const bursts = [burst(asha, `asha-${round}`), burst(ravi, `ravi-${round}`)]
      await holds(asha, expected + 20)
      await server.kill('SIGKILL')
      await server.start()
      const acknowledged = (await Promise.all(bursts)).flat()
      expected += 2 * MESSAGES_EACH
      for (const person of [asha, ravi]) {
        await holds(person, expected)
        const messages = await held(person)
        expect(messages.map(({ number }) => number)).toEqual(
          Array.from({ length: expected }, (_, i) => i + 1),
        )
        const numbers = new Map(messages.map(({ text, number }) => [text, number]))
        expect(numbers.size).toBe(expected)
        for (const { text, number } of acknowledged) expect(numbers.get(text)).toBe(number)
        for (const label of [`asha-${round}`, `ravi-${round}`]) {
          const order = messages.filter(({ text }) => text.startsWith(`${label}-`)).map(({ text }) => text)
          expect(order).toEqual(Array.from({ length: MESSAGES_EACH }, (_, i) => `${label}-${i}`))
        }
      }
    }
  }, 180_000)
})
