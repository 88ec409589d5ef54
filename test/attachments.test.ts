import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

/** A picture of noise, which no format makes small: it gets a thumbnail. */
const drawPicture = (person: Person): Promise<string> =>
  person.page.evaluate(() => {
    const canvas = document.createElement('canvas')
    canvas.width = 320
    canvas.height = 240
    const context = canvas.getContext('2d')
    const pixels = context?.createImageData(320, 240)
    for (let at = 0; pixels !== undefined && at < pixels.data.length; at += 1) {
      pixels.data[at] = at % 4 === 3 ? 255 : Math.floor(Math.random() * 256)
    }
    if (pixels !== undefined) context?.putImageData(pixels, 0, 0)
    return canvas.toDataURL('image/png').replace(/^.*,/, '')
  })

describe('attachments in the app', () => {
  let server: ServerProcess
  let browser: TestBrowser
  let asha: Person
  let ravi: Person

  beforeAll(async () => {
    server = await ServerProcess.start()
    browser = await TestBrowser.launch()
    asha = await Person.enter(browser, server, 'Asha')
    ravi = await Person.enter(browser, server, 'Ravi')
    for (const person of [asha, ravi]) {
      await person.page.goto(`${server.url}/c/team`)
      await person.page.getByTestId('composer').waitFor()
    }
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
  })

  test('a picture and a page go with the text, and are seen as picture and as download', async () => {
    const buffer = Buffer.from(await drawPicture(asha), 'base64')
    await asha.page.getByTestId('file-input').setInputFiles([
      { name: 'noise.png', mimeType: 'image/png', buffer },
      {
        name: 'page.html',
        mimeType: 'text/html',
        buffer: Buffer.from('<script>document.title = "run"</script>'),
      },
    ])
    await asha.page.locator('[data-testid=drafted-file][data-status=done]').nth(1).waitFor()
    await asha.page.getByTestId('composer').fill('look at these')
    await asha.page.getByTestId('send').click()

    const message = ravi.page.getByTestId('message').filter({ hasText: 'look at these' })
    const picture = message.locator('[data-type="image/png"] img')
    await picture.waitFor()
    await ravi.page.waitForFunction(
      () =>
        (document.querySelector('[data-type="image/png"] img') as HTMLImageElement | null)?.naturalWidth ===
        320,
    )
    expect(await picture.getAttribute('src')).toContain('/thumbnail?')
    const link = message.locator('[data-type="text/html"] a')
    expect(await link.getAttribute('download')).toBe('page.html')
    expect(await asha.page.getByTestId('drafted-file').count()).toBe(0)
  }, 60_000)

  test('a voice note is recorded, sent without words, and can be played', async () => {
    await asha.page.getByTestId('voice').click()
    await asha.page.getByRole('timer').filter({ hasText: '0:01' }).waitFor()
    await asha.page.getByTestId('voice-end').click()
    await asha.page.locator('[data-testid=drafted-file][data-status=done]').waitFor()
    await asha.page.getByTestId('send').click()
    await ravi.page.locator('[data-testid=attachment] audio[src]').waitFor()
    const isPlaying = await ravi.page.evaluate(async () => {
      const sound = document.querySelector<HTMLAudioElement>('[data-testid=attachment] audio')
      await sound?.play()
      return sound?.paused === false
    })
    expect(isPlaying).toBe(true)
    expect(await ravi.page.locator('[data-testid=attachment] svg rect').count()).toBeGreaterThan(5)
  }, 60_000)
})
