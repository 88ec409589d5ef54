import { createECDH, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

/** What is needed here of the service worker's world, which these types don't know. */
interface WorkerWorld {
  readonly registration: ServiceWorkerRegistration
  readonly WindowClient: { readonly prototype: { focus: () => Promise<unknown> } }
  readonly NotificationEvent: new (type: string, init: { readonly notification: Notification }) => Event
  dispatchEvent(event: Event): boolean
}

interface Subscription {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

/**
 * Runs in the page: stands in for the browser's push service, which is on the internet. Whether the person allows
 * notifications is still the browser's own answer.
 */
function subscribeHere(subscription: Subscription): void {
  const key = 'test.subscribed'
  const mayUnsubscribe = new Promise((resolve) => {
    addEventListener('may-unsubscribe', resolve, { once: true })
  })
  const held = () => ({
    ...subscription,
    toJSON: () => subscription,
    unsubscribe: async () => {
      await mayUnsubscribe
      localStorage.removeItem(key)
      return true
    },
  })
  PushManager.prototype.subscribe = async () => {
    if (Notification.permission !== 'granted') throw new DOMException('not allowed', 'NotAllowedError')
    localStorage.setItem(key, 'yes')
    return held() as unknown as PushSubscription
  }
  PushManager.prototype.getSubscription = async () =>
    localStorage.getItem(key) === null ? null : (held() as unknown as PushSubscription)
}

async function choose(page: Page, name: string): Promise<void> {
  await page.getByTestId('me-menu').click()
  await page.getByRole('menuitemradio', { name, exact: true }).click()
  await page.getByRole('menu').waitFor({ state: 'detached' })
}

/** Resolves when the menu says that this choice is in force. */
async function seesChosen(page: Page, name: string): Promise<void> {
  await page.getByTestId('me-menu').click()
  await page.getByRole('menuitemradio', { name, exact: true, checked: true }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('menu').waitFor({ state: 'detached' })
}

/**
 * Has the browser hand a push message to the service worker of the page, once that runs: what comes while a worker ends is
 * lost with this tool. Resolves when the worker is done with it: the browser forgets a notification that it is asked about
 * while it puts it up. The worker runs on for as long as the session that is given back is attached.
 */
async function deliver(page: Page, payload: unknown): Promise<CDPSession> {
  const debug = await page.context().newCDPSession(page)
  const { origin } = new URL(page.url())
  const running = new Promise<string>((resolve) => {
    debug.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
      const ready = versions.find(
        ({ status, runningStatus }) => status === 'activated' && runningStatus === 'running',
      )
      if (ready !== undefined) resolve(ready.registrationId)
    })
  })
  const service = 'pushMessaging'
  await debug.send('BackgroundService.startObserving', { service })
  await debug.send('BackgroundService.setRecording', { service, shouldRecord: true })
  const done = new Promise<unknown>((resolve) => {
    debug.on('BackgroundService.backgroundServiceEventReceived', ({ backgroundServiceEvent: event }) => {
      if (event.eventName === 'Push event completed') resolve(event.eventMetadata)
    })
  })
  await debug.send('ServiceWorker.enable')
  await debug.send('ServiceWorker.startWorker', { scopeURL: `${origin}/` })
  const registrationId = await running
  await debug.send('ServiceWorker.deliverPushMessage', {
    origin,
    registrationId,
    data: JSON.stringify(payload),
  })
  expect(await done).toEqual([{ key: 'Status', value: 'Success' }])
  return debug
}

/** What the browser shows as notifications of the app. */
const shown = (page: Page) =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready
    return (await registration.getNotifications()).map(({ title, body, tag }) => ({ title, body, tag }))
  })

