import { describe, expect, test } from 'vitest'
import { LocalAnswer } from '../../src/peer/local-answer.ts'
import type { SendSection } from '../../src/peer/sections.ts'

const section: SendSection = {
  kind: 'send',
  mid: 's1',
  media: 'video',
  codecs: [
    {
      mimeType: 'video/VP8',
      payloadType: 101,
      clockRate: 90_000,
      parameters: { 'x-google-start-bitrate': 800 },
    },
    { mimeType: 'video/rtx', payloadType: 102, clockRate: 90_000, parameters: { apt: 101 } },
  ],
  headerExtensions: [],
  rids: [],
}
const microphone: SendSection = {
  kind: 'send',
  mid: 's2',
  media: 'audio',
  codecs: [
    {
      mimeType: 'audio/opus',
      payloadType: 100,
      clockRate: 48_000,
      channels: 2,
      parameters: { useinbandfec: 1, usedtx: 1 },
    },
  ],
  headerExtensions: [],
  rids: [],
}
const fingerprint = Array(32).fill('AB').join(':')
const answer = (...media: string[]): LocalAnswer =>
  new LocalAnswer(['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0', ...media, ''].join('\r\n'))

/** The camera's section as Chromium 156 answers it, with simulcast and without; captured, addresses left out. */
const chromium = (...ending: string[]): string[] => [
  'm=video 9 UDP/TLS/RTP/SAVPF 101 102',
  'c=IN IP4 0.0.0.0',
  'a=rtcp:9 IN IP4 0.0.0.0',
  'a=ice-ufrag:KVWU',
  'a=ice-pwd:urknYvUW4L/MHzrkzZ5GDU1J',
  'a=ice-options:trickle',
  `a=fingerprint:sha-256 ${fingerprint}`,
  'a=setup:active',
  'a=mid:s1',
  'a=extmap:4 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid',
  'a=sendonly',
  'a=msid:- ae0d2c31-df8b-4bb6-9d31-5117645859a8',
  'a=rtcp-mux',
  'a=rtcp-rsize',
  'a=rtpmap:101 VP8/90000',
  'a=rtcp-fb:101 transport-cc',
  'a=rtcp-fb:101 nack pli',
  'a=rtpmap:102 rtx/90000',
  'a=fmtp:102 apt=101',
  ...ending,
]

/** The same of Firefox 153: the fingerprint stands for the session, rids come with SSRCs. */
const firefox = (...ending: string[]): string[] => [
  `a=fingerprint:sha-256 ${fingerprint.toLowerCase()}`,
  'a=group:BUNDLE data s1',
  'm=video 9 UDP/TLS/RTP/SAVPF 101 102',
  'c=IN IP4 0.0.0.0',
  'a=sendonly',
  'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid',
  'a=fmtp:102 apt=101',
  'a=mid:s1',
  'a=rtcp-fb:101 nack pli',
  'a=rtcp-mux',
  'a=rtpmap:101 VP8/90000',
  'a=rtpmap:102 rtx/90000',
  'a=setup:active',
  'a=ssrc:617961333 cname:{25d759dc}',
  'a=ssrc:1770347488 cname:{25d759dc}',
  'a=ssrc-group:FID 617961333 1770347488',
  ...ending,
]

const codecs = [
  { mimeType: 'video/VP8', payloadType: 101, clockRate: 90_000 },
  { mimeType: 'video/rtx', payloadType: 102, clockRate: 90_000, parameters: { apt: 101 } },
]

describe('an answer', () => {
  test.each([
    ['Chromium', answer(...chromium())],
    ['Firefox', answer(...firefox())],
  ])('of %s says the DTLS parameters: the browser is the client', (_, parsed) => {
    expect(parsed.dtlsParameters()).toEqual({
      role: 'client',
      fingerprints: [{ algorithm: 'sha-256', value: fingerprint }],
    })
  })

  test('of Chromium with simulcast says the rids, and what each is worth', () => {
    const parsed = answer(...chromium('a=rid:l send', 'a=rid:h send', 'a=simulcast:send l;h'))
    const simulcast = { ...section, rids: ['l', 'h'] }
    const encodings = [
      { rid: 'l', scaleResolutionDownBy: 2, maxBitrate: 150_000, scalabilityMode: 'L1T3' },
      { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 900_000, scalabilityMode: 'L1T3' },
    ]
    expect(parsed.sendParameters(simulcast, encodings)).toMatchObject({
      mid: 's1',
      codecs,
      headerExtensions: [{ id: 4 }, { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 1 }],
      encodings,
      rtcp: { reducedSize: true },
    })
  })

  test('of Firefox with simulcast goes by the rids, not by the SSRCs beside them', () => {
    const parsed = answer(...firefox('a=rid:l send', 'a=rid:h send', 'a=simulcast:send l;h'))
    const { encodings } = parsed.sendParameters({ ...section, rids: ['l', 'h'] }, [
      { rid: 'l' },
      { rid: 'h' },
    ])
    expect(encodings).toEqual([{ rid: 'l' }, { rid: 'h' }])
  })

  test.each([
    ['Chromium', chromium('a=ssrc-group:FID 617961333 1770347488', 'a=ssrc:617961333 cname:{25d759dc}')],
    ['Firefox', firefox()],
  ])('of %s with one stream says its SSRC, its retransmissions and its CNAME', (_, lines) => {
    const parameters = answer(...lines).sendParameters(section, [{ maxBitrate: 500_000 }])
    expect(parameters.encodings).toEqual([
      { ssrc: 617_961_333, rtx: { ssrc: 1_770_347_488 }, maxBitrate: 500_000 },
    ])
    expect(parameters.rtcp).toMatchObject({ cname: '{25d759dc}' })
  })

  test('what only this side says of a codec reaches the room, the hints for one browser do not', () => {
    const opus = [
      'm=audio 9 UDP/TLS/RTP/SAVPF 100',
      'c=IN IP4 0.0.0.0',
      'a=mid:s2',
      'a=sendonly',
      'a=rtpmap:100 opus/48000/2',
      'a=fmtp:100 minptime=10;useinbandfec=1',
      'a=ssrc:1636515411 cname:5C+m2efmU7914fBK',
    ]
    const parsed = answer(...chromium(), ...opus)
    expect(parsed.sendParameters(microphone, [{}]).codecs).toMatchObject([
      { mimeType: 'audio/opus', channels: 2, parameters: { minptime: 10, useinbandfec: 1, usedtx: 1 } },
    ])
    expect(parsed.sendParameters(section, [{}]).codecs[0]?.parameters).toEqual({})
  })

  test.each(['a=inactive', 'a=recvonly'])('a section answered with %s is not sent', (direction) => {
    const lines = chromium().map((line) => (line === 'a=sendonly' ? direction : line))
    expect(answer(...lines).sends('s1')).toBe(false)
    expect(answer(...chromium()).sends('s1')).toBe(true)
    expect(answer(...chromium()).sends('s2')).toBe(false)
  })
})
