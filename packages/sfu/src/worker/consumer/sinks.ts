import { isRtxMimeType, type RtpParameters } from '@sangam/ortc'
import type { SinkHeaderExtension } from '../packet-port/packet-port.ts'
import type { Transport } from '../transport/transport.ts'

/** In place of a sink: there is none. */
export const NO_SINK = -1
/** Outgoing numbers start below 2^15, so that the first packets' loss leaves no doubt about the rollover (RFC 3711 3.3.1). */
export const FIRST_SEQUENCE_BELOW = 0x7fff

/** Creates a sink for each media codec, in their order; gives them by payload type. A DirectTransport has none. */
export function createMediaSinks(
  { session, context }: Transport,
  rtpParameters: RtpParameters,
  ssrc: number,
  headerExtensions: readonly SinkHeaderExtension[],
): Map<number, number> {
  if (session < 0) return new Map()
  const sinkFor = (payloadType: number): number =>
    context.port.createSink({ session, ssrc, payloadType, headerExtensions })
  return new Map(
    rtpParameters.codecs
      .filter(({ mimeType }) => !isRtxMimeType(mimeType))
      .map(({ payloadType }) => [payloadType, sinkFor(payloadType)]),
  )
}

/** Creates the sink of the retransmissions; `NO_SINK` where RTX was not negotiated (`rtxSsrc` 0). */
export function createRtxSink(
  { session, context }: Transport,
  rtpParameters: RtpParameters,
  rtxSsrc: number,
  headerExtensions: readonly SinkHeaderExtension[],
): number {
  const payloadType = rtpParameters.codecs.find(({ mimeType }) => isRtxMimeType(mimeType))?.payloadType
  if (session < 0 || payloadType === undefined || rtxSsrc === 0) return NO_SINK
  return context.port.createSink({ session, ssrc: rtxSsrc, payloadType, headerExtensions })
}
