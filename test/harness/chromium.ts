import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { findChromium } from '../../scripts/chromium-install.ts'

/** What may differ between one test's browser and another's. */
export interface ChromiumOptions {
  /** A .y4m or .mjpeg file that every camera shows instead of Chromium's own test picture. */
  readonly fakeVideoFile?: string
  /** A .wav file that every microphone plays; switch noise suppression off in the page or a steady tone is removed. */
  readonly fakeAudioFile?: string
  /** Further command-line flags. */
  readonly flags?: readonly string[]
  /** Another program to start, such as a wrapper that enters a network namespace. */
  readonly executablePath?: string
}

/** What may differ between one person's window and another's. */
export interface WindowOptions {
  /** Names the window in `problems`. */
  readonly name?: string
  /** CSS pixels; 1280 x 800 unless told. */
  readonly viewport?: { readonly width: number; readonly height: number }
  readonly colorScheme?: 'light' | 'dark'
}

// Root can't use the sandbox; the rest gives camera and microphone without asking and keeps the network quiet.
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream=fps=30',
]

/**
 * One headless browser with a new profile in a temporary folder, and several people in it: each window is a context
 * of its own, with its own cookies, storage and databases. Use it with `await using`, or close it.
 */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser
  readonly #problems: string[] = []
  readonly #permissions: string[]

  /** @param permissions that pages have without asking; what a browser grants by its settings it may not know by name */
  constructor(browser: Browser, permissions = ['camera', 'microphone']) {
    this.#browser = browser
    this.#permissions = permissions
  }

  /** Starts the system's Chromium. @throws Error if there is none */
  static async launch(options: ChromiumOptions = {}): Promise<TestBrowser> {
    const executablePath = options.executablePath ?? findChromium()
    if (executablePath === undefined) throw new Error('there is no Chromium; npm test installs or names it')
    const { fakeVideoFile, fakeAudioFile, flags = [] } = options
    const args = [...FLAGS, ...flags]
    if (fakeVideoFile !== undefined) args.push(`--use-file-for-fake-video-capture=${fakeVideoFile}`)
    if (fakeAudioFile !== undefined) args.push(`--use-file-for-fake-audio-capture=${fakeAudioFile}`)
    return new TestBrowser(await chromium.launch({ executablePath, headless: true, args }))
  }

  /**
   * What went wrong in any page so far, with the window's name: uncaught errors, messages of console.error, and what the
   * content security policy stopped, also where the page took that in silence.
   */
  get problems(): readonly string[] {
    return this.#problems
  }

  /** A window of a new person, empty. Its context, `page.context()`, gives further tabs of the same person. */
  async openWindow(options: WindowOptions = {}): Promise<Page> {
    const { name = `window ${this.#browser.contexts().length + 1}`, colorScheme = 'light' } = options
    const context = await this.#browser.newContext({
      ignoreHTTPSErrors: true,
      permissions: this.#permissions,
      viewport: options.viewport ?? { width: 1280, height: 800 },
      colorScheme,
    })
    this.#watch(context, name)
    await context.addInitScript(tellViolations)
    return context.newPage()
  }

  /** Ends the browser and removes its profile. */
  async close(): Promise<void> {
    await this.#browser.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #watch(context: BrowserContext, name: string): void {
    context.on('weberror', (error) => this.#problems.push(`${name}: ${error.error().message}`))
    context.on('console', (message) => {
      if (message.type() === 'error') this.#problems.push(`${name}: ${message.text()}`)
    })
  }
}

/** Runs in the page, before anything of its own. */
function tellViolations(): void {
  addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
    console.error(`the content security policy stopped ${blockedURI} (${effectiveDirective})`)
  })
}
