import type { RtpCodecParameters, RtpParameters } from '@sangam/ortc'
import {
  Av1AggregationHeader,
  H264Payload,
  H265Payload,
  parseAv1AggregationHeader,
  parseH264Payload,
  parseH265Payload,
  parseVp8Descriptor,
  parseVp9Descriptor,
  Vp8Descriptor,
  Vp9Descriptor,
} from '@sangam/rtp'

/** Tells whether a payload starts a picture that needs no earlier one. */
export type KeyFrameTest = (bytes: Uint8Array, offset: number, length: number) => boolean

/** What the engine knows of one codec of a producer. */
export interface ProducerCodec {
  readonly payloadType: number
  /** The payload type that this codec has at the router, and so at every consumer. */
  readonly mappedPayloadType: number
  readonly mimeType: string
  readonly clockRate: number
  /** For RTX: the payload type of the codec that it repairs; else -1. */
  readonly aptPayloadType: number
  readonly nack: boolean
  readonly pli: boolean
  readonly fir: boolean
  readonly transportCc: boolean
  readonly remb: boolean
  /** Absent for audio and where every packet will do. */
  readonly isKeyFrame: KeyFrameTest | undefined
}

const vp8 = new Vp8Descriptor()
const vp9 = new Vp9Descriptor()
const av1 = new Av1AggregationHeader()
const h264 = new H264Payload()
const h265 = new H265Payload()

const KEY_FRAME_TESTS: Readonly<Record<string, KeyFrameTest>> = {
  'video/vp8': (bytes, offset, length) => parseVp8Descriptor(bytes, offset, length, vp8) && vp8.keyFrame,
  'video/vp9': (bytes, offset, length) => parseVp9Descriptor(bytes, offset, length, vp9) && vp9.keyFrame,
  'video/av1': (bytes, offset, length) =>
    parseAv1AggregationHeader(bytes, offset, length, av1) && av1.newCodedVideoSequence,
  'video/h265': (bytes, offset, length) => parseH265Payload(bytes, offset, length, h265) && h265.keyFrame,
  'video/h264': (bytes, offset, length) => parseH264Payload(bytes, offset, length, h264) && h264.keyFrame,
}

/** Whether the engine can tell this codec's key frames, as it must to forward video. */
export function isForwardable(codec: RtpCodecParameters): boolean {
  const mimeType = codec.mimeType.toLowerCase()
  return mimeType.startsWith('audio/') || mimeType === 'video/rtx' || mimeType in KEY_FRAME_TESTS
}

/** Looks at a producer's codecs once, so that the packet path need not. */
export function readCodecs(
  parameters: RtpParameters,
  mappedPayloadType: (payloadType: number) => number,
): ProducerCodec[] {
  return parameters.codecs.map((codec) => {
    const feedback = (type: string, parameter = ''): boolean =>
      codec.rtcpFeedback?.some((f) => f.type === type && (f.parameter ?? '') === parameter) ?? false
    const mimeType = codec.mimeType.toLowerCase()
    const apt = codec.parameters?.apt
    return {
      payloadType: codec.payloadType,
      mappedPayloadType: mappedPayloadType(codec.payloadType),
      mimeType: codec.mimeType,
      clockRate: codec.clockRate,
      aptPayloadType: mimeType.endsWith('/rtx') && typeof apt === 'number' ? apt : -1,
      nack: feedback('nack'),
      pli: feedback('nack', 'pli'),
      fir: feedback('ccm', 'fir'),
      transportCc: feedback('transport-cc'),
      remb: feedback('goog-remb'),
      isKeyFrame: KEY_FRAME_TESTS[mimeType],
    }
  })
}
