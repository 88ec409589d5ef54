import type { Page } from 'playwright-core'
import { TestBrowser } from '../harness/chromium.ts'
import { Person } from '../harness/person.ts'
import { ServerProcess } from '../harness/server-process.ts'

/** Looks at a screen as it stands: checks it, or takes its picture. */
export type Look = (screen: string, page: Page) => Promise<void>

/** One part of the app: brings its screens up one after the other and has each looked at. */
export type Stop = (party: Party, look: Look) => Promise<void>

/** A server and three people with the app open, each with a face of their own where the cameras have files to show. */
export class Party implements AsyncDisposable {
  readonly server: ServerProcess
  readonly browsers: readonly TestBrowser[]
  readonly asha: Person
  readonly ravi: Person
  readonly lena: Person

  private constructor(server: ServerProcess, browsers: readonly TestBrowser[], people: readonly Person[]) {
    const [asha, ravi, lena] = people
    if (asha === undefined || ravi === undefined || lena === undefined) throw new Error('three make a party')
    this.server = server
    this.browsers = browsers
    this.asha = asha
    this.ravi = ravi
    this.lena = lena
  }

  /** @param faces .mjpeg files that the three cameras show; Chromium's own test picture unless told */
  static async begin(faces: readonly string[] = []): Promise<Party> {
    const server = await ServerProcess.start({ env: { RATE_LIMIT_FACTOR: '100' } })
    const browsers: TestBrowser[] = []
    try {
      // A picture that changes five times a second is there as well, and leaves the machine to the pages.
      const slowly = { flags: ['--use-fake-device-for-media-stream=fps=5'] }
      if (faces.length === 0) browsers.push(await TestBrowser.launch(slowly))
      for (const fakeVideoFile of faces) browsers.push(await TestBrowser.launch({ fakeVideoFile }))
      const people: Person[] = []
      for (const [index, name] of ['Asha Raman', 'Ravi Menon', 'Lena Fischer'].entries()) {
        const browser = browsers[index % browsers.length]
        if (browser !== undefined) people.push(await Person.enter(browser, server, name))
      }
      return new Party(server, browsers, people)
    } catch (error) {
      await Promise.all(browsers.map((browser) => browser.close()))
      await server.dispose()
      throw error
    }
  }

  /** What went wrong in any page so far. */
  get problems(): readonly string[] {
    return this.browsers.flatMap(({ problems }) => problems)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.browsers.map((browser) => browser.close()))
    await this.server.dispose()
  }
}

const messageOf = ({ page }: Person, text: string) =>
  page.getByTestId('message').filter({ hasText: text }).first()

/** @param shown a part of it as it is shown, where that differs from how it is written */
async function write(person: Person, text: string, shown = text): Promise<void> {
  await person.page.getByTestId('composer').first().fill(text)
  await person.page.getByTestId('send').first().click()
  await messageOf(person, shown).waitFor()
}

async function choose(person: Person, text: string, action: string): Promise<void> {
  await messageOf(person, text).hover()
  await messageOf(person, text).getByTestId('message-menu').click()
  await person.page.getByTestId(action).first().click()
}

const identityOf = ({ page }: Person): Promise<string> =>
  page.evaluate(() => window.__sangam?.session.identity ?? '')

/** Opens a conversation without loading the page anew. */
async function open(person: Person, path: string): Promise<void> {
  await person.goTo(path)
  await person.page.getByTestId('composer').first().waitFor()
}

/** Resolves when so many videos of the page show a picture. */
async function seesVideos(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll('video')].filter((video) => video.currentTime > 0 && video.videoWidth > 0)
        .length >= wanted,
    count,
  )
}

/** Closes a dialog or a menu as the keyboard does. */
async function dismiss(page: Page): Promise<void> {
  await page.keyboard.press('Escape')
  await page.locator('[role=dialog], [role=menu]').waitFor({ state: 'detached' })
}

const signIn: Stop = async ({ server, browsers: [browser] }, look) => {
  const page = await browser?.openWindow({ name: 'Somebody' })
  if (page === undefined) return
  await page.goto(server.url)
  await page.getByTestId('name-input').waitFor()
  await look('sign-in', page)
  await page.getByTestId('continue').click()
  await page.getByText('Enter a name to go on.').waitFor()
  await look('sign-in without a name', page)
  await page.close()
}

