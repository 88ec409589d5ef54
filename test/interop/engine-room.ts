import { createWorker, type types } from '@sangam/sfu'
import { MediaPeer, PeerPort } from '@sangam/testkit'
import { FFMPEG_CODECS, type FfmpegCodec } from './ffmpeg.ts'

/** Where everything of these tests listens. */
export const LOOPBACK: types.TransportListenInfo = { protocol: 'udp', ip: '127.0.0.1' }

/** The codecs of `FFMPEG_CODECS`, as a router takes them. */
export const MEDIA_CODECS = Object.values(FFMPEG_CODECS).map((codec) => ({
  kind: codec.kind,
  mimeType: codec.mimeType,
  clockRate: codec.clockRate,
  ...(codec.channels === undefined ? {} : { channels: codec.channels }),
  parameters: { ...codec.parameters },
})) as types.RouterRtpCodecCapability[]

/** Engine workers, and peers that connect to them; all end together. */
export class EngineRoom implements AsyncDisposable {
  readonly #workers: types.Worker[] = []
  readonly #peers = new PeerPort()

  /** A router on a worker of its own. */
  async openRouter(): Promise<types.Router> {
    const worker = await createWorker({ logLevel: 'warn' })
    this.#workers.push(worker)
    return worker.createRouter({ mediaCodecs: MEDIA_CODECS })
  }

  /** A connected peer, and the transport that it is connected to. */
  async join(router: types.Router): Promise<{ peer: MediaPeer; transport: types.WebRtcTransport }> {
    const transport = await router.createWebRtcTransport({ listenInfos: [LOOPBACK] })
    const peer = new MediaPeer(this.#peers, transport)
    await Promise.all([transport.connect({ dtlsParameters: peer.dtlsParameters }), peer.connect()])
    return { peer, transport }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#peers.close()
    await Promise.all(
      this.#workers.map(
        (worker) =>
          new Promise<void>((resolve) => {
            worker.once('subprocessclose', resolve)
            worker.close()
          }),
      ),
    )
  }
}

/** The parameters of a stream that ffmpeg sends: no MID, no header extensions, no feedback. */
export function ffmpegRtpParameters(codec: FfmpegCodec, ssrc: number): types.RtpParameters {
  const { mimeType, payloadType, clockRate, channels, parameters } = codec
  return {
    codecs: [
      { mimeType, payloadType, clockRate, ...(channels === undefined ? {} : { channels }), parameters },
    ] as types.RtpCodecParameters[],
    encodings: [{ ssrc }],
  }
}

/** Resolves when `peer` has received `count` packets of an SSRC. */
export function packetsOf(peer: MediaPeer, ssrc: number, count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = (): void => {
    if ((peer.counts.get(ssrc)?.packets ?? 0) < count) return
    peer.off('rtp', look)
    resolve()
  }
  peer.on('rtp', look)
  return promise
}

/** The SSRC under which a consumer's first stream arrives. */
export function ssrcOf(consumer: types.Consumer): number {
  const ssrc = consumer.rtpParameters.encodings?.[0]?.ssrc
  if (ssrc === undefined) throw new Error('the consumer has no SSRC')
  return ssrc
}
