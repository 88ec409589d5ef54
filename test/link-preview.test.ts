import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type Sangam } from '@sangam/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { Person } from './harness/person.ts'

const PAGE = '<title>Figures of the week</title><meta name="description" content="All of them, by day.">'

describe('the preview of a link in the app', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sangam-preview-'))
  const asked: string[] = []
  let site: Server
  let link: string
  let sangam: Sangam
  let browser: TestBrowser
  let asha: Person
  let ravi: Person

  beforeAll(async () => {
    site = createHttpServer((request, response) => {
      asked.push(request.url ?? '')
      response.setHeader('content-type', 'text/html').end(PAGE)
    })
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    const { port } = site.address() as AddressInfo
    link = `http://127.0.0.1:${port}/figures`
    sangam = await createServer({
      env: {},
      configFile: false,
      port: 0,
      httpsPort: 'off',
      mediaWorkers: 0,
      logLevel: 'error',
      network: { lan: [], loopback: ['127.0.0.1'] },
      dataDir,
      linkPreviews: true,
      previewTarget: (address, targetPort) => address === '127.0.0.1' && targetPort === port,
    })
    const url = (await sangam.listen()).localUrl.replace('localhost', '127.0.0.1')
    browser = await TestBrowser.launch()
    asha = await Person.enter(browser, { url }, 'Asha')
    ravi = await Person.enter(browser, { url }, 'Ravi')
    for (const person of [asha, ravi]) {
      await person.goTo('/c/team')
      await person.page.getByTestId('composer').waitFor()
    }
  })

  afterAll(async () => {
    await browser?.close()
    await sangam?.close()
    site?.close()
    rmSync(dataDir, { recursive: true, force: true })
  })

  test('stands over the composer while one writes, goes with the message, and only the server asks the site', async () => {
    await asha.page.getByTestId('composer').fill(`Look: ${link}`)
    const drafted = asha.page.getByTestId('drafted-preview')
    await drafted.getByText('Figures of the week').waitFor()
    await drafted.getByText('All of them, by day.').waitFor()
    await asha.page.getByTestId('send').click()
    await drafted.waitFor({ state: 'detached' })
    const message = ravi.page.getByTestId('message').filter({ hasText: 'Look:' })
    const preview = message.getByRole('link', { name: 'Figures of the week' })
    await preview.waitFor()
    expect(await preview.getAttribute('href')).toBe(link)
    expect(asked).toEqual(['/figures'])
  })

  test('is left off where its cross is chosen, for that message alone', async () => {
    await asha.page.getByTestId('composer').fill(`Bare: ${link}`)
    await asha.page.getByRole('button', { name: 'Send without the preview' }).click()
    await asha.page.getByTestId('drafted-preview').waitFor({ state: 'detached' })
    await asha.page.getByTestId('send').click()
    const message = ravi.page.getByTestId('message').filter({ hasText: 'Bare:' })
    await message.getByRole('link', { name: link }).waitFor()
    expect(await message.getByText('Figures of the week').count()).toBe(0)
    await asha.page.getByTestId('composer').fill(`Again: ${link}?day=2`)
    await asha.page.getByTestId('drafted-preview').waitFor()
    expect(browser.problems).toEqual([])
  })
})
