/** What a browser's answer says, as the parameters that the server is told: pure. */
import type { DtlsParameters, RtpParameters } from '@sangam/protocol'
import { parse, parseParams, type SessionDescription } from 'sdp-transform'
import type { SendSection } from './sections.ts'

type Media = SessionDescription['media'][number]
type FingerprintAlgorithm = DtlsParameters['fingerprints'][number]['algorithm']

type Parameters = NonNullable<RtpParameters['codecs'][number]['parameters']>

/** Quality of one simulcast stream, or of the only one. */
export interface SendEncoding {
  readonly rid?: string
  readonly maxBitrate?: number
  readonly maxFramerate?: number
  readonly scaleResolutionDownBy?: number
  readonly scalabilityMode?: string
}

/** The browser's answer, parsed. */
export class LocalAnswer {
  readonly #session: SessionDescription

  constructor(sdp: string) {
    this.#session = parse(sdp)
  }

  /** The browser is the DTLS client: it answered an `actpass` offer (RFC 8842 section 5.3). */
  dtlsParameters(): DtlsParameters {
    const fingerprint =
      this.#session.fingerprint ?? this.#session.media.find((media) => media.fingerprint)?.fingerprint
    if (fingerprint === undefined) throw new Error('the answer has no fingerprint')
    return {
      role: 'client',
      fingerprints: [
        { algorithm: fingerprint.type as FingerprintAlgorithm, value: fingerprint.hash.toUpperCase() },
      ],
    }
  }

  /** Whether the browser sends in a section. */
  sends(mid: string): boolean {
    const media = this.#media(mid)
    if (media === undefined || media.port === 0) return false
    return media.direction === 'sendonly' || media.direction === 'sendrecv'
  }

  /** How the browser sends a section. */
  sendParameters(section: SendSection, encodings: readonly SendEncoding[]): RtpParameters {
    const { mid, rids } = section
    const media = this.#media(mid)
    if (media === undefined) throw new Error(`the answer has no section ${mid}`)
    const cname = media.ssrcs?.find(({ attribute }) => attribute === 'cname')?.value
    return {
      mid,
      codecs: codecsOf(media, section),
      headerExtensions: (media.ext ?? []).map(({ uri, value }) => ({ uri, id: value })),
      encodings:
        rids.length > 0 ? encodings.map((one) => ({ ...one })) : [{ ...encodings[0], ...ssrcOf(media) }],
      rtcp: { reducedSize: media.rtcpRsize !== undefined, ...(cname === undefined ? {} : { cname }) },
    }
  }

  #media(mid: string): Media | undefined {
    return this.#session.media.find((media) => String(media.mid) === mid)
  }
}

/** What the answer kept of the offered codecs; parameters that only the offer has
 * (usedtx) are the sender's too, Chromium's hints to its own encoder are nobody's. */
function codecsOf(media: Media, section: SendSection): RtpParameters['codecs'] {
  return media.rtp.map(({ payload, codec, rate, encoding }) => {
    const offered = section.codecs.find(({ payloadType }) => payloadType === payload)
    const fmtp = media.fmtp.find((one) => one.payload === payload)?.config
    const parameters: Parameters = Object.fromEntries(
      Object.entries(offered?.parameters ?? {}).filter(([name]) => !name.startsWith('x-google-')),
    )
    for (const [name, value] of Object.entries(fmtp === undefined ? {} : parseParams(fmtp))) {
      if (value !== undefined) parameters[name] = value
    }
    return {
      mimeType: `${media.type}/${codec}`,
      payloadType: payload,
      clockRate: rate ?? offered?.clockRate ?? 90_000,
      ...(encoding === undefined ? {} : { channels: Number(encoding) }),
      parameters,
      rtcpFeedback: (media.rtcpFb ?? [])
        .filter((feedback) => String(feedback.payload) === String(payload))
        .map(({ type, subtype }) => ({ type, ...(subtype === undefined ? {} : { parameter: subtype }) })),
    }
  })
}

function ssrcOf(media: Media): { ssrc?: number; rtx?: { ssrc: number } } {
  const pair = media.ssrcGroups
    ?.find(({ semantics }) => semantics === 'FID')
    ?.ssrcs.split(' ')
    .map(Number)
  const ssrc = pair?.[0] ?? media.ssrcs?.[0]?.id
  const rtxSsrc = pair?.[1]
  if (ssrc === undefined) return {}
  return { ssrc: Number(ssrc), ...(rtxSsrc === undefined ? {} : { rtx: { ssrc: rtxSsrc } }) }
}
