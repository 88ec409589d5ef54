import type { Page } from 'playwright-core'

/** Milliseconds between two questions. */
const PAUSE_MS = 50

/**
 * Resolves when what is asked of a page asynchronously is so. `page.waitForFunction()` takes the promise itself for an
 * answer, which is always true.
 */
export async function pageHolds<Argument>(
  page: Page,
  question: (argument: Argument) => Promise<boolean>,
  argument: Argument,
): Promise<void> {
  const ask = () => page.evaluate<boolean, Argument>(question as never, argument)
  while (!(await ask())) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
}
