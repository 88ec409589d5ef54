import type { Socket } from 'socket.io-client'
import { measureHalfLoad } from './half-load.ts'
import { MeasuredServer } from './measured-server.ts'
import { type Kind, kinds, median, openTeam, quantile, send } from './measuring.ts'

export const senders = 50
/** Messages that a sender has under way, when it sends as fast as it can. */
const windowSize = 20

export interface AckRun {
  readonly perSecond: number
  readonly ackP50Ms: number
  readonly ackP99Ms: number
  readonly cpuSecondsPerThousand: number
}

/** Connects the senders. Created by somebody who leaves: none of them has it open, so nothing is fanned out. */
export async function connectSenders(server: MeasuredServer): Promise<Socket[]> {
  const [creator] = await server.connect(1)
  if (creator !== undefined) await openTeam(creator)
  creator?.disconnect()
  return server.connect(senders)
}

/** All sockets send for a time, as fast as their windows allow. */
export async function measureAcks(
  server: MeasuredServer,
  sockets: readonly Socket[],
  seconds: number,
): Promise<AckRun> {
  const latencies: number[] = []
  const cpuBefore = await server.cpuSeconds()
  const beganMs = performance.now()
  const endMs = beganMs + seconds * 1000
  const flatOut = async (socket: Socket): Promise<void> => {
    while (performance.now() < endMs) latencies.push(await send(socket))
  }
  await Promise.all(sockets.flatMap((socket) => Array.from({ length: windowSize }, () => flatOut(socket))))
  const durationS = (performance.now() - beganMs) / 1000
  const cpu = (await server.cpuSeconds()) - cpuBefore
  return {
    perSecond: latencies.length / durationS,
    ackP50Ms: median(latencies),
    ackP99Ms: quantile(latencies, 0.99),
    cpuSecondsPerThousand: (cpu / latencies.length) * 1000,
  }
}

/** Acknowledged messages per second beside bare Socket.IO, and how long an acknowledgement takes at half of that. */
export async function compareAcks(seconds: number, rounds: number): Promise<unknown> {
  const runs: Record<Kind, AckRun[]> = { bare: [], sangam: [] }
  await using bare = await MeasuredServer.start('bare')
  await using sangam = await MeasuredServer.start('sangam')
  const sockets = { bare: await bare.connect(senders), sangam: await connectSenders(sangam) }
  const servers = { bare, sangam }
  for (const kind of kinds) await measureAcks(servers[kind], sockets[kind], 1)
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of kinds) runs[kind].push(await measureAcks(servers[kind], sockets[kind], seconds))
  }
  const rate = (kind: Kind): number => median(runs[kind].map(({ perSecond }) => perSecond))
  const ratio = rate('sangam') / rate('bare')
  for (const socket of [...sockets.bare, ...sockets.sangam]) socket.disconnect()
  for (const kind of kinds) {
    const cpu = median(runs[kind].map(({ cpuSecondsPerThousand }) => cpuSecondsPerThousand))
    console.log(
      `${kind.padEnd(8)} ${rate(kind).toFixed(0).padStart(8)} acknowledged/s  ${(cpu * 1000).toFixed(0)} µs CPU each`,
    )
  }
  console.log(`durable ÷ bare: ${ratio.toFixed(2)}  (${senders} senders, synchronous=FULL)`)
  const halfRate = rate('sangam') / 2
  // Half of the same load, and as many messages sent one by one: dearer, since each is read and answered by itself.
  const halves = []
  for (const size of [windowSize, 1]) {
    halves.push(
      await measureHalfLoad(servers, { senders, windowSize: size, perSecond: halfRate, seconds, rounds }),
    )
  }
  return { runs, ratio, halfRate, halves }
}
