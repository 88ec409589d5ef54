import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { runProcess } from '../../scripts/process.ts'

/** One codec as ffmpeg sends it: what it makes, how it encodes it, and how the router knows it. */
export interface FfmpegCodec {
  readonly kind: 'audio' | 'video'
  readonly mimeType: string
  readonly payloadType: number
  readonly clockRate: number
  readonly channels?: number
  readonly parameters: Readonly<Record<string, string | number>>
  readonly input: readonly string[]
  readonly encoder: readonly string[]
}

/** A second between key frames: nobody can ask ffmpeg for one. */
const PICTURES = ['-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=25']

/** The codecs of these tests, by a short name. */
export const FFMPEG_CODECS: Readonly<Record<'opus' | 'vp8' | 'h264', FfmpegCodec>> = {
  opus: {
    kind: 'audio',
    mimeType: 'audio/opus',
    payloadType: 111,
    clockRate: 48000,
    channels: 2,
    parameters: {},
    input: ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'],
    encoder: ['-c:a', 'libopus', '-ac', '2', '-b:a', '48k'],
  },
  vp8: {
    kind: 'video',
    mimeType: 'video/VP8',
    payloadType: 96,
    clockRate: 90000,
    parameters: {},
    input: PICTURES,
    encoder: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '300k', '-g', '25'],
  },
  h264: {
    kind: 'video',
    mimeType: 'video/H264',
    payloadType: 97,
    clockRate: 90000,
    parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f' },
    input: PICTURES,
    encoder: [
      ...['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-profile:v', 'baseline', '-tune', 'zerolatency'],
      ...['-preset', 'ultrafast', '-b:v', '300k', '-g', '25', '-bsf:v', 'dump_extra=freq=keyframe'],
    ],
  },
}

/** A running ffmpeg; ends with the test that disposes of it. */
export class Ffmpeg implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #log = ''

  private constructor(args: readonly string[]) {
    this.#child = spawn('ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'warning', '-y', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text
    })
    this.#ended = once(this.#child, 'close').then(([code]) => code as number | null)
  }

  /** Sends a test signal in real time, until disposed of. Arguments for SRTP may come before the address. */
  static send(
    codec: FfmpegCodec,
    ssrc: number,
    url: string,
    options: { readonly format?: readonly string[] } = {},
  ): Ffmpeg {
    const stream = ['-payload_type', String(codec.payloadType), '-ssrc', String(ssrc)]
    return new Ffmpeg([
      '-re',
      ...codec.input,
      ...codec.encoder,
      ...stream,
      ...(options.format ?? ['-f', 'rtp']),
      url,
    ])
  }

  /** Writes `seconds` of what the SDP file describes to a file, without decoding; `finished()` tells when. */
  static receive(sdpFile: string, outputFile: string, seconds: number): Ffmpeg {
    const input = ['-protocol_whitelist', 'file,udp,rtp,srtp,crypto', '-i', sdpFile]
    return new Ffmpeg([...input, '-c', 'copy', '-t', String(seconds), outputFile])
  }

  /** Resolves when ffmpeg has ended by itself. @throws Error with its log if it failed */
  async finished(): Promise<void> {
    const code = await this.#ended
    if (code !== 0) throw new Error(`ffmpeg ended with ${code}: ${this.#log}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}

/** What ffprobe decodes of a file's only stream. */
export interface Probed {
  readonly codec_name: string
  readonly width?: number
  readonly height?: number
  readonly channels?: number
  readonly sample_rate?: string
  /** Frames that could be decoded. */
  readonly frames: number
}

/** Decodes a file to its end. @throws Error if ffprobe refuses it */
export async function probe(file: string): Promise<Probed> {
  const args = ['-v', 'error', '-count_frames', '-show_streams', '-of', 'json', file]
  const { code, output } = await runProcess('ffprobe', args)
  if (code !== 0) throw new Error(`ffprobe: ${output}`)
  const { streams } = JSON.parse(output.slice(output.indexOf('{'))) as {
    streams: (Omit<Probed, 'frames'> & { nb_read_frames: string })[]
  }
  const [stream] = streams
  if (stream === undefined) throw new Error(`${file} has no stream`)
  return { ...stream, frames: Number(stream.nb_read_frames) }
}
