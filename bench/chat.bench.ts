/**
 * What durability and fan-out cost beside bare Socket.IO that stores nothing: the same clients, payloads and machine, in
 * turns. Clients run in this process, each server in one of its own.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Socket } from 'socket.io-client'
import { MeasuredServer } from './chat/measured-server.ts'

export const description =
  'durable messages/s with 50 senders and fan-out 1 → 1,000, beside bare Socket.IO (--seconds, --rounds, --members)'

const senders = 50
/** Messages that a sender has under way, when it sends as fast as it can. */
const windowSize = 20
const text = 'x'.repeat(100)
const fanoutMessages = 200
const fanoutWindow = 4
const fsyncs = 300
const kinds = ['bare', 'sangam'] as const

interface AckRun {
  readonly perSecond: number
  readonly ackP50Ms: number
  readonly ackP99Ms: number
  readonly cpuSecondsPerThousand: number
}

interface FanoutRun {
  readonly deliveries: number
  readonly deliveriesPerCpuSecond: number
}

let nextId = 0

const median = (values: readonly number[]): number => quantile(values, 0.5)
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Sends one message; resolves with the time to its acknowledgement, ms. @throws Error when it is refused */
function send(socket: Socket): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const beganMs = performance.now()
  nextId += 1
  const request = { conversationId: 'team', clientMessageId: `m${nextId}`, text }
  socket.emit('conversation.send', request, (ack: { ok: boolean; error?: { code: string } }) => {
    if (ack.ok) resolve(performance.now() - beganMs)
    else reject(new Error(`refused: ${ack.error?.code}`))
  })
  return promise
}

const openTeam = (socket: Socket): Promise<unknown> =>
  socket.timeout(30_000).emitWithAck('conversation.open', { conversationId: 'team' })

/** All sockets send for a time: as fast as their windows allow, or `perSecond` messages in all. */
async function measureAcks(
  server: MeasuredServer,
  sockets: readonly Socket[],
  seconds: number,
  perSecond?: number,
): Promise<AckRun> {
  const latencies: number[] = []
  const cpuBefore = await server.cpuSeconds()
  const beganMs = performance.now()
  const endMs = beganMs + seconds * 1000
  const flatOut = async (socket: Socket): Promise<void> => {
    while (performance.now() < endMs) latencies.push(await send(socket))
  }
  const paced = async (rate: number): Promise<void> => {
    const waiting: Promise<unknown>[] = []
    for (let sent = 0; performance.now() < endMs; await wait(1)) {
      const due = ((performance.now() - beganMs) / 1000) * rate
      for (; sent < due; sent += 1) {
        const socket = sockets[sent % sockets.length]
        if (socket !== undefined) waiting.push(send(socket).then((ms) => latencies.push(ms)))
      }
    }
    await Promise.all(waiting)
  }
  await (perSecond === undefined
    ? Promise.all(sockets.flatMap((socket) => Array.from({ length: windowSize }, () => flatOut(socket))))
    : paced(perSecond))
  const durationS = (performance.now() - beganMs) / 1000
  const cpu = (await server.cpuSeconds()) - cpuBefore
  return {
    perSecond: latencies.length / durationS,
    ackP50Ms: median(latencies),
    ackP99Ms: quantile(latencies, 0.99),
    cpuSecondsPerThousand: (cpu / latencies.length) * 1000,
  }
}

/** One sender, many members who have the conversation open; ends when everybody was told everything. */
async function measureFanout(
  server: MeasuredServer,
  sender: Socket,
  members: readonly Socket[],
): Promise<FanoutRun> {
  let deliveries = 0
  const expected = fanoutMessages * members.length
  const { promise: complete, resolve } = Promise.withResolvers<void>()
  const onMessage = (): void => {
    deliveries += 1
    if (deliveries === expected) resolve()
  }
  for (const member of members) member.on('conversation.message', onMessage)
  const cpuBefore = await server.cpuSeconds()
  let left = fanoutMessages
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await send(sender)
    }
  }
  await Promise.all(Array.from({ length: fanoutWindow }, work))
  await complete
  const cpu = (await server.cpuSeconds()) - cpuBefore
  for (const member of members) member.off('conversation.message', onMessage)
  return { deliveries, deliveriesPerCpuSecond: deliveries / cpu }
}

