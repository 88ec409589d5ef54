import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from '../harness/chromium.ts'
import { launchFirefox, noFirefox, ownAddress } from '../harness/firefox.ts'
import { EchoRoom } from './echo-room.ts'

const BROWSERS = [
  { name: 'Chromium', missing: undefined, ip: '127.0.0.1', launch: () => TestBrowser.launch() },
  { name: 'Firefox', missing: noFirefox(), ip: ownAddress() ?? '', launch: launchFirefox },
]
const FRAMES = 10
const AUDIO_PACKETS = 20
const MESSAGE_BYTES = 100_000
const PATIENCE = { timeout: 30_000, interval: 200 }

for (const { name, missing, ip, launch } of BROWSERS) {
  describe.skipIf(missing !== undefined)(
    `${name} with mediasoup-client, to the engine and back${missing === undefined ? '' : ` (skipped: ${missing})`}`,
    () => {
      let browser: TestBrowser
      let room: EchoRoom

      beforeAll(async () => {
        browser = await launch()
        room = await EchoRoom.open(browser, ip)
        await room.echo()
      })

      afterAll(async () => {
        await room?.[Symbol.asyncDispose]()
        await browser?.close()
      })

      /** Waits for more sound and pictures than there were. */
      async function flows(): Promise<void> {
        const [audio, video] = await room.received()
        await expect
          .poll(async () => (await room.received())[1]?.framesDecoded, PATIENCE)
          .toBeGreaterThan((video?.framesDecoded ?? 0) + FRAMES)
        await expect
          .poll(async () => (await room.received())[0]?.packetsReceived, PATIENCE)
          .toBeGreaterThan((audio?.packetsReceived ?? 0) + AUDIO_PACKETS)
      }

      test('sound and VP8 come back and are decoded', async () => {
        expect(room.producers.map(({ kind }) => kind).sort()).toEqual(['audio', 'video'])
        await flows()
      })

      test('text and bytes come back over the data channel, whole and in order', async () => {
        await room.page.evaluate((bytes) => window.echoPage.send('namaste', bytes), MESSAGE_BYTES)
        await expect.poll(() => room.messages(), PATIENCE).toEqual(['namaste', MESSAGE_BYTES])
      })

      test('the round trip to the publisher is known from its reports', async () => {
        const video = room.producers.find(({ kind }) => kind === 'video')
        await expect
          .poll(async () => (await video?.getStats())?.[0]?.roundTripTime, PATIENCE)
          .toBeGreaterThanOrEqual(0)
      })

      test('media goes on after an ICE restart', async () => {
        await room.restartIce()
        await flows()
      })

      test('no page reported an error', () => {
        expect(browser.problems).toEqual([])
      })
    },
  )
}
