import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { types } from '@sangam/sfu'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasFfmpeg } from '../../scripts/ffmpeg-install.ts'
import { findFreePorts } from '../harness/free-ports.ts'
import { EngineRoom, ffmpegRtpParameters, LOOPBACK, packetsOf, ssrcOf } from './engine-room.ts'
import { FFMPEG_CODECS, Ffmpeg, probe } from './ffmpeg.ts'

const SECONDS = 2
const SSRC = 0x5a5a5a5a
const CODECS = ['opus', 'vp8', 'h264'] as const

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sangam-interop-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/**
 * A transport that takes what ffmpeg sends, and the address to send it to. RTCP has a port of its own: ffmpeg sends it
 * from another port than RTP, and comedia takes one address per port.
 */
async function ingest(router: types.Router, codec: (typeof CODECS)[number]) {
  const transport = await router.createPlainTransport({ listenInfo: LOOPBACK, comedia: true, rtcpMux: false })
  const producer = await transport.produce({
    kind: FFMPEG_CODECS[codec].kind,
    rtpParameters: ffmpegRtpParameters(FFMPEG_CODECS[codec], SSRC),
  })
  const rtcp = `rtcpport=${transport.rtcpTuple?.localPort}`
  const url = `rtp://127.0.0.1:${transport.tuple.localPort}?${rtcp}&pkt_size=1200`
  return { transport, producer, url }
}

/** What a receiver of a consumer's stream has to know (RFC 8866); `key` is for SRTP by SDES (RFC 4568). */
function sdpOf(consumer: types.Consumer, port: number, srtp?: types.SrtpParameters): string {
  const [codec] = consumer.rtpParameters.codecs
  if (codec === undefined) throw new Error('no codec')
  const channels = codec.channels === undefined ? '' : `/${codec.channels}`
  const parameters = Object.entries(codec.parameters ?? {}).map(([key, value]) => `${key}=${value}`)
  return [
    'v=0',
    'o=- 0 0 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=${consumer.kind} ${port} ${srtp === undefined ? 'RTP/AVP' : 'RTP/SAVP'} ${codec.payloadType}`,
    `a=rtpmap:${codec.payloadType} ${codec.mimeType.split('/')[1]}/${codec.clockRate}${channels}`,
    ...(parameters.length === 0 ? [] : [`a=fmtp:${codec.payloadType} ${parameters.join(';')}`]),
    ...(srtp === undefined ? [] : [`a=crypto:1 ${srtp.cryptoSuite} inline:${srtp.keyBase64}`]),
    '',
  ].join('\r\n')
}

describe.skipIf(!hasFfmpeg())('ffmpeg', () => {
  test.each(CODECS)(
    'sends %s into a PlainTransport (comedia), and a WebRTC peer receives it',
    async (name) => {
      await using room = new EngineRoom()
      const router = await room.openRouter()
      const { producer, transport, url } = await ingest(router, name)
      const { peer, transport: receiver } = await room.join(router)
      const consumer = await receiver.consume({
        producerId: producer.id,
        rtpCapabilities: router.rtpCapabilities,
      })
      const arrived = packetsOf(peer, ssrcOf(consumer), 50)
      await using _sender = Ffmpeg.send(FFMPEG_CODECS[name], SSRC, url)
      await arrived
      expect(transport.tuple.remoteIp).toBe('127.0.0.1')
      const [inbound] = await producer.getStats()
      expect(inbound).toMatchObject({ mimeType: FFMPEG_CODECS[name].mimeType, ssrc: SSRC, packetsLost: 0 })
    },
  )

  test.each(CODECS)('receives %s from a PlainTransport by an SDP file, and can decode it', async (name) => {
    await using room = new EngineRoom()
    const router = await room.openRouter()
    const { producer, url } = await ingest(router, name)
    // ffmpeg takes RTP on the port that the SDP names, RTCP on the next one.
    const port = await findFreePorts(2)
    const transport = await router.createPlainTransport({ listenInfo: LOOPBACK, rtcpMux: false })
    await transport.connect({ ip: '127.0.0.1', port, rtcpPort: port + 1 })
    const consumer = await transport.consume({
      producerId: producer.id,
      rtpCapabilities: router.rtpCapabilities,
    })
    const [sdpFile, outputFile] = [join(folder, `${name}.sdp`), join(folder, `${name}.mkv`)]
    writeFileSync(sdpFile, sdpOf(consumer, port))
    await using receiver = Ffmpeg.receive(sdpFile, outputFile, SECONDS)
    await using _sender = Ffmpeg.send(FFMPEG_CODECS[name], SSRC, url)
    await receiver.finished()
    const probed = await probe(outputFile)
    expect(probed.codec_name).toBe(name)
    if (name === 'opus') expect(probed).toMatchObject({ channels: 2, sample_rate: '48000' })
    else expect(probed).toMatchObject({ width: 320, height: 240 })
    // 50 packets or 25 pictures a second; less what came before the first key frame.
    expect(probed.frames).toBeGreaterThan((name === 'opus' ? 40 : 20) * (SECONDS - 1))
  })

  test('sends and receives SRTP with keys from signalling', async () => {
    await using room = new EngineRoom()
    const router = await room.openRouter()
    const suite = { enableSrtp: true, srtpCryptoSuite: 'AES_CM_128_HMAC_SHA1_80' } as const
    const keyBase64 = Buffer.alloc(30, 0x5a).toString('base64')
    const ffmpegKey: types.SrtpParameters = { cryptoSuite: suite.srtpCryptoSuite, keyBase64 }
    const options = { listenInfo: LOOPBACK, rtcpMux: false, ...suite }
    const inbound = await router.createPlainTransport({ ...options, comedia: true })
    await inbound.connect({ srtpParameters: ffmpegKey })
    const producer = await inbound.produce({
      kind: 'audio',
      rtpParameters: ffmpegRtpParameters(FFMPEG_CODECS.opus, SSRC),
    })
    const port = await findFreePorts(2)
    const outbound = await router.createPlainTransport(options)
    await outbound.connect({ ip: '127.0.0.1', port, rtcpPort: port + 1, srtpParameters: ffmpegKey })
    const consumer = await outbound.consume({
      producerId: producer.id,
      rtpCapabilities: router.rtpCapabilities,
    })
    const [sdpFile, outputFile] = [join(folder, 'srtp.sdp'), join(folder, 'srtp.mkv')]
    writeFileSync(sdpFile, sdpOf(consumer, port, outbound.srtpParameters))
    await using receiver = Ffmpeg.receive(sdpFile, outputFile, SECONDS)
    const secrets = ['-srtp_out_suite', suite.srtpCryptoSuite, '-srtp_out_params', keyBase64]
    const url = `srtp://127.0.0.1:${inbound.tuple.localPort}?rtcpport=${inbound.rtcpTuple?.localPort}`
    await using _sender = Ffmpeg.send(FFMPEG_CODECS.opus, SSRC, url, { format: ['-f', 'rtp', ...secrets] })
    await receiver.finished()
    expect(await probe(outputFile)).toMatchObject({ codec_name: 'opus', channels: 2 })
  })
})
