import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { findFreePorts } from './harness/free-ports.ts'
import { MediaPage } from './harness/media-page.ts'

const FRAMES = 10
const SIMULCAST = [
  { rid: 'r0', scaleResolutionDownBy: 4, maxBitrate: 150_000, scalabilityMode: 'L1T3' },
  { rid: 'r1', scaleResolutionDownBy: 2, maxBitrate: 500_000, scalabilityMode: 'L1T3' },
  { rid: 'r2', scaleResolutionDownBy: 1, maxBitrate: 1_500_000, scalabilityMode: 'L1T3' },
]
const HIGHEST_TEMPORAL = 2
const svc = (scalabilityMode: string) => [{ scalabilityMode, maxBitrate: 2_000_000 }]

describe.each([
  ['video/VP8', 'simulcast', 'three streams', SIMULCAST],
  ['video/H264', 'simulcast', 'three streams', SIMULCAST],
  ['video/VP9', 'simulcast', 'three streams', SIMULCAST],
  ['video/AV1', 'simulcast', 'three streams', SIMULCAST],
  ['video/VP9', 'svc', 'mode L3T3_KEY', svc('L3T3_KEY')],
  ['video/VP9', 'svc', 'mode L3T3', svc('L3T3')],
  ['video/VP9', 'svc', 'mode S3T3', svc('S3T3')],
  ['video/AV1', 'svc', 'mode L3T3_KEY', svc('L3T3_KEY')],
  ['video/AV1', 'svc', 'mode L3T3', svc('L3T3')],
] as const)('Chromium publishes %s as %s, %s', (mimeType, type, _what, encodings) => {
  // H.264 as browsers send it does not tell its temporal layers: it counts as having one.
  const highestTemporal = mimeType === 'video/H264' ? 0 : HIGHEST_TEMPORAL
  let browser: TestBrowser
  let media: MediaPage

  beforeAll(async () => {
    browser = await TestBrowser.launch()
    media = await MediaPage.open(browser, await findFreePorts(10))
    const producer = await media.publish(mimeType, [...encodings])
    expect(producer.type).toBe(type)
    await media.subscribe()
  })

  afterAll(async () => {
    await media?.[Symbol.asyncDispose]()
    await browser?.close()
  })

  /** Waits for pictures of a width, and for ten more after the first of them. */
  async function decodes(frameWidth: number): Promise<void> {
    await expect.poll(async () => (await media.received()).frameWidth, { timeout: 20_000 }).toBe(frameWidth)
    const { framesDecoded } = await media.received()
    await expect
      .poll(async () => (await media.received()).framesDecoded, { timeout: 20_000 })
      .toBeGreaterThan(framesDecoded + FRAMES)
  }

  test('a receiver gets each spatial layer that it prefers, and never has to ask for a key frame', async () => {
    await decodes(1280)
    const { consumer } = media
    for (const [spatialLayer, frameWidth] of [
      [0, 320],
      [2, 1280],
      [1, 640],
      [2, 1280],
      [0, 320],
    ] as const) {
      await consumer?.setPreferredLayers({ spatialLayer })
      expect(consumer?.preferredLayers).toEqual({ spatialLayer, temporalLayer: highestTemporal })
      await decodes(frameWidth)
      expect(consumer?.currentLayers).toEqual({ spatialLayer, temporalLayer: highestTemporal })
    }
    expect((await media.received()).pliCount).toBe(0)
  })

  test.skipIf(highestTemporal === 0)('temporal layers come and go in the same size', async () => {
    const { consumer } = media
    const keyFramesAsked = async (): Promise<number> =>
      ((await media.producer?.getStats()) ?? []).reduce((sum, row) => sum + row.pliCount, 0)
    await consumer?.setPreferredLayers({ spatialLayer: 0 })
    await decodes(320)
    const before = await keyFramesAsked()
    for (const temporalLayer of [0, 2, 1]) {
      await consumer?.setPreferredLayers({ spatialLayer: 0, temporalLayer })
      await expect.poll(() => consumer?.currentLayers).toEqual({ spatialLayer: 0, temporalLayer })
      await decodes(320)
    }
    expect(await keyFramesAsked()).toBe(before)
    expect((await media.received()).pliCount).toBe(0)
  })

  test('statistics tell a rate for each layer, higher layers more', async () => {
    const rates = async (): Promise<number[]> => {
      const rows = (await media.producer?.getStats()) ?? []
      const best = rows.toSorted((a, b) => b.bitrate - a.bitrate)[0]
      return Object.values(best?.bitrateByLayer ?? {})
    }
    await expect
      .poll(async () => (await rates()).length)
      .toBe((type === 'simulcast' ? 1 : 3) * (highestTemporal + 1))
    await expect.poll(async () => (await rates()).at(-1)).toBeGreaterThan(0)
    const [lowest = 0, ...higher] = await rates()
    for (const rate of higher) expect(rate).toBeGreaterThanOrEqual(lowest)
  })
})

describe('at 5 % loss towards the receiver', () => {
  test.each([
    ['video/VP8', 'three streams', SIMULCAST],
    ['video/VP9', 'mode L3T3_KEY', svc('L3T3_KEY')],
  ] as const)(
    '%s, %s: what is lost around changes of layers is retransmitted',
    async (mimeType, _what, encodings) => {
      await using browser = await TestBrowser.launch()
      await using media = await MediaPage.open(browser, await findFreePorts(10), 0.05)
      await media.publish(mimeType, [...encodings])
      const consumer = await media.subscribe()
      for (const [spatialLayer, frameWidth] of [
        [2, 1280],
        [0, 320],
        [1, 640],
        [2, 1280],
        [1, 640],
      ] as const) {
        await consumer.setPreferredLayers({ spatialLayer })
        await expect
          .poll(async () => (await media.received()).frameWidth, { timeout: 20_000 })
          .toBe(frameWidth)
        const { framesDecoded } = await media.received()
        await expect
          .poll(async () => (await media.received()).framesDecoded, { timeout: 20_000 })
          .toBeGreaterThan(framesDecoded + 2 * FRAMES)
      }
      expect(media.relay?.lost).toBeGreaterThan(0)
      const { retransmittedPacketsReceived } = await media.received()
      expect(retransmittedPacketsReceived).toBeGreaterThan(0)
    },
  )
})
