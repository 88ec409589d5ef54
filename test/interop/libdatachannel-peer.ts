import type { types } from '@sangam/sfu'
import { type DataChannel, PeerConnection, type Track } from 'node-datachannel'

/** What a peer sends into the room and gets out of it; all on one transport. */
export interface PeerPlan {
  readonly transport: types.WebRtcTransport
  readonly consumers: readonly types.Consumer[]
  /** Streams of the data channels that it sends and gets. */
  readonly dataStreams: { readonly send: number; readonly receive: number }
}

/** A peer on libdatachannel, an implementation of WebRTC that shares no code with browsers or with the engine. */
export class LibdatachannelPeer implements Disposable {
  readonly outgoing: DataChannel
  readonly incoming: DataChannel
  /** Received RTP packets by SSRC. */
  readonly received = new Map<number, number>()
  readonly #connection: PeerConnection
  readonly #tracks: ReadonlyMap<string, Track>

  private constructor(
    connection: PeerConnection,
    tracks: ReadonlyMap<string, Track>,
    streams: PeerPlan['dataStreams'],
  ) {
    this.#connection = connection
    this.#tracks = tracks
    this.outgoing = connection.createDataChannel('out', { negotiated: true, id: streams.send })
    this.incoming = connection.createDataChannel('in', { negotiated: true, id: streams.receive })
    for (const track of tracks.values()) track.onMessage((packet) => this.#count(packet))
  }

  /** Answers an offer of the transport; connected, with all channels open, when it resolves. */
  static async connect(plan: PeerPlan): Promise<LibdatachannelPeer> {
    const connection = new PeerConnection('peer', { iceServers: [], bindAddress: '127.0.0.1' })
    const tracks = new Map<string, Track>()
    connection.onTrack((track) => tracks.set(track.mid(), track))
    const connected = new Promise<void>((resolve) => {
      connection.onStateChange((state) => {
        if (state === 'connected') resolve()
      })
    })
    const answer = new Promise<string>((resolve) => connection.onLocalDescription((sdp) => resolve(sdp)))
    connection.setRemoteDescription(offerOf(plan), 'offer')
    const sdp = await answer
    const [, value = ''] = /a=fingerprint:sha-256 (\S+)/i.exec(sdp) ?? []
    const role = sdp.includes('a=setup:active') ? 'client' : 'server'
    await plan.transport.connect({
      dtlsParameters: { role, fingerprints: [{ algorithm: 'sha-256', value }] },
    })
    await connected
    const peer = new LibdatachannelPeer(connection, tracks, plan.dataStreams)
    await Promise.all([peer.outgoing, peer.incoming].map(opened))
    return peer
  }

  /** Sends an RTP packet on the track with this MID. */
  send(mid: string, packet: Uint8Array): void {
    this.#tracks.get(mid)?.sendMessageBinary(Buffer.from(packet))
  }

  [Symbol.dispose](): void {
    this.#connection.close()
  }

  #count(packet: Buffer): void {
    // RFC 5761 section 4: second bytes of 192 to 223 are RTCP's.
    const second = packet[1] ?? 0
    if (packet.length < 12 || (second >= 192 && second <= 223)) return
    const ssrc = packet.readUInt32BE(8)
    this.received.set(ssrc, (this.received.get(ssrc) ?? 0) + 1)
  }
}

function opened(channel: DataChannel): Promise<void> {
  if (channel.isOpen()) return Promise.resolve()
  return new Promise((resolve) => channel.onOpen(resolve))
}

/** An offer (RFC 8829) of one section per consumer, both ways, and data channels, by an ICE-lite server. */
function offerOf({ transport, consumers }: PeerPlan): string {
  const { iceParameters, iceCandidates, dtlsParameters } = transport
  const fingerprint = dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256')
  const common = [
    'c=IN IP4 127.0.0.1',
    `a=ice-ufrag:${iceParameters.usernameFragment}`,
    `a=ice-pwd:${iceParameters.password}`,
    `a=fingerprint:sha-256 ${fingerprint?.value}`,
    'a=setup:actpass',
    ...iceCandidates.map(
      (c) => `a=candidate:${c.foundation} 1 UDP ${c.priority} ${c.address} ${c.port} typ host`,
    ),
  ]
  const media = consumers.flatMap(({ kind, rtpParameters }) => [
    `m=${kind} 7 UDP/TLS/RTP/SAVPF ${rtpParameters.codecs[0]?.payloadType}`,
    `a=mid:${rtpParameters.mid}`,
    'a=sendrecv',
    'a=rtcp-mux',
    ...common,
    ...rtpParameters.codecs.slice(0, 1).map(codecLine),
    ...(rtpParameters.encodings ?? []).map(({ ssrc }) => `a=ssrc:${ssrc} cname:${rtpParameters.rtcp?.cname}`),
  ])
  const data = [
    'm=application 7 UDP/DTLS/SCTP webrtc-datachannel',
    'a=mid:data',
    'a=sctp-port:5000',
    'a=max-message-size:262144',
    ...common,
  ]
  const bundle = [...consumers.map(({ rtpParameters }) => rtpParameters.mid), 'data'].join(' ')
  const session = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=ice-lite',
    `a=group:BUNDLE ${bundle}`,
  ]
  return [...session, ...media, ...data, ''].join('\r\n')
}

function codecLine({ payloadType, mimeType, clockRate, channels }: types.RtpCodecParameters): string {
  const name = mimeType.split('/')[1]
  return `a=rtpmap:${payloadType} ${name}/${clockRate}${channels === undefined ? '' : `/${channels}`}`
}
