import { describe, expect, test } from 'vitest'
import { remoteOffer } from '../../src/peer/remote-offer.ts'
import {
  closeSection,
  INITIAL_SECTIONS,
  openSection,
  type ReceiveSection,
  type SendSection,
} from '../../src/peer/sections.ts'
import { transport } from './fixtures.ts'

const vp8 = {
  mimeType: 'video/VP8',
  payloadType: 101,
  clockRate: 90_000,
  rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'transport-cc' }],
}
const rtx = { mimeType: 'video/rtx', payloadType: 102, clockRate: 90_000, parameters: { apt: 101 } }
const opus = {
  mimeType: 'audio/opus',
  payloadType: 100,
  clockRate: 48_000,
  channels: 2,
  parameters: { useinbandfec: 1, usedtx: 1 },
}
const mid = { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 1 }

const camera: SendSection = {
  kind: 'send',
  mid: 's1',
  media: 'video',
  codecs: [vp8, rtx],
  headerExtensions: [mid],
  rids: ['l', 'm', 'h'],
}
const voice: ReceiveSection = {
  kind: 'receive',
  mid: '0',
  media: 'audio',
  codecs: [opus],
  headerExtensions: [mid],
  cname: 'ravi',
  ssrc: 1111,
  streamId: 'person1-person',
  trackId: 'p1',
}
const picture: ReceiveSection = {
  ...voice,
  mid: '1',
  media: 'video',
  codecs: [vp8, rtx],
  ssrc: 2222,
  rtxSsrc: 2223,
  trackId: 'p2',
}

describe('an offer', () => {
  test('holds the transport once and every section, line by line', () => {
    const sections = [camera, voice, picture].reduce(openSection, INITIAL_SECTIONS)
    // Written by hand after RFC 8866, 8829, 8839, 8841, 8843, 8851 and 8853; Chromium 156 and Firefox 153 take it.
    expect(remoteOffer({ transport, sections, version: 3 }).trimEnd().split('\r\n')).toEqual([
      'v=0',
      'o=- 1 3 IN IP4 0.0.0.0',
      's=-',
      't=0 0',
      'a=extmap-allow-mixed',
      'a=setup:actpass',
      'a=ice-lite',
      'a=ice-ufrag:ufrag',
      'a=ice-pwd:password-of-22-letters',
      `a=fingerprint:sha-256 ${Array(32).fill('02').join(':')}`,
      'a=ice-options:renomination',
      'a=msid-semantic: WMS *',
      'a=group:BUNDLE data s1 0 1',
      // The data channels: first, and the only one with candidates.
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
      'c=IN IP4 127.0.0.1',
      'a=mid:data',
      'a=candidate:udp 1 udp 1076 192.0.2.1 4443 typ host',
      'a=candidate:tcp 1 tcp 1054 192.0.2.1 4443 typ host tcptype passive',
      'a=end-of-candidates',
      'a=sctp-port:5000',
      'a=max-message-size:262144',
      // The own camera: the server receives.
      'm=video 9 UDP/TLS/RTP/SAVPF 101 102',
      'c=IN IP4 127.0.0.1',
      'a=rtpmap:101 VP8/90000',
      'a=rtpmap:102 rtx/90000',
      'a=fmtp:102 apt=101',
      'a=rtcp-fb:101 nack',
      'a=rtcp-fb:101 nack pli',
      'a=rtcp-fb:101 transport-cc',
      'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid',
      'a=mid:s1',
      'a=recvonly',
      'a=rtcp-mux',
      'a=rtcp-rsize',
      'a=rid:l recv',
      'a=rid:m recv',
      'a=rid:h recv',
      'a=simulcast:recv l;m;h',
      // A voice that the server sends.
      'm=audio 9 UDP/TLS/RTP/SAVPF 100',
      'c=IN IP4 127.0.0.1',
      'a=rtpmap:100 opus/48000/2',
      'a=fmtp:100 useinbandfec=1;usedtx=1',
      'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid',
      'a=mid:0',
      'a=msid:person1-person p1',
      'a=sendonly',
      'a=ssrc:1111 cname:ravi',
      'a=rtcp-mux',
      'a=rtcp-rsize',
      // Its picture, with retransmissions, kept in step by the stream's name.
      'm=video 9 UDP/TLS/RTP/SAVPF 101 102',
      'c=IN IP4 127.0.0.1',
      'a=rtpmap:101 VP8/90000',
      'a=rtpmap:102 rtx/90000',
      'a=fmtp:102 apt=101',
      'a=rtcp-fb:101 nack',
      'a=rtcp-fb:101 nack pli',
      'a=rtcp-fb:101 transport-cc',
      'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid',
      'a=mid:1',
      'a=msid:person1-person p2',
      'a=sendonly',
      'a=ssrc:2222 cname:ravi',
      'a=ssrc:2223 cname:ravi',
      'a=ssrc-group:FID 2222 2223',
      'a=rtcp-mux',
      'a=rtcp-rsize',
    ])
  })

  test('a closed section keeps its place with port 0 and leaves the bundle', () => {
    const sections = closeSection([voice, picture].reduce(openSection, INITIAL_SECTIONS), '0')
    const lines = remoteOffer({ transport, sections, version: 1 }).split('\r\n')
    expect(lines).toContain('a=group:BUNDLE data 1')
    expect(lines.filter((line) => line.startsWith('m='))).toEqual([
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
      'm=audio 0 UDP/TLS/RTP/SAVPF 100',
      'm=video 9 UDP/TLS/RTP/SAVPF 101 102',
    ])
  })
})

describe('sections', () => {
  test('a closed one is used again by the next of its medium, and by no other', () => {
    const before = closeSection([voice, picture].reduce(openSection, INITIAL_SECTIONS), '0')
    const video = openSection(before, { ...picture, mid: '7' })
    expect(video.map(({ mid: one }) => one)).toEqual(['data', '0', '1', '7'])
    const audio = openSection(video, { ...voice, mid: '8' })
    expect(audio.map(({ mid: one }) => one)).toEqual(['data', '8', '1', '7'])
  })

  test('never are more than were open at once, however many come and go', () => {
    let sections = INITIAL_SECTIONS
    for (let round = 0; round < 200; round += 1) {
      sections = openSection(sections, { ...picture, mid: String(round) })
      if (round >= 3) sections = closeSection(sections, String(round - 3))
    }
    expect(sections).toHaveLength(1 + 4)
  })

  test('the data channels close never', () => {
    expect(closeSection(INITIAL_SECTIONS, 'data')).toBe(INITIAL_SECTIONS)
  })
})
