import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WorkerImpl } from '../../src/api/worker.ts'
import type { types } from '../../src/index.ts'
import { audioParameters, mediaCodecs, receiverCapabilities } from './media-fixtures.ts'
import { startHarness, stopWorker } from './worker-harness.ts'

const CYCLES = 200

let worker: WorkerImpl
let router: types.Router
beforeAll(async () => {
  ;({ worker } = await startHarness('real'))
  router = await worker.createRouter({ mediaCodecs })
})
afterAll(() => stopWorker(worker))

/** What the worker holds: exact counts, which garbage collection does not touch. */
async function held(): Promise<unknown> {
  const { open } = await worker.dump()
  // Linux only; elsewhere the tables alone are compared.
  const fds = process.platform === 'linux' ? readdirSync(`/proc/${worker.pid}/fd`).length : 0
  return { open, fds }
}

describe(`${CYCLES} times`, () => {
  test('opening and closing transports leaves no socket, session or address behind', async () => {
    const open = () =>
      Promise.all([
        router.createWebRtcTransport({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }] }),
        router.createPlainTransport({ listenInfo: { protocol: 'udp', ip: '127.0.0.1' }, rtcpMux: false }),
        router.createPipeTransport({ listenInfo: { protocol: 'udp', ip: '127.0.0.1' } }),
      ])
    for (const transport of await open()) transport.close()
    const before = await held()
    for (let i = 0; i < CYCLES / 10; i++) {
      const transports = (await Promise.all(Array.from({ length: 10 }, open))).flat()
      for (const transport of transports) transport.close()
    }
    expect(await held()).toEqual(before)
  })

  test('producing and consuming leaves no producer, consumer or outgoing stream behind', async () => {
    const listenInfos: types.TransportListenInfo[] = [{ protocol: 'udp', ip: '127.0.0.1' }]
    const sender = await router.createWebRtcTransport({ listenInfos })
    const receiver = await router.createWebRtcTransport({ listenInfos })
    const before = await held()
    for (let i = 0; i < CYCLES; i++) {
      const producer = await sender.produce({ kind: 'audio', rtpParameters: audioParameters() })
      const rtpCapabilities = receiverCapabilities()
      const consumers = await Promise.all(
        Array.from({ length: 3 }, () => receiver.consume({ producerId: producer.id, rtpCapabilities })),
      )
      consumers[0]?.close()
      producer.close()
    }
    expect(await held()).toEqual(before)
    sender.close()
    receiver.close()
  })
})