/** How long this disk takes to sync 4 KiB appended to a file, ms. */
function measureFsync(): { p50Ms: number; p99Ms: number } {
  const folder = mkdtempSync(join(tmpdir(), 'sangam-fsync-'))
  const file = openSync(join(folder, 'file'), 'w')
  const page = Buffer.alloc(4096, 1)
  const times = Array.from({ length: fsyncs }, () => {
    writeSync(file, page)
    const beganMs = performance.now()
    fsyncSync(file)
    return performance.now() - beganMs
  })
  closeSync(file)
  rmSync(folder, { recursive: true })
  return { p50Ms: median(times), p99Ms: quantile(times, 0.99) }
}

/** Measures in turns and gives medians with their ratio. */
export async function run(args: readonly string[]): Promise<unknown> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '3' },
      members: { type: 'string', default: '1000' },
    },
  })
  const seconds = Number(values.seconds)
  const rounds = Number(values.rounds)
  const durable = await compareAcks(seconds, rounds)
  const fanout = await compareFanout(Number(values.members), rounds)
  return { durable, fanout }
}

async function compareAcks(seconds: number, rounds: number): Promise<unknown> {
  const runs: Record<(typeof kinds)[number], AckRun[]> = { bare: [], sangam: [] }
  await using bare = await MeasuredServer.start('bare')
  await using sangam = await MeasuredServer.start('sangam')
  const sockets = { bare: await bare.connect(senders), sangam: await sangam.connect(senders) }
  // Created by somebody who leaves: senders do not have it open, so nothing is fanned out here.
  const [creator] = await sangam.connect(1)
  if (creator !== undefined) await openTeam(creator)
  creator?.disconnect()
  const servers = { bare, sangam }
  for (const kind of kinds) await measureAcks(servers[kind], sockets[kind], 1)
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of kinds) runs[kind].push(await measureAcks(servers[kind], sockets[kind], seconds))
  }
  const rate = (kind: (typeof kinds)[number]): number => median(runs[kind].map(({ perSecond }) => perSecond))
  const ratio = rate('sangam') / rate('bare')
  const fsync = measureFsync()
  const half = await measureAcks(sangam, sockets.sangam, seconds, rate('sangam') / 2)
  for (const kind of kinds) {
    const cpu = median(runs[kind].map(({ cpuSecondsPerThousand }) => cpuSecondsPerThousand))
    console.log(
      `${kind.padEnd(8)} ${rate(kind).toFixed(0).padStart(8)} acknowledged/s  ${(cpu * 1000).toFixed(0)} µs CPU each`,
    )
  }
  console.log(`durable ÷ bare: ${ratio.toFixed(2)}  (${senders} senders, synchronous=FULL)`)
  console.log(
    `half load: ack p50 ${half.ackP50Ms.toFixed(2)} ms, p99 ${half.ackP99Ms.toFixed(2)} ms; fsync p50 ${fsync.p50Ms.toFixed(2)} ms, p99 ${fsync.p99Ms.toFixed(2)} ms`,
  )
  return { runs, ratio, half, fsync }
}

async function compareFanout(count: number, rounds: number): Promise<unknown> {
  const runs: Record<(typeof kinds)[number], FanoutRun[]> = { bare: [], sangam: [] }
  for (const kind of kinds) {
    await using server = await MeasuredServer.start(kind)
    const members = await server.connect(count)
    for (const member of members) await openTeam(member)
    const [sender] = await server.connect(1)
    if (sender === undefined) throw new Error('there is no sender')
    await measureFanout(server, sender, members)
    for (let round = 0; round < rounds; round += 1)
      runs[kind].push(await measureFanout(server, sender, members))
  }
  const rate = (kind: (typeof kinds)[number]): number =>
    median(runs[kind].map(({ deliveriesPerCpuSecond }) => deliveriesPerCpuSecond))
  const ratio = rate('sangam') / rate('bare')
  for (const kind of kinds)
    console.log(`${kind.padEnd(8)} ${rate(kind).toFixed(0).padStart(8)} deliveries/CPU-second`)
  console.log(`Sangam ÷ bare: ${ratio.toFixed(2)}  (1 sender, ${count} members)`)
  return { runs, ratio }
}
