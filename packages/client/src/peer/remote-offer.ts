/**
 * The server's description, written here: pure. The server never sees SDP; whatever changes, the browser is given an
 * offer with the server's transport and all sections (RFC 8866, JSEP RFC 9429), and answers it.
 */
import type { TransportParameters } from '@sangam/protocol'
import { type MediaDescription, write } from 'sdp-transform'
import type { ReceiveSection, Section, SectionCodec, SendSection } from './sections.ts'

/** What an offer is written from. */
export interface OfferPlan {
  readonly transport: TransportParameters
  readonly sections: readonly Section[]
  /** Rises with each offer (RFC 8866 section 5.2). */
  readonly version: number
}

type Media = MediaDescription
type Fields = Partial<Media>

/** An offer as text. ICE, fingerprint and DTLS role stand once for the session: all sections share one transport. */
export function remoteOffer({ transport, sections, version }: OfferPlan): string {
  const { iceParameters, dtlsParameters } = transport
  const { fingerprints } = dtlsParameters
  const fingerprint = fingerprints.find(({ algorithm }) => algorithm === 'sha-256') ?? fingerprints[0]
  const open = sections.filter(({ kind }) => kind !== 'closed').map(({ mid }) => mid)
  return write({
    version: 0,
    origin: {
      username: '-',
      sessionId: '1',
      sessionVersion: version,
      netType: 'IN',
      ipVer: 4,
      address: '0.0.0.0',
    },
    name: '-',
    timing: { start: 0, stop: 0 },
    groups: [{ type: 'BUNDLE', mids: open.join(' ') }],
    // RFC 8285 section 6: one-byte and two-byte extensions may mix.
    extmapAllowMixed: 'extmap-allow-mixed',
    msidSemantic: { semantic: 'WMS', token: '*' },
    ...(iceParameters.iceLite === true ? { icelite: 'ice-lite' } : {}),
    iceUfrag: iceParameters.usernameFragment,
    icePwd: iceParameters.password,
    iceOptions: 'renomination',
    ...(fingerprint === undefined
      ? {}
      : { fingerprint: { type: fingerprint.algorithm, hash: fingerprint.value } }),
    setup: 'actpass',
    media: sections.map((section) => mediaOf(section, transport)),
  })
}

function mediaOf(section: Section, transport: TransportParameters): Media {
  switch (section.kind) {
    case 'data':
      return dataMedia(section.mid, transport)
    case 'closed':
      return rtpMedia(section, { port: 0, direction: 'inactive' })
    case 'send':
      return rtpMedia(section, { direction: 'recvonly', ...simulcastOf(section) })
    case 'receive':
      return rtpMedia(section, { direction: 'sendonly', ...sourcesOf(section) })
  }
}

/** SCTP over DTLS (RFC 8841). The candidates stand here alone: it is the section whose transport the bundle uses. */
function dataMedia(mid: string, { iceCandidates, sctpParameters }: TransportParameters): Media {
  return {
    type: 'application',
    port: 9,
    protocol: 'UDP/DTLS/SCTP',
    payloads: 'webrtc-datachannel',
    connection: { version: 4, ip: '127.0.0.1' },
    mid,
    candidates: iceCandidates.map((candidate) => ({
      foundation: candidate.foundation,
      component: 1,
      transport: candidate.protocol,
      priority: candidate.priority,
      ip: candidate.address,
      port: candidate.port,
      type: candidate.type,
      ...(candidate.tcpType === undefined ? {} : { tcptype: candidate.tcpType }),
    })),
    endOfCandidates: 'end-of-candidates',
    sctpPort: sctpParameters?.port ?? 5000,
    maxMessageSize: sctpParameters?.maxMessageSize ?? 262_144,
    rtp: [],
    fmtp: [],
  }
}

function rtpMedia(section: Exclude<Section, { kind: 'data' }>, fields: Fields): Media {
  const { media, mid, codecs, headerExtensions } = section
  return {
    type: media,
    port: 9,
    protocol: 'UDP/TLS/RTP/SAVPF',
    payloads: codecs.map(({ payloadType }) => payloadType).join(' '),
    connection: { version: 4, ip: '127.0.0.1' },
    mid,
    rtp: codecs.map(rtpmapOf),
    fmtp: codecs.flatMap(fmtpOf),
    rtcpFb: codecs.flatMap(({ payloadType, rtcpFeedback = [] }) =>
      rtcpFeedback.map(({ type, parameter }) => ({
        payload: payloadType,
        type,
        ...(parameter === undefined || parameter === '' ? {} : { subtype: parameter }),
      })),
    ),
    ext: headerExtensions.map(({ uri, id }) => ({ uri, value: id })),
    rtcpMux: 'rtcp-mux',
    rtcpRsize: 'rtcp-rsize',
    ...fields,
  }
}

function rtpmapOf({ payloadType, mimeType, clockRate, channels = 1 }: SectionCodec): Media['rtp'][number] {
  return {
    payload: payloadType,
    codec: mimeType.slice(mimeType.indexOf('/') + 1),
    rate: clockRate,
    ...(channels > 1 ? { encoding: channels } : {}),
  }
}

function fmtpOf({ payloadType, parameters = {} }: SectionCodec): Media['fmtp'] {
  const config = Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(';')
  return config === '' ? [] : [{ payload: payloadType, config }]
}

/** The server receives each simulcast stream under its rid (RFC 8851, RFC 8853). */
function simulcastOf({ rids }: SendSection): Fields {
  if (rids.length === 0) return {}
  return {
    rids: rids.map((id) => ({ id, direction: 'recv' })),
    simulcast: { dir1: 'recv', list1: rids.join(';') },
  }
}

/** The server's stream under its SSRC, and its retransmissions (RFC 4588, RFC 5576). */
function sourcesOf({ ssrc, rtxSsrc, cname, streamId, trackId }: ReceiveSection): Fields {
  const ssrcs = [ssrc, ...(rtxSsrc === undefined ? [] : [rtxSsrc])]
  return {
    msid: [{ id: streamId, appdata: trackId }],
    ssrcs: ssrcs.map((id) => ({ id, attribute: 'cname', value: cname })),
    ...(ssrcs.length > 1 ? { ssrcGroups: [{ semantics: 'FID', ssrcs: ssrcs.join(' ') }] } : {}),
  }
}