const emptyList: Stop = async ({ asha: { page } }, look) => {
  await look('empty list', page)
  await page.getByTestId('conversation-create').click()
  await page.getByTestId('conversation-private').check()
  await look('new conversation', page)
  await dismiss(page)
  await page.getByTestId('room-create').click()
  await look('new room', page)
  await dismiss(page)
  await page.getByTestId('me-menu').click()
  await page.getByRole('menu').waitFor()
  await look('settings', page)
  await page.getByTestId('blocked-people').click()
  await page.getByText('Nobody. To block').waitFor()
  await look('blocked people, none', page)
  await dismiss(page)
}

const conversation: Stop = async ({ asha, ravi, lena }, look) => {
  const { page } = asha
  for (const person of [asha, ravi, lena]) await open(person, '/c/team')
  await look('conversation, empty', page)
  await write(asha, 'Good morning! The **new build** is out: `npm start` does it all.', 'Good morning')
  await write(lena, 'Nobody noticed, which is the best review.')
  await messageOf(ravi, 'Nobody noticed').hover()
  await messageOf(ravi, 'Nobody noticed').getByTestId('reply').click()
  await write(ravi, 'I did. Search is quick now, and it finds the middle of a week ago.')
  await choose(asha, 'I did. Search', 'quick-react')
  await messageOf(asha, 'I did. Search').getByTestId('reaction').waitFor()
  await choose(ravi, 'Good morning', 'open-thread')
  const thread = ravi.page.getByTestId('thread')
  await thread.getByTestId('composer').fill('Does it migrate by itself?')
  await thread.getByTestId('send').click()
  await messageOf(asha, 'Good morning').getByTestId('thread-link').waitFor()
  await ravi.page.getByRole('button', { name: 'Close the thread' }).click()
  await choose(asha, 'Good morning', 'pin')
  await page.getByTestId('pinned-bar').waitFor()
  await ravi.page.getByTestId('file-input').setInputFiles([
    { name: 'figures.png', mimeType: 'image/png', buffer: Buffer.from(await chart(ravi.page), 'base64') },
    { name: 'figures.csv', mimeType: 'text/csv', buffer: Buffer.from('day,messages\n1,5120\n') },
  ])
  await ravi.page.locator('[data-testid=drafted-file][data-status=done]').nth(1).waitFor()
  await ravi.page.getByTestId('composer').fill('The figures of the week, as promised @Ash')
  await ravi.page.getByTestId('mention-suggestion').click()
  await ravi.page.getByTestId('send').click()
  await messageOf(asha, 'The figures of the week').locator('img').waitFor()
  await write(asha, 'Thank you. Shall we met at ten?')
  await choose(asha, 'Shall we met', 'edit')
  await page.getByTestId('composer').fill('Thank you. Shall we meet at ten?')
  await page.getByTestId('send').click()
  await messageOf(asha, 'Shall we meet').getByTestId('edited').waitFor()
  await write(
    lena,
    'Yes. In the room, with the others?\n> the figures, then the plan\n- ten minutes\n- no slides',
    'no slides',
  )
  await messageOf(asha, 'no slides').waitFor()
  await look('conversation', page)

  await messageOf(asha, 'Nobody noticed').hover()
  await messageOf(asha, 'Nobody noticed').getByTestId('message-menu').click()
  await page.getByRole('menuitem', { name: 'Reply' }).waitFor()
  await look('menu of a message', page)
  await dismiss(page)
  await messageOf(asha, 'Nobody noticed').hover()
  await messageOf(asha, 'Nobody noticed').getByTestId('react').click()
  await page.getByTestId('emoji-picker').waitFor()
  await look('emoji', page)
  await dismiss(page)
  await messageOf(asha, 'Nobody noticed').hover()
  await messageOf(asha, 'Nobody noticed').getByTestId('reply').click()
  await page.getByTestId('composer').fill('Let me see, @Rav')
  await page.getByTestId('mention-suggestion').waitFor()
  await page
    .getByTestId('file-input')
    .setInputFiles([{ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('plan') }])
  await page.locator('[data-testid=drafted-file][data-status=done]').waitFor()
  await look('an answer with a file', page)
  await page.getByRole('button', { name: 'Remove plan.txt' }).click()
  await page.getByTestId('composer').fill('')
  await page.getByRole('button', { name: 'Cancel' }).click()
  await messageOf(asha, 'Good morning').getByTestId('thread-link').click()
  await page.getByTestId('thread').getByTestId('message').filter({ hasText: 'Does it migrate' }).waitFor()
  await look('thread', page)
  await page.getByRole('button', { name: 'Close the thread' }).click()
}

