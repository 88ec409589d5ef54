import type { types } from '@sangam/sfu'
import type { Page } from 'playwright-core'

/** What Chromium made of one received track. */
export interface ReceivedTrack {
  readonly kind: string
  readonly mimeType: string
  readonly packetsReceived: number
  readonly framesDecoded: number
  readonly frameWidth: number
  readonly totalAudioEnergy: number
}

/** An offer of what `consumers` send (RFC 8829), by an ICE-lite server (RFC 8839). */
function offerOf(transport: types.WebRtcTransport, consumers: readonly types.Consumer[]): string {
  const { usernameFragment, password } = transport.iceParameters
  const fingerprint = transport.dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256')
  const candidates = transport.iceCandidates.map(
    (c) => `a=candidate:${c.foundation} 1 udp ${c.priority} ${c.address} ${c.port} typ host`,
  )
  const sections = consumers.flatMap(({ kind, rtpParameters }) => [
    `m=${kind} 7 UDP/TLS/RTP/SAVPF ${rtpParameters.codecs.map((c) => c.payloadType).join(' ')}`,
    'c=IN IP4 127.0.0.1',
    `a=mid:${rtpParameters.mid}`,
    'a=sendonly',
    'a=rtcp-mux',
    `a=ice-ufrag:${usernameFragment}`,
    `a=ice-pwd:${password}`,
    `a=fingerprint:sha-256 ${fingerprint?.value}`,
    'a=setup:actpass',
    ...rtpParameters.codecs.flatMap(codecLines),
    ...(rtpParameters.encodings ?? []).map(({ ssrc }) => `a=ssrc:${ssrc} cname:${rtpParameters.rtcp?.cname}`),
    ...candidates,
  ])
  const bundle = consumers.map((c) => c.rtpParameters.mid).join(' ')
  const session = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=ice-lite',
    `a=group:BUNDLE ${bundle}`,
  ]
  return [...session, ...sections, ''].join('\r\n')
}

function codecLines(codec: types.RtpCodecParameters): string[] {
  const { payloadType, mimeType, clockRate, channels, parameters = {}, rtcpFeedback = [] } = codec
  const format = Object.entries(parameters).map(([key, value]) => `${key}=${value}`)
  return [
    `a=rtpmap:${payloadType} ${mimeType.split('/')[1]}/${clockRate}${channels === undefined ? '' : `/${channels}`}`,
    ...(format.length === 0 ? [] : [`a=fmtp:${payloadType} ${format.join(';')}`]),
    ...rtcpFeedback.map(({ type, parameter }) =>
      `a=rtcp-fb:${payloadType} ${type} ${parameter ?? ''}`.trimEnd(),
    ),
  ]
}

/** Has a page receive `consumers`: connects their transport, and plays every track. */
export async function receiveInChromium(
  page: Page,
  transport: types.WebRtcTransport,
  consumers: readonly types.Consumer[],
): Promise<void> {
  const answer = await page.evaluate(
    async (sdp) => {
      const connection = new RTCPeerConnection()
      connection.addEventListener('track', ({ track }) => {
        const element = document.createElement(track.kind === 'video' ? 'video' : 'audio')
        element.srcObject = new MediaStream([track])
        element.muted = track.kind === 'video'
        document.body.append(element)
        void element.play()
      })
      Object.assign(window, { connection })
      await connection.setRemoteDescription({ type: 'offer', sdp })
      await connection.setLocalDescription()
      return connection.localDescription?.sdp ?? ''
    },
    offerOf(transport, consumers),
  )
  const [, value = ''] = /a=fingerprint:sha-256 (\S+)/.exec(answer) ?? []
  const role = answer.includes('a=setup:active') ? 'client' : 'server'
  await transport.connect({ dtlsParameters: { role, fingerprints: [{ algorithm: 'sha-256', value }] } })
}

/** Resolves when every track of the page has played: `frames` pictures, or sound. */
export function playedInChromium(page: Page, frames: number): Promise<ReceivedTrack[]> {
  return page.evaluate(async (wanted) => {
    const { connection } = window as unknown as { connection: RTCPeerConnection }
    for (;;) {
      const stats = new Map<string, Record<string, unknown>>([...(await connection.getStats())])
      const tracks = [...stats.values()]
        .filter((row) => row.type === 'inbound-rtp')
        .map((row) => ({
          kind: String(row.kind),
          mimeType: String(stats.get(String(row.codecId))?.mimeType),
          packetsReceived: Number(row.packetsReceived ?? 0),
          framesDecoded: Number(row.framesDecoded ?? 0),
          frameWidth: Number(row.frameWidth ?? 0),
          totalAudioEnergy: Number(row.totalAudioEnergy ?? 0),
        }))
      const played = tracks.filter((t) => t.framesDecoded >= wanted || t.totalAudioEnergy > 0)
      if (played.length === connection.getTransceivers().length) return tracks
      // Statistics change without an event.
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }, frames)
}
