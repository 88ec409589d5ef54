import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { types } from '@sangam/sfu'
import { describe, expect, test } from 'vitest'
import { findGstreamer } from '../../scripts/gstreamer-install.ts'
import { findFreePorts } from '../harness/free-ports.ts'
import { EngineRoom, LOOPBACK } from './engine-room.ts'

const SSRC = 0x47535431
/** Pictures, or frames of sound of 20 ms, that the receiver decodes before it ends. */
const BUFFERS = 25

/** How GStreamer makes, sends, takes and decodes one codec, and how the router knows it. */
interface Codec {
  readonly kind: types.MediaKind
  readonly parameters: types.RtpCodecParameters
  readonly send: string
  readonly receive: string
}

const CODECS: Readonly<Record<string, Codec>> = {
  Opus: {
    kind: 'audio',
    parameters: { mimeType: 'audio/opus', payloadType: 111, clockRate: 48000, channels: 2 },
    send: 'audiotestsrc is-live=true ! audio/x-raw,channels=2,rate=48000 ! opusenc ! rtpopuspay pt=111',
    receive: 'rtpopusdepay ! opusdec',
  },
  VP8: {
    kind: 'video',
    parameters: { mimeType: 'video/VP8', payloadType: 96, clockRate: 90000 },
    send: 'videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1 ! vp8enc deadline=1 keyframe-max-dist=25 ! rtpvp8pay pt=96 picture-id-mode=15-bit',
    receive: 'rtpvp8depay ! vp8dec',
  },
}

/** A running pipeline; ends with the test that disposes of it. */
class Pipeline implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #log = ''

  constructor(description: string) {
    const args = ['-q', ...description.split(' ')]
    this.#child = spawn(findGstreamer() ?? '', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      output?.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text
      })
    }
    this.#ended = once(this.#child, 'close').then(([code]) => code as number | null)
  }

  /** Resolves when the pipeline has come to its end. @throws Error with what it said if it failed */
  async finished(): Promise<void> {
    const code = await this.#ended
    if (code !== 0) throw new Error(`the pipeline ended with ${code}: ${this.#log}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}

describe.skipIf(findGstreamer() === undefined)('GStreamer', () => {
  test.each(Object.keys(CODECS))(
    'sends %s into a PlainTransport, and decodes it from another one',
    async (name) => {
      const codec = CODECS[name] as Codec
      await using room = new EngineRoom()
      const router = await room.openRouter()
      const ingest = await router.createPlainTransport({ listenInfo: LOOPBACK, comedia: true })
      const producer = await ingest.produce({
        kind: codec.kind,
        rtpParameters: { codecs: [codec.parameters], encodings: [{ ssrc: SSRC }] },
      })
      const port = await findFreePorts(1)
      const outlet = await router.createPlainTransport({ listenInfo: LOOPBACK })
      await outlet.connect({ ip: '127.0.0.1', port })
      const consumer = await outlet.consume({
        producerId: producer.id,
        rtpCapabilities: router.rtpCapabilities,
      })
      const [{ payloadType, clockRate, mimeType }] = consumer.rtpParameters.codecs as [
        types.RtpCodecParameters,
      ]
      const caps = `application/x-rtp,media=${codec.kind},encoding-name=${mimeType.split('/')[1]?.toUpperCase()},payload=${payloadType},clock-rate=${clockRate}`
      await using receiver = new Pipeline(
        `udpsrc address=127.0.0.1 port=${port} caps=${caps} ! ${codec.receive} ! fakesink num-buffers=${BUFFERS}`,
      )
      await using _sender = new Pipeline(
        `${codec.send} ssrc=${SSRC} ! udpsink host=127.0.0.1 port=${ingest.tuple.localPort}`,
      )
      await receiver.finished()
      expect((await producer.getStats())[0]).toMatchObject({ ssrc: SSRC, mimeType, packetsLost: 0 })
    },
  )
})
