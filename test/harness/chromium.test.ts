import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './chromium.ts'

const page = '<!doctype html><title>Harness</title><video autoplay playsinline></video>'
const site = createServer(({ url: path }, response) => {
  response.setHeader('content-type', 'text/html')
  if (path === '/strict') response.setHeader('content-security-policy', "script-src 'self'")
  response.end(page)
})
let url: string

beforeAll(async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  site.listen(0, '127.0.0.1', resolve)
  await promise
  url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`
})
afterAll(() => void site.close())

describe('the browser that tests drive', () => {
  test('gives a page a fake camera and microphone without asking', async () => {
    await using browser = await TestBrowser.launch()
    const window = await browser.openWindow()
    await window.goto(url)
    const kinds = await window.evaluate(async () => {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true })
      const video = document.querySelector('video')
      if (!video) throw new Error('the page has no video element')
      video.srcObject = stream
      await new Promise((resolve) => video.requestVideoFrameCallback(resolve))
      return stream.getTracks().map(({ kind }) => kind)
    })
    expect(kinds.sort()).toEqual(['audio', 'video'])
  })

  test('keeps the storage of windows apart, and shares that of tabs', async () => {
    await using browser = await TestBrowser.launch()
    const [asha, ravi] = [await browser.openWindow(), await browser.openWindow()]
    const tab = await asha.context().newPage()
    for (const window of [asha, ravi, tab]) await window.goto(url)
    await asha.evaluate(() => localStorage.setItem('name', 'Asha'))
    expect(await ravi.evaluate(() => localStorage.getItem('name'))).toBeNull()
    expect(await tab.evaluate(() => localStorage.getItem('name'))).toBe('Asha')
  })

  test('collects what goes wrong in a page', async () => {
    await using browser = await TestBrowser.launch()
    const window = await browser.openWindow({ name: 'Asha' })
    await window.goto(url)
    const thrown = window.context().waitForEvent('weberror')
    await window.evaluate(() => {
      console.error('first')
      setTimeout(() => {
        throw new Error('second')
      })
    })
    await thrown
    expect(browser.problems.filter((text) => !text.includes('favicon'))).toEqual([
      'Asha: first',
      'Asha: second',
    ])
  })

  test('collects what the content security policy stopped, also where the page took it in silence', async () => {
    await using browser = await TestBrowser.launch()
    const window = await browser.openWindow({ name: 'Asha' })
    await window.goto(`${url}strict`)
    const told = window.waitForEvent('console', (message) => message.text().includes('policy stopped'))
    // In a task of its own: what the driver itself evaluates, Chromium lets pass.
    await window.evaluate(() => {
      setTimeout(() => {
        try {
          new Function('return 1')
        } catch {}
      })
    })
    await told
    expect(browser.problems.filter((text) => !text.includes('favicon'))).toEqual([
      'Asha: the content security policy stopped eval (script-src)',
    ])
  })
})
