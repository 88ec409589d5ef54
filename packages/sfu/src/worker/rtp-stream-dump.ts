import type { RtpParameters } from '@sangam/ortc'

/** One RTP stream of a producer or consumer. */
export interface DumpedStream {
  readonly parameters: RtpParameters
  readonly encodingIdx: number
  readonly ssrc: number
  /** 0: none. */
  readonly rtxSsrc: number
  readonly rid?: string | undefined
  readonly spatialLayers: number
  readonly temporalLayers: number
  readonly score: number
}

/** A stream as the public API's `dump()` shows it: what was negotiated for it, and its RTX stream. */
export function dumpRtpStream(stream: DumpedStream): Readonly<Record<string, unknown>> {
  const { parameters, encodingIdx, ssrc, rtxSsrc, rid, spatialLayers, temporalLayers } = stream
  const cname = parameters.rtcp?.cname ?? ''
  const encoding = parameters.encodings?.[encodingIdx] ?? parameters.encodings?.[0]
  const codec =
    parameters.codecs.find(({ payloadType }) => payloadType === encoding?.codecPayloadType) ??
    parameters.codecs.find(({ mimeType }) => !isRtx(mimeType))
  const rtx = parameters.codecs.find((c) => isRtx(c.mimeType) && c.parameters?.apt === codec?.payloadType)
  const hasRtx = rtxSsrc !== 0 && rtx !== undefined
  const feedback = (type: string, parameter = ''): boolean =>
    codec?.rtcpFeedback?.some((f) => f.type === type && (f.parameter ?? '') === parameter) === true
  const name = rid === undefined ? {} : { rid }
  return {
    params: {
      encodingIdx,
      ssrc,
      payloadType: codec?.payloadType ?? 0,
      mimeType: codec?.mimeType ?? '',
      clockRate: codec?.clockRate ?? 0,
      ...name,
      cname,
      ...(hasRtx ? { rtxSsrc, rtxPayloadType: rtx.payloadType } : {}),
      useNack: feedback('nack'),
      usePli: feedback('nack', 'pli'),
      useFir: feedback('ccm', 'fir'),
      useInBandFec: codec?.parameters?.useinbandfec === 1,
      useDtx: codec?.parameters?.usedtx === 1 || encoding?.dtx === true,
      spatialLayers,
      temporalLayers,
    },
    score: stream.score,
    ...(hasRtx
      ? {
          rtxStream: {
            params: {
              ssrc: rtxSsrc,
              payloadType: rtx.payloadType,
              mimeType: rtx.mimeType,
              clockRate: rtx.clockRate,
              ...(rid === undefined ? {} : { rrid: rid }),
              cname,
            },
          },
        }
      : {}),
  }
}

function isRtx(mimeType: string): boolean {
  return mimeType.toLowerCase().endsWith('/rtx')
}