const messageDialogs: Stop = async (party, look) => {
  const { asha } = party
  const { page } = asha
  await choose(asha, 'Shall we meet', 'delete')
  await page.getByTestId('confirm-delete').waitFor()
  await look('delete a message', page)
  await dismiss(page)
  await choose(asha, 'Shall we meet', 'versions')
  await page.getByTestId('version').nth(1).waitFor()
  await look('versions of a message', page)
  await dismiss(page)
  await choose(asha, 'Nobody noticed', 'report')
  await look('report a message', page)
  await page.getByTestId('send-report').click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

const search: Stop = async ({ asha: { page } }, look) => {
  await page.getByTestId('search-conversation').click()
  await look('search', page)
  await page.getByTestId('search-input').fill('figures')
  await page.getByTestId('search-result').first().waitFor()
  await look('search, found', page)
  await page.getByTestId('search-input').fill('nowhere')
  await page.getByText('No message holds these words.').waitFor()
  await look('search, nothing found', page)
  await dismiss(page)
}

const group: Stop = async (party, look) => {
  // Whoever came first owns it.
  const { asha, lena } = party
  const { page } = asha
  await page.getByTestId('group-info').click()
  await page.getByLabel('Slow mode').waitFor()
  await page.getByTestId('reports').locator('summary').click()
  await page.getByTestId('report-item').waitFor()
  await look('group settings', page)
  await page.getByRole('button', { name: 'What to do about Ravi Menon' }).click()
  await page.getByRole('menu').waitFor()
  await look('group settings, a member', page)
  await page.keyboard.press('Escape')
  await page.getByRole('menu').waitFor({ state: 'detached' })
  await dismiss(page)
  await lena.page.getByTestId('group-info').click()
  await lena.page.getByTestId('members').waitFor()
  await look('group, as a member', lena.page)
  await dismiss(lena.page)
  const item = page.locator('[data-testid=conversation-item][data-conversation=team]')
  await item.hover()
  await page.getByTestId('conversation-menu').first().click()
  await page.getByRole('menu').waitFor()
  await look('menu of a conversation', page)
  await dismiss(page)
}

const direct: Stop = async ({ asha, ravi }, look) => {
  const { page } = asha
  await open(asha, `/people/${encodeURIComponent(await identityOf(ravi))}`)
  await write(asha, 'Do you have a minute?')
  await page.getByTestId('person-info').click()
  await page.getByTestId('block').click()
  await page.locator('[data-testid=block][data-state=checked]').waitFor()
  await look('a person, blocked', page)
  await dismiss(page)
  await look('conversation with somebody blocked', page)
  await page.getByRole('button', { name: 'Unblock' }).click()
  await page.getByTestId('blocked-bar').waitFor({ state: 'detached' })
}

const call: Stop = async ({ asha, ravi }, look) => {
  const { page } = asha
  await page.getByTestId('call-video').click()
  await ravi.page.getByTestId('incoming-call').waitFor()
  await look('incoming call', ravi.page)
  await page.locator('[data-testid=call-state][data-state=outgoing]').waitFor()
  await look('outgoing call', page)
  await ravi.page.getByTestId('accept').click()
  await page.locator('[data-testid=call-state][data-state=connected]').waitFor()
  await seesVideos(page, 2)
  await look('call', page)
  await page.getByRole('button', { name: 'Make the call small' }).click()
  await page.getByTestId('return-to-call').waitFor()
  await look('call, small', page)
  await page.getByTestId('hangup').click()
  await page.locator('[data-testid=call-state][data-state=ended]').waitFor()
  await look('call, ended', page)
  await page.getByTestId('dismiss-ended').click()
  await ravi.page.getByTestId('dismiss-ended').click()
}

const room: Stop = async ({ server, asha, ravi, lena }, look) => {
  const { page } = asha
  await asha.joinRoom('standup')
  await ravi.joinRoom('standup')
  await lena.page.goto(`${server.url}/rooms/standup`)
  await seesVideos(lena.page, 1)
  await look('lobby', lena.page)
  await lena.page.getByTestId('room-join').click()
  await lena.page.locator('[data-testid=room][data-state=joined]').waitFor()
  await seesVideos(page, 3)
  await look('room', page)
  await page.getByTestId('room-more').click()
  await page.getByTestId('room-settings').waitFor()
  await look('room, more', page)
  await page.getByTestId('room-settings').click()
  await page.getByTestId('setting-lobby').click()
  await page.locator('[data-testid=setting-lobby][data-state=checked]').waitFor()
  await look('room settings', page)
  await dismiss(page)
  await page.getByTestId('room-more').click()
  await page.getByTestId('room-invite').click()
  await look('room invite', page)
  await page.getByTestId('invite-create').click()
  await page.getByTestId('invite-link').waitFor()
  await look('room invite, made', page)
  await dismiss(page)
}

const moderation: Stop = async ({ server, browsers: [browser], asha, ravi }, look) => {
  const { page } = asha
  if (browser === undefined) return
  const mei = await Person.enter(browser, server, 'Mei Chen')
  await mei.page.goto(`${server.url}/rooms/standup`)
  await mei.page.getByTestId('room-join').click()
  await mei.page.getByTestId('room-waiting').waitFor()
  await look('waiting to come in', mei.page)
  await ravi.page.getByTestId('room-more').click()
  await ravi.page.getByTestId('raise-hand').click()
  await page.getByTestId('people-toggle').click()
  await page.getByTestId('waiting-item').waitFor()
  await page.getByTestId('hand-item').waitFor()
  await look('room, people', page)
  const row = page.getByTestId('participant-item').filter({ hasText: 'Ravi' })
  await row.getByTestId('person-menu').click()
  await page.getByTestId('person-mute').waitFor()
  await look('room, a person', page)
  await page.getByTestId('person-mute').click()
  await ravi.page.getByTestId('muted-by').waitFor()
  await look('room, muted', ravi.page)
  await row.getByTestId('person-menu').click()
  await page.getByTestId('person-ban').click()
  await page.getByTestId('confirm').waitFor()
  await look('room, a question', page)
  await page.keyboard.press('Escape')
  await page.getByTestId('confirm').waitFor({ state: 'detached' })
  await page.getByTestId('chat-toggle').click()
  await page.getByTestId('room-chat').getByTestId('composer').fill('Figures are on the wiki.')
  await page.getByTestId('room-chat').getByTestId('send').click()
  await page.getByTestId('room-chat').getByTestId('message').waitFor()
  await look('room, chat', page)
  await page.getByTestId('waiting-count').waitFor()
  await page.getByTestId('people-toggle').click()
  await page.getByTestId('refuse').click()
  await mei.page.getByTestId('room-closed').waitFor()
  await look('turned away', mei.page)
  await asha.leaveRoom()
}

const errors: Stop = async ({ server, asha }, look) => {
  const { page } = asha
  await page.goto(`${server.url}/nowhere`)
  await page.getByText('There is nothing here').waitFor()
  await look('nothing here', page)
  await page.goto(`${server.url}/c/team`)
  await page.getByTestId('composer').waitFor()
  await page.context().setOffline(true)
  await page.getByTestId('composer').fill('Said while the network is away.')
  await page.getByTestId('send').click()
  await page.locator('[data-testid=connection-state]:not([data-state=online])').waitFor()
  await page.getByTestId('waiting').waitFor()
  await look('offline', page)
  await page.context().setOffline(false)
  await page.locator('[data-testid=connection-state][data-state=online]').waitFor({ state: 'attached' })
}

/** The parts of the app in the order in which one comes by them; each needs those before it. */
export const STOPS: readonly (readonly [name: string, stop: Stop])[] = [
  ['signing in', signIn],
  ['the empty list', emptyList],
  ['a conversation', conversation],
  ['what one does to a message', messageDialogs],
  ['search', search],
  ['a group', group],
  ['somebody', direct],
  ['a call', call],
  ['a room', room],
  ['moderation', moderation],
  ['what goes wrong', errors],
]

/** A picture to send: bars of a week, as base64 of a PNG. */
function chart(page: Page): Promise<string> {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas')
    canvas.width = 640
    canvas.height = 320
    const context = canvas.getContext('2d')
    if (context === null) return ''
    context.fillStyle = '#f3f7f7'
    context.fillRect(0, 0, 640, 320)
    context.fillStyle = '#1a7f88'
    for (const [day, height] of [150, 190, 240, 170, 260, 90, 60].entries()) {
      context.fillRect(40 + day * 84, 290 - height, 56, height)
    }
    return canvas.toDataURL('image/png').replace(/^.*,/, '')
  })
}