/** Clicks the one notification that is shown, as the browser tells the worker of it. */
async function clickNotification(page: Page): Promise<void> {
  const [worker] = page.context().serviceWorkers()
  if (worker === undefined) throw new Error('the page has no service worker')
  await worker.evaluate(async () => {
    const world = globalThis as unknown as WorkerWorld
    // Only a person's own click gives the right to bring a window to the front.
    world.WindowClient.prototype.focus = async () => undefined
    const [notification] = await world.registration.getNotifications()
    if (notification === undefined) throw new Error('no notification is shown')
    world.dispatchEvent(new world.NotificationEvent('notificationclick', { notification }))
  })
}

describe('notifications while the page is closed', () => {
  const keys = createECDH('prime256v1')
  let service: Server
  let server: ServerProcess
  let browser: TestBrowser
  let asha: Person
  let ravi: Person

  beforeAll(async () => {
    service = createServer((request, response) => {
      request.resume()
      request.on('end', () => response.writeHead(201).end())
    })
    service.listen(0, '127.0.0.1')
    await once(service, 'listening')
    server = await ServerProcess.start({ env: { OUTBOUND_PRIVATE: 'on' } })
    browser = await TestBrowser.launch()
    asha = await Person.enter(browser, server, 'Asha')
    ravi = await Person.enter(browser, server, 'Ravi')
    await ravi.page.context().addInitScript(subscribeHere, {
      endpoint: `http://127.0.0.1:${(service.address() as AddressInfo).port}/ravi`,
      keys: {
        p256dh: keys.generateKeys().toString('base64url'),
        auth: randomBytes(16).toString('base64url'),
      },
    })
    for (const { page } of [asha, ravi]) {
      await page.goto(`${server.url}/c/team`)
      await page.getByTestId('composer').waitFor()
    }
  })

  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
    service?.close()
  })

  test('stay off where the browser does not allow them, and the person is told why', async () => {
    await choose(ravi.page, 'Notifications')
    await ravi.page.getByText('The browser does not allow notifications.').first().waitFor()
    await seesChosen(ravi.page, 'No notifications')
  })

  test('come on where it does, also after a reload, and the server sends what it may', async () => {
    await ravi.page.context().grantPermissions(['camera', 'microphone', 'notifications'])
    await choose(ravi.page, 'Notifications with the words')
    await seesChosen(ravi.page, 'Notifications with the words')
    await ravi.page.reload()
    await seesChosen(ravi.page, 'Notifications with the words')
    const told = once(service, 'request') as Promise<[IncomingMessage]>
    await ravi.page.goto('about:blank')
    await asha.page.locator('[data-testid=people-item][data-presence=offline]').waitFor()
    await asha.page.getByTestId('composer').fill('Are you there?')
    await asha.page.getByTestId('send').click()
    const [{ url, headers }] = await told
    expect(url).toBe('/ravi')
    expect(headers['content-encoding']).toBe('aes128gcm')
  })

  test('are shown by the worker as they were sent, and a click opens the conversation', async () => {
    const { page } = ravi
    await page.goto(server.url)
    await page.getByTestId('me-menu').waitFor()
    const debug = await deliver(page, {
      type: 'message',
      conversationId: 'team',
      title: 'Asha in team',
      text: 'Are you there?',
    })
    expect(await shown(page)).toEqual([
      { title: 'Asha in team', body: 'Are you there?', tag: 'conversation team' },
    ])
    await clickNotification(page)
    await page.waitForURL('**/c/team')
    await page.getByTestId('message').filter({ hasText: 'Are you there?' }).waitFor()
    await expect.poll(() => shown(page)).toEqual([])
    await debug.detach()
  })

  test('go off when they are chosen away', async () => {
    const { page } = ravi
    await choose(page, 'No notifications')
    // The menu is open again before the browser has heard: it says so by itself once that is done.
    await page.getByTestId('me-menu').click()
    await page.getByRole('menuitemradio', { name: 'Notifications with the words', checked: true }).waitFor()
    await page.evaluate(() => dispatchEvent(new Event('may-unsubscribe')))
    await page.getByRole('menuitemradio', { name: 'No notifications', checked: true }).waitFor()
    expect(browser.problems).toEqual([])
  })
})
