import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { RTP_FIXED_HEADER_BYTES } from '@sangam/rtp'
import type { types } from '@sangam/sfu'
import type { MediaPeer } from '@sangam/testkit'

const PAYLOAD_TYPE = 96
const FIRST_SSRC = 1000
/** Of AES-GCM (RFC 7714). */
export const TAG_BYTES = 16
const NOBODY_WAKES = new Int32Array(new SharedArrayBuffer(4))

/** What a producer sends. */
export interface Media {
  readonly kind: types.MediaKind
  readonly payloadBytes: number
  readonly packetsPerSecond: number
  /** Packets of one stream that come back to back: a video frame. */
  readonly burst: number
}

/** Speech in frames of 20 ms; video of 2 Mbit/s in frames of eight packets. */
export const MEDIA: Readonly<Record<string, Media>> = {
  audio: { kind: 'audio', payloadBytes: 160, packetsPerSecond: 50, burst: 1 },
  video: { kind: 'video', payloadBytes: 1100, packetsPerSecond: 230, burst: 8 },
}

/** The codecs of the benchmark's router. */
export const CODECS: types.RouterRtpCodecCapability[] = [
  { kind: 'audio', mimeType: 'audio/opus', clockRate: 48000, channels: 2 },
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90000 },
]

/** Parameters of the producer number `index` of one transport. */
export function rtpParameters(kind: types.MediaKind, index: number): types.RtpParameters {
  const codec =
    kind === 'audio'
      ? { mimeType: 'audio/opus', payloadType: PAYLOAD_TYPE, clockRate: 48000, channels: 2 }
      : { mimeType: 'video/VP8', payloadType: PAYLOAD_TYPE, clockRate: 90000 }
  return { codecs: [codec], encodings: [{ ssrc: FIRST_SSRC + index }], rtcp: { cname: 'bench' } }
}

/** Sends the media of several producers of one peer in real time: a burst of each at the same moment. */
export class MediaStreams {
  /** Packets of each stream. */
  sent = 0
  readonly #media: Media
  readonly #peer: MediaPeer
  readonly #sinks: readonly number[]
  readonly #payload: Uint8Array

  constructor(media: Media, peer: MediaPeer, streams: number) {
    this.#media = media
    this.#peer = peer
    this.#sinks = Array.from({ length: streams }, (_, i) => peer.openStream(FIRST_SSRC + i, PAYLOAD_TYPE))
    this.#payload = new Uint8Array(media.payloadBytes).fill(0x55)
    // A VP8 key frame's first bytes: descriptor with S, then a frame header whose P bit is 0 (RFC 7741, RFC 6386).
    if (media.kind === 'video')
      this.#payload.set([0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00])
  }

  /** What leaves at one moment, on the wire to one receiver and without header extensions, as the floor loop's options want it. */
  get shape() {
    const { burst, packetsPerSecond, payloadBytes } = this.#media
    return {
      packetBytes: RTP_FIXED_HEADER_BYTES + payloadBytes + TAG_BYTES,
      burst: burst * this.#sinks.length,
      intervalUs: (burst * 1e6) / packetsPerSecond,
    }
  }

  /** Of all streams, on the wire without UDP and IP. */
  get bitsPerSecond(): number {
    return this.shape.packetBytes * 8 * this.#media.packetsPerSecond * this.#sinks.length
  }

  /** Sends for as long, `pace` times as fast as the media is. */
  async send(seconds: number, pace = 1): Promise<void> {
    const { burst } = this.#media
    const packetsPerSecond = this.#media.packetsPerSecond * pace
    const startMs = performance.now()
    const first = this.sent
    const target = first + Math.max(1, Math.round((seconds * packetsPerSecond) / burst)) * burst
    while (this.sent < target) {
      const dueMs = startMs + ((this.sent - first) / packetsPerSecond) * 1000
      await wait(Math.max(0, dueMs - performance.now()))
      this.#sendBurst()
    }
  }

  /**
   * The same, but the streams' bursts are spread over the time between two of one stream; the thread sleeps in between.
   * What is late leaves late, and the rest after it: people who talk do not catch up together. `pace` as with `send`.
   */
  async sendStaggered(seconds: number, pace = 1): Promise<void> {
    const { burst } = this.#media
    const packetsPerSecond = this.#media.packetsPerSecond * pace
    let dueMs = performance.now()
    const stepMs = (burst * 1000) / packetsPerSecond / this.#sinks.length
    const bursts = Math.max(1, Math.round((seconds * packetsPerSecond) / burst))
    for (let step = 0; step < bursts * this.#sinks.length; step++) {
      // Timers count whole milliseconds: with them many streams would come at once.
      const leftMs = dueMs - performance.now()
      if (leftMs > 0) Atomics.wait(NOBODY_WAKES, 0, 0, leftMs)
      dueMs = Math.max(dueMs, performance.now() - stepMs) + stepMs
      const stream = step % this.#sinks.length
      this.#sendStream(this.#sinks[stream] as number)
      if (stream === this.#sinks.length - 1) this.sent += burst
      await nextTurn()
    }
  }

  #sendBurst(): void {
    for (const sink of this.#sinks) this.#sendStream(sink)
    this.sent += this.#media.burst
  }

  #sendStream(sink: number): void {
    const { burst } = this.#media
    for (let i = 0; i < burst; i++) {
      const sequence = this.sent + i
      this.#peer.send(sink, 1000 + sequence, sequence * 960, this.#payload, i === burst - 1)
    }
  }
}
