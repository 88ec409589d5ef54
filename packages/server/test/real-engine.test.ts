import { existsSync } from 'node:fs'
import type { RtpCapabilities } from '@sangam/protocol'
import { describe, expect, test } from 'vitest'
import type { PublishedTrack } from './support/room-peer.ts'
import type { TestClient } from './support/test-client.ts'
import { startTestServer } from './support/test-server.ts'

const addon = new URL('../../sfu/build/Release/packet_port.node', import.meta.url)
const roomId = 'standup'
const network = { lan: [], loopback: ['127.0.0.1'] }
const dtlsParameters = {
  role: 'client' as const,
  fingerprints: [{ algorithm: 'sha-256' as const, value: Array(32).fill('AB').join(':') }],
}

/** The engines that a server may run on, and why one can't be tried here. */
const ENGINES = [
  {
    name: '@sangam/sfu',
    missing: existsSync(addon) ? undefined : 'its native addon is not built',
    load: (): Promise<unknown> => import('@sangam/sfu'),
  },
  {
    name: 'mediasoup',
    missing:
      process.env.MEDIASOUP_WORKER_BIN === undefined ? 'MEDIASOUP_WORKER_BIN names no worker' : undefined,
    load: (): Promise<unknown> => import('mediasoup'),
  },
]

const opusOf = ({ codecs }: RtpCapabilities): PublishedTrack => {
  const opus = codecs?.find(({ mimeType }) => mimeType === 'audio/opus')
  const payloadType = opus?.preferredPayloadType ?? 111
  return {
    kind: 'audio',
    source: 'microphone',
    rtpParameters: {
      mid: 's1',
      codecs: [{ mimeType: 'audio/opus', payloadType, clockRate: 48_000, channels: 2 }],
      encodings: [{ ssrc: 1111 }],
      rtcp: { cname: 'cname' },
    },
  }
}

/** Connects with one voice. */
const connectVoice = async (client: TestClient, rtpCapabilities: RtpCapabilities) => {
  const { transport } = await client.ask('room.openMedia', { roomId })
  const { transportId } = transport
  const tracks = [opusOf(rtpCapabilities)]
  const request = { roomId, transportId, dtlsParameters, rtpCapabilities, tracks }
  const reply = await client.ask('room.connectMedia', request)
  return { transport, producerId: reply.tracks[0]?.producerId }
}

describe.each(ENGINES)(
  'a room on $name',
  ({ missing, load }) => {
    const scenario = missing === undefined ? test : test.skip
    const start = async (mediaWorkers: number) =>
      startTestServer({ engine: await load(), mediaWorkers, network })
    const why = missing === undefined ? '' : ` (skipped: ${missing})`

    scenario(
      `gives transports, producers and consumers that fit the protocol, and leaves nothing behind${why}`,
      async () => {
        const server = await start(1)
        const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
        const { routerRtpCapabilities } = await asha.ask('room.join', { roomId })
        await ravi.ask('room.join', { roomId })
        const mimeTypes = routerRtpCapabilities.codecs?.map(({ mimeType }) => mimeType)
        expect(mimeTypes).toEqual(
          expect.arrayContaining(['audio/opus', 'video/VP8', 'video/H264', 'video/rtx']),
        )
        const { producerId } = await connectVoice(asha, routerRtpCapabilities)
        const { transport } = await connectVoice(ravi, routerRtpCapabilities)
        const candidates = transport.iceCandidates.map(({ protocol, address }) => `${protocol} ${address}`)
        expect(candidates).toEqual(['udp 127.0.0.1', 'tcp 127.0.0.1'])
        expect(transport.sctpParameters).toEqual({ port: 5000, maxMessageSize: expect.any(Number) })
        const { transportId } = transport
        const added = await ravi.next('room.consumersAdded')
        const [consumer] = added.consumers
        expect(consumer).toMatchObject({ producerId })
        expect(consumer?.rtpParameters.encodings?.[0]?.ssrc).toBeGreaterThan(0)
        await ravi.ask('room.consumersReady', { roomId, transportId, batch: added.batch })
        const { iceParameters } = await ravi.ask('room.restartIce', { roomId, transportId })
        expect(iceParameters.usernameFragment).not.toBe(transport.iceParameters.usernameFragment)
        await asha.next('room.consumersAdded')
        const counted = ['transports', 'producers', 'consumers'].map((name) =>
          server.metric(`sangam_${name}`),
        )
        expect(await Promise.all(counted)).toEqual([2, 2, 2])
        await asha.ask('room.leave', { roomId })
        expect(await ravi.next('room.consumersRemoved')).toEqual({
          roomId,
          consumerIds: [consumer?.consumerId],
        })
        await ravi.ask('room.leave', { roomId })
        const left = ['rooms', 'transports', 'producers', 'consumers'].map((name) =>
          server.metric(`sangam_${name}`),
        )
        expect(await Promise.all(left)).toEqual([0, 0, 0, 0])
      },
    )

    scenario(`refuses what the engine refuses, with a typed error${why}`, async () => {
      const server = await start(1)
      const asha = await server.guest('Asha')
      await asha.ask('room.join', { roomId })
      const { transport } = await asha.ask('room.openMedia', { roomId })
      const publishing = { roomId, transportId: transport.transportId, kind: 'audio', source: 'microphone' }
      const codec = { mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2 }
      expect(
        await asha.refusal('room.publish', { ...publishing, rtpParameters: { codecs: [] } }),
      ).toBeDefined()
      const unknown = { codecs: [{ ...codec, mimeType: 'audio/unheard' }], encodings: [{ ssrc: 1 }] }
      expect(await asha.refusal('room.publish', { ...publishing, rtpParameters: unknown })).toMatchObject({
        code: 'unsupported',
      })
      expect(await asha.ask('presence.set', { status: 'online' })).toEqual({})
    })

    scenario(
      `goes on at another worker when its own is killed: the same participant gets a transport there${why}`,
      async () => {
        const server = await start(2)
        const asha = await server.guest('Asha')
        await asha.ask('room.join', { roomId })
        const { transport } = await asha.ask('room.openMedia', { roomId })
        const pids = [
          ...(await (await fetch(`${server.url}/metrics`)).text()).matchAll(/cpu_seconds\{pid="(\d+)"\}/g),
        ].map(([, pid]) => Number(pid))
        expect(pids).toHaveLength(2)
        // The first of equally loaded workers carries the first room.
        process.kill(pids[0] ?? 0, 'SIGKILL')
        const moved = await asha.next('room.mediaMoved')
        expect(moved).toMatchObject({ roomId, reason: 'workerDied' })
        expect(moved.transport.transportId).not.toBe(transport.transportId)
        expect(await server.metric('sangam_transports')).toBe(1)
        const { transportId } = moved.transport
        await asha.ask('room.connectMedia', { roomId, transportId, dtlsParameters, tracks: [] })
        await expect.poll(() => server.metric('sangam_media_workers'), { timeout: 30_000 }).toBe(2)
      },
    )
  },
  60_000,
)

test('a mediasoup without a worker program is said to be unavailable, and nothing starts', async () => {
  const engine = await import('mediasoup')
  const createWorker: typeof engine.createWorker = (settings) =>
    engine.createWorker({ ...settings, workerBin: '/nowhere/mediasoup-worker' })
  await expect(startTestServer({ engine: { createWorker }, network })).rejects.toMatchObject({
    code: 'engineUnavailable',
  })
})
