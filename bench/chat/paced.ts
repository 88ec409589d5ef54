import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { LightSender } from './light-sender.ts'
import type { MeasuredServer } from './measured-server.ts'
import { median, quantile } from './measuring.ts'

/** Before it counts: engines compile, buffers and the log reach the size that this pace needs. */
const warmUpSeconds = 3

export interface PacedRun {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Cores that the server used, all threads. */
  readonly serverCores: number
  /** Cores that this process used: what of the machine the senders took. */
  readonly clientCores: number
}

/** What is sent how fast. */
export interface Pace {
  readonly senders: number
  /** Messages that a sender sends at once, when it is its turn. */
  readonly windowSize: number
  /** Messages of all senders. */
  readonly perSecond: number
  readonly seconds: number
}

/** Senders take turns at an even pace whatever the server does: an open loop. */
export async function measurePaced(
  server: MeasuredServer,
  { senders: count, windowSize, perSecond, seconds }: Pace,
): Promise<PacedRun> {
  let latencies: number[] = []
  const note = (latencyMs: number): void => {
    latencies.push(latencyMs)
  }
  const senders: LightSender[] = []
  while (senders.length < count) {
    senders.push(await LightSender.connect(server.url, server.kind, `paced${senders.length}`, note))
  }
  const run = async (forSeconds: number): Promise<void> => {
    const beganMs = performance.now()
    for (let sent = 0; performance.now() - beganMs < forSeconds * 1000; await wait(1)) {
      const due = ((performance.now() - beganMs) / 1000) * perSecond
      for (; sent + windowSize <= due; sent += windowSize) {
        const sender = senders[(sent / windowSize) % count]
        for (let i = 0; i < windowSize; i += 1) sender?.send()
      }
    }
    await Promise.all(senders.map((sender) => sender.settle()))
  }
  await run(warmUpSeconds)
  latencies = []
  const before = { server: await server.cpuSeconds(), client: process.cpuUsage(), atMs: performance.now() }
  await run(seconds)
  const durationS = (performance.now() - before.atMs) / 1000
  const client = process.cpuUsage(before.client)
  const serverSeconds = (await server.cpuSeconds()) - before.server
  for (const sender of senders) sender.close()
  return {
    perSecond: latencies.length / durationS,
    p50Ms: median(latencies),
    p99Ms: quantile(latencies, 0.99),
    serverCores: serverSeconds / durationS,
    clientCores: (client.user + client.system) / 1e6 / durationS,
  }
}
