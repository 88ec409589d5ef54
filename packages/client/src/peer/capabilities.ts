/**
 * What a browser can send to and receive from a room: pure. Payload types and header extension ids are the room's in
 * both directions, so that all sections of the one bundle agree (RFC 9143 section 9.1).
 */
import { isCompatibleCodec, isRtxMimeType } from '@sangam/ortc'
import type { RtpCapabilities } from '@sangam/protocol'
import { parseParams } from 'sdp-transform'
import type { BrowserCapabilities } from './peer-connection.ts'

type Kind = 'audio' | 'video'
type CodecCapability = NonNullable<RtpCapabilities['codecs']>[number]

/** One direction of a browser. */
export type CapabilitiesOf = (kind: Kind) => BrowserCapabilities | null

/** The room's codecs and header extensions that the browser can receive, under the room's payload types and ids. */
export function receiveCapabilities(room: RtpCapabilities, browser: CapabilitiesOf): RtpCapabilities {
  const codecs = (room.codecs ?? []).filter((codec) => hasCodec(browser(codec.kind), codec))
  return {
    codecs: codecs.filter((codec) => !isOrphanRtx(codec, codecs)),
    headerExtensions: (room.headerExtensions ?? [])
      .filter(({ kind, uri }) => browser(kind)?.headerExtensions.some((one) => one.uri === uri))
      .map(({ kind, uri, preferredId }) => ({ kind, uri, preferredId })),
  }
}

/** What a track is offered to be sent with. */
export interface SendCapabilities {
  /** The media codec, then its RTX codec if both sides have one. */
  readonly codecs: readonly CodecCapability[]
  readonly headerExtensions: readonly { readonly uri: string; readonly id: number }[]
}

/** The first codec of the room that the browser can send, and the extensions that the room reads. Undefined: none. */
export function sendCapabilities(
  room: RtpCapabilities,
  kind: Kind,
  browser: CapabilitiesOf,
): SendCapabilities | undefined {
  const own = browser(kind)
  const codec = (room.codecs ?? []).find(
    (candidate) => candidate.kind === kind && !isRtxMimeType(candidate.mimeType) && hasCodec(own, candidate),
  )
  if (codec === undefined) return undefined
  const rtx = (room.codecs ?? []).find((candidate) => isRtxOf(candidate, codec) && hasCodec(own, candidate))
  return {
    codecs: rtx === undefined ? [codec] : [codec, rtx],
    headerExtensions: (room.headerExtensions ?? [])
      .filter((one) => one.kind === kind && one.direction !== 'sendonly' && one.direction !== 'inactive')
      .map(({ uri, preferredId }) => ({ uri, id: preferredId })),
  }
}

function hasCodec(browser: BrowserCapabilities | null, codec: CodecCapability): boolean {
  return (browser?.codecs ?? []).some((own) => {
    if (isRtxMimeType(codec.mimeType)) return isRtxMimeType(own.mimeType)
    return isCompatibleCodec(descriptionOf(own), descriptionOf(codec))
  })
}

function descriptionOf(codec: {
  readonly mimeType: string
  readonly clockRate: number
  readonly channels?: number | undefined
  readonly sdpFmtpLine?: string | undefined
  readonly parameters?: Record<string, unknown> | undefined
}) {
  const { mimeType, clockRate, channels, sdpFmtpLine, parameters } = codec
  return {
    mimeType,
    clockRate,
    parameters: parameters ?? (sdpFmtpLine === undefined ? {} : parseParams(sdpFmtpLine)),
    ...(channels === undefined ? {} : { channels }),
  }
}

function isRtxOf(candidate: CodecCapability, codec: CodecCapability): boolean {
  return isRtxMimeType(candidate.mimeType) && Number(candidate.parameters?.apt) === codec.preferredPayloadType
}

function isOrphanRtx(codec: CodecCapability, codecs: readonly CodecCapability[]): boolean {
  return isRtxMimeType(codec.mimeType) && !codecs.some((media) => isRtxOf(codec, media))
}
