import axe, { type Result } from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Party, STOPS } from './tour.ts'

/** What would keep somebody from using a screen; the rest of axe's findings is advice. */
const IMPACTS: readonly (string | null | undefined)[] = ['serious', 'critical']

/** What axe-core finds wrong with a page as it stands, each with the first elements that it concerns. */
async function findings(page: Page): Promise<readonly string[]> {
  // Run by the debugger: the page's content security policy admits no script of ours.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  const violations: readonly Result[] = await page.evaluate(async () => {
    const { axe: checker } = window as unknown as { readonly axe: typeof axe }
    return (await checker.run(document, { resultTypes: ['violations'] })).violations
  })
  return violations
    .filter(({ impact }) => IMPACTS.includes(impact))
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 4)
          .map(({ html, any }) => `${html.slice(0, 160)} ${any.map(({ message }) => message).join(' ')}`)
          .join(' | ')}`,
    )
}

describe('axe finds nothing serious, in light and in dark, in', () => {
  let party: Party

  beforeAll(async () => {
    party = await Party.begin()
  }, 120_000)
  afterAll(() => party?.[Symbol.asyncDispose]())

  test.each(STOPS)(
    '%s',
    async (_name, stop) => {
      const found: string[] = []
      let looks = 0
      await stop(party, async (screen, page) => {
        looks += 1
        await stopMotion(page)
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme })
          for (const finding of await findings(page)) found.push(`${screen} (${colorScheme}): ${finding}`)
        }
        await page.emulateMedia({ colorScheme: 'light' })
      })
      expect(looks).toBeGreaterThan(0)
      expect(found).toEqual([])
    },
    180_000,
  )

  test('all of it raises no error in any page', () => {
    // In the last part the network is away.
    expect(party.problems.filter((problem) => !problem.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([])
  })
})

/** Shows everything in the colours and places that it comes to in the end, also what would still move or fade. */
async function stopMotion(page: Page): Promise<void> {
  await page.evaluate(() => {
    const still = new CSSStyleSheet()
    still.replaceSync('*, ::before, ::after { animation: none !important; transition: none !important }')
    document.adoptedStyleSheets = [still]
  })
}
