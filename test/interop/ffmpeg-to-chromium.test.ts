import type { types } from '@sangam/sfu'
import { describe, expect, test } from 'vitest'
import { hasFfmpeg } from '../../scripts/ffmpeg-install.ts'
import { TestBrowser } from '../harness/chromium.ts'
import { playedInChromium, receiveInChromium } from './chromium.ts'
import { EngineRoom, ffmpegRtpParameters, LOOPBACK } from './engine-room.ts'
import { FFMPEG_CODECS, Ffmpeg } from './ffmpeg.ts'

const PICTURES = 25

/** Has `router` take what ffmpeg sends of a codec. */
async function ingest(router: types.Router, name: 'opus' | 'vp8' | 'h264', ssrc: number) {
  const codec = FFMPEG_CODECS[name]
  const transport = await router.createPlainTransport({ listenInfo: LOOPBACK, comedia: true, rtcpMux: false })
  const rtpParameters = ffmpegRtpParameters(codec, ssrc)
  const producer = await transport.produce({ kind: codec.kind, rtpParameters })
  const rtcp = `rtcpport=${transport.rtcpTuple?.localPort}`
  const url = `rtp://127.0.0.1:${transport.tuple.localPort}?${rtcp}&pkt_size=1200`
  return { producer, sender: Ffmpeg.send(codec, ssrc, url) }
}

describe.skipIf(!hasFfmpeg())('ffmpeg to Chromium', () => {
  test.each(['vp8', 'h264'] as const)('%s and Opus are seen and heard, through a pipe too', async (name) => {
    await using room = new EngineRoom()
    await using browser = await TestBrowser.launch({ flags: ['--autoplay-policy=no-user-gesture-required'] })
    const [here, there] = [await room.openRouter(), await room.openRouter()]
    const [opus, video] = [await ingest(here, 'opus', 1111), await ingest(here, name, 2222)]
    await using _opus = opus.sender
    await using _video = video.sender
    for (const router of [here, there]) {
      const transport = await router.createWebRtcTransport({ listenInfos: [LOOPBACK] })
      const consumers: types.Consumer[] = []
      for (const { producer } of [opus, video]) {
        if (router === there) await here.pipeToRouter({ producerId: producer.id, router: there })
        const { rtpCapabilities } = router
        consumers.push(await transport.consume({ producerId: producer.id, rtpCapabilities }))
      }
      const page = await browser.openWindow()
      await receiveInChromium(page, transport, consumers)
      const tracks = await playedInChromium(page, PICTURES)
      expect(tracks.map(({ mimeType }) => mimeType).sort()).toEqual(
        ['audio/opus', FFMPEG_CODECS[name].mimeType].sort(),
      )
      expect(tracks.find(({ kind }) => kind === 'video')?.frameWidth).toBe(320)
      await page.close()
    }
    expect(browser.problems).toEqual([])
  })
})
