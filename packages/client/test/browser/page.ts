// The SDK alone on a page, for tests that drive it in a real browser: `await page.evaluate(() => sdk.connect(…))`.
import * as sdk from '../../src/index.ts'

declare global {
  interface Window {
    sdk: typeof sdk
  }
}

window.sdk = sdk
