// Takes a picture of every screen, on desktop and phone, in light and dark, for somebody to look at:
// node test/screens/pictures.ts FOLDER
// Those in docs/images are `conversation.desktop.light` and `room.desktop.light`.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { TestBrowser } from '../harness/chromium.ts'
import { drawFaces } from './faces.ts'
import { Party, STOPS } from './tour.ts'

const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('name a folder for the pictures')
mkdirSync(folder, { recursive: true })

async function take(screen: string, page: Page): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({
        path: join(folder ?? '', `${screen.replaceAll(/[ ,]+/g, '-')}.${size}.${colorScheme}.png`),
        animations: 'disabled',
      })
    }
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(SIZES.desktop)
}

const scratch = mkdtempSync(join(tmpdir(), 'sangam-faces-'))
try {
  await using studio = await TestBrowser.launch()
  await using party = await Party.begin(await drawFaces(await studio.openWindow(), scratch))
  for (const [, stop] of STOPS) await stop(party, take)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
