/**
 * What consumers cost: how long it takes to make 1,000 of them until each has got its first packet, how much memory one
 * holds in the worker and in the application, and whether 10,000 that come and go leave anything behind; and how long it takes
 * until 1,000 peers are connected, with a consumer each. The references are the elliptic-curve operations of so many handshakes, and as many requests to a child process that only sends them back, over the same kind of channel.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as sfu from '@sangam/sfu'
import { connectMany } from './consumers/handshakes.ts'
import { MEDIA } from './forward/media.ts'
import { Room } from './forward/room.ts'

export const description =
  '1,000 consumers: time until all receive, memory of each, and what 10,000 that come and go leave behind'

const PAGE_BYTES = 4096
/** Requests that are under way at a time. */
const AT_ONCE = 50
/** Rounds before the one that is measured, at most. */
const MOST_WARM_UP_ROUNDS = 20
/** Lets garbage collectors finish. */
const SETTLE_MS = 1500

/** Runs all four. `--peers 1000` that connect, `--transports 100` that receive, `--consumers 1000` of them, `--cycles 10000`. */
export async function run(args: readonly string[]): Promise<unknown> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      transports: { type: 'string', default: '100' },
      consumers: { type: 'string', default: '1000' },
      peers: { type: 'string', default: '1000' },
      cycles: { type: 'string', default: '10000' },
    },
  })
  const count = Number(values.consumers)
  const handshakes = await connectMany(Number(values.peers))
  const room = await Room.open({
    engine: sfu,
    media: MEDIA.audio as NonNullable<typeof MEDIA.audio>,
    receivers: Number(values.transports),
    legs: 1,
    extensions: 'on',
  })
  try {
    const echoMs = await echo(count)
    const created = await create(room, count)
    const memory = await memoryOfEach(room, 4 * count)
    const cycles = await comeAndGo(room, Number(values.cycles))
    console.table({
      [`${values.peers} peers connected, each with its consumer, ms`]: handshakes.ms.toFixed(0),
      'CPU of the worker meanwhile, ms': handshakes.workerMs.toFixed(0),
      'CPU of the bare elliptic-curve operations of one side, ms': handshakes.bareMs.toFixed(0),
      'worker / bare operations': (handshakes.workerMs / handshakes.bareMs).toFixed(1),
      [`${count} consumers created and receiving, ms`]: created.ms.toFixed(0),
      [`${count} requests to an echoing child, ms`]: echoMs.toFixed(0),
      'times the echo': (created.ms / echoMs).toFixed(1),
      'worker memory of a consumer, bytes': memory.workerBytes.toFixed(0),
      'application heap of a consumer, bytes': memory.heapBytes.toFixed(0),
      'worker memory per create and close, bytes': cycles.workerBytesPerCycle.toFixed(1),
      'application heap per create and close, bytes': cycles.heapBytesPerCycle.toFixed(1),
      'file descriptors more than before': cycles.fileDescriptors,
      'sinks more than before': cycles.sinks,
    })
    return { handshakes, created, echoMs, memory, cycles }
  } finally {
    await room.close()
  }
}

async function echo(count: number): Promise<number> {
  const child = fork(join(import.meta.dirname, 'echo-process.ts'), { serialization: 'advanced' })
  const answer = once(child, 'message')
  child.send({ id: -1 })
  await answer
  const startMs = performance.now()
  let answers = 0
  const done = new Promise<void>((resolve) => {
    child.on('message', () => {
      answers++
      if (answers === count) resolve()
    })
  })
  // What a request to consume looks like, in size.
  for (let id = 0; id < count; id++) child.send({ id, data: { text: 'x'.repeat(1500) } })
  await done
  const ms = performance.now() - startMs
  child.disconnect()
  await once(child, 'exit')
  return ms
}

/** Makes consumers on the room's transports, `AT_ONCE` at a time. */
async function consume(room: Room, count: number): Promise<sfu.types.Consumer[]> {
  const { receivingTransports, router, producerId } = room
  const consumers: sfu.types.Consumer[] = []
  let next = 0
  const one = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const transport = receivingTransports[i % receivingTransports.length] as sfu.types.WebRtcTransport
      const { rtpCapabilities } = router
      consumers.push(await transport.consume({ producerId, rtpCapabilities }))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  return consumers
}

async function create(room: Room, count: number): Promise<{ ms: number }> {
  const streamsBefore = room.receivedStreams
  // A voice: everybody who consumes it gets a packet within 20 ms.
  let isOver = false
  const media = (async () => {
    while (!isOver) await room.streams.send(0.02)
  })()
  const startMs = performance.now()
  const consumers = await consume(room, count)
  while (room.receivedStreams < streamsBefore + count) await wait(1)
  const ms = performance.now() - startMs
  isOver = true
  await media
  for (const consumer of consumers) consumer.close()
  return { ms }
}

async function memoryOfEach(room: Room, count: number): Promise<{ workerBytes: number; heapBytes: number }> {
  // What the process has grown to by now is used again: only what goes beyond is the consumers'.
  const first = await consume(room, count)
  const before = await memory(room)
  const second = await consume(room, count)
  const after = await memory(room)
  for (const consumer of [...first, ...second]) consumer.close()
  return {
    workerBytes: (after.worker - before.worker) / count,
    heapBytes: (after.heap - before.heap) / count,
  }
}

async function comeAndGo(room: Room, cycles: number) {
  const repeat = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += AT_ONCE) {
      for (const consumer of await consume(room, Math.min(AT_ONCE, count - done))) consumer.close()
    }
  }
  const now = async () => ({ ...(await memory(room)), ...(await tables(room)) })
  let before = await now()
  // Until the worker grows no more: what it has grown to by then is used again.
  for (let round = 0; round < MOST_WARM_UP_ROUNDS; round++) {
    const { worker } = before
    await repeat(cycles)
    before = await now()
    if (before.worker <= worker) break
  }
  await repeat(cycles)
  const after = await now()
  return {
    workerBytesPerCycle: (after.worker - before.worker) / cycles,
    heapBytesPerCycle: (after.heap - before.heap) / cycles,
    fileDescriptors: after.fileDescriptors - before.fileDescriptors,
    sinks: after.sinks - before.sinks,
  }
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes: what the worker has in memory, and what the application's heap holds. */
async function memory(room: Room): Promise<{ worker: number; heap: number }> {
  await wait(SETTLE_MS)
  collectGarbage()
  const pages = Number(readFileSync(`/proc/${room.worker.pid}/statm`, 'utf8').split(' ')[1])
  return { worker: pages * PAGE_BYTES, heap: process.memoryUsage().heapUsed }
}

async function tables(room: Room): Promise<{ fileDescriptors: number; sinks: number }> {
  const { open } = await room.worker.dump()
  return { fileDescriptors: readdirSync(`/proc/${room.worker.pid}/fd`).length, sinks: open.sinks }
}
