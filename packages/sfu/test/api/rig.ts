import { WorkerImpl } from '../../src/api/worker.ts'
import type { Requests, ToWorker } from '../../src/channel/messages.ts'
import { FakeWorker } from './fake-worker.ts'
import { mediaCodecs } from './media-fixtures.ts'

/** A started worker over a fake process, with one router that has one WebRtcTransport. */
export async function rig() {
  const fake = new FakeWorker()
  const worker = await WorkerImpl.start({ startProcess: fake.start, appData: {} })
  const router = await worker.createRouter({ mediaCodecs })
  const transport = await router.createWebRtcTransport({
    listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
  })
  return { fake, worker, router, transport }
}

/** The data of the last request of a kind that the fake received. */
export function lastRequest<Method extends keyof Requests>(
  fake: FakeWorker,
  method: Method,
): Requests[Method]['request'] {
  const sent = fake.received.findLast(
    (frame): frame is Extract<ToWorker, { method: unknown }> => 'method' in frame && frame.method === method,
  )
  if (!sent) throw new Error(`no ${method} was sent`)
  return sent.data as Requests[Method]['request']
}
