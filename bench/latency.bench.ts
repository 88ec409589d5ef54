/**
 * How long a packet is under way through the worker while it carries load and the API creates and closes consumers beside
 * it, and through a trivial loop of recvfrom and sendto in a process of its own, in turn: the difference is what the worker adds.
 */
import { fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import * as sfu from '@sangam/sfu'
import { findFreePorts } from '../test/harness/free-ports.ts'
import { MEDIA, rtpParameters } from './forward/media.ts'
import { Room } from './forward/room.ts'
import { DeafAudience, serverTransportOf } from './latency/deaf-audience.ts'
import type { ProbeOptions } from './latency/probe-process.ts'

export const description =
  'Latency that the worker adds under load, while the API creates and closes 20 consumers per second'

const HERE = join(import.meta.dirname, 'latency')
const CHURN_INTERVAL_MS = 50
const INTERVAL_MS = 4
const WARM_UP_MS = 8000
const LOAD_WINDOW_MS = 1500

/**
 * `--load 0.5` is the share of a core that the worker is to spend; `--receivers 20` of `--voices 60`, whom no process reads,
 * are the load, each voice as many times faster than real time as that takes; `--seconds 12`; `--nice 0` is the worker's
 * priority.
 */
export async function run(args: readonly string[]): Promise<unknown> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      load: { type: 'string', default: '0.5' },
      receivers: { type: 'string', default: '20' },
      voices: { type: 'string', default: '60' },
      seconds: { type: 'string', default: '12' },
      nice: { type: 'string', default: '0' },
    },
  })
  const seconds = Number(values.seconds)
  const audio = MEDIA.audio as NonNullable<typeof MEDIA.audio>
  const room = await Room.open({
    engine: sfu,
    media: audio,
    receivers: 0,
    legs: Number(values.voices),
    extensions: 'on',
  })
  if (values.nice !== '0') setPriority(room.worker.pid, Number(values.nice))
  const audience = await DeafAudience.open(room, Number(values.receivers))
  const echoPort = await findFreePorts(1)
  const echo = fork(join(HERE, 'echo-process.ts'), [String(echoPort)])
  try {
    const load: Load = { isOver: false, pace: 1, churnIntervalMs: 0 }
    const loading = Promise.all([talk(room, load), churn(room, audience, load)])
    await setLoad(room, load, Number(values.load))
    const probe = fork(join(HERE, 'probe-process.ts'))
    const result = once(probe, 'message')
    const transports = await probeTransports(room)
    const options: ProbeOptions = {
      ...transports.servers,
      echoPort,
      packets: Math.round((seconds * 1000) / INTERVAL_MS),
      intervalMs: INTERVAL_MS,
    }
    probe.send(options)
    const [{ connect }] = (await result) as [{ connect: sfu.types.DtlsParameters }]
    await transports.connect(connect)
    const measured = once(probe, 'message')
    const share = await loadShare(room, measured)
    const [times] = (await measured) as [{ worker: number[]; echo: number[] }]
    load.isOver = true
    await loading
    const figures = { loadShare: share, worker: percentiles(times.worker), echo: percentiles(times.echo) }
    console.log(`Load of the worker: ${(share * 100).toFixed(0)} % of a core`)
    console.table({
      'through the worker, µs': figures.worker,
      'through the echo, µs': figures.echo,
      'added, µs': difference(figures.worker, figures.echo),
    })
    return figures
  } finally {
    const socket = createSocket('udp4')
    await new Promise((resolve) => socket.send(new Uint8Array(1), echoPort, '127.0.0.1', resolve))
    socket.close()
    if (echo.exitCode === null) await once(echo, 'exit')
    await audience.close()
    await room.close()
  }
}

interface Percentiles {
  readonly packets: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number => Math.round(sorted[Math.floor(sorted.length * share)] ?? Number.NaN)
  return { packets: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}

function difference(a: Percentiles, b: Percentiles): Percentiles {
  return { packets: a.packets, p50: a.p50 - b.p50, p95: a.p95 - b.p95, p99: a.p99 - b.p99 }
}

interface Load {
  isOver: boolean
  /** How many times faster than real time each voice is. */
  pace: number
  churnIntervalMs: number
}

/**
 * Requests come as fast as they are answered at first: in a worker that has been up for some minutes the compiler is done.
 * Then the voices are set to the share of a core that the worker is to spend.
 */
async function setLoad(room: Room, load: Load, share: number): Promise<void> {
  await wait(WARM_UP_MS)
  load.churnIntervalMs = CHURN_INTERVAL_MS
  for (let round = 0; round < 3; round++) load.pace *= share / (await loadShare(room, wait(LOAD_WINDOW_MS)))
}

/** What share of a core the worker spends until `over` resolves. */
async function loadShare(room: Room, over: Promise<unknown>): Promise<number> {
  const cpuBeforeUs = room.cpuUs
  const startMs = performance.now()
  await over
  return (room.cpuUs - cpuBeforeUs) / 1000 / (performance.now() - startMs)
}

/** Everybody talks, one after the other within each frame's time. */
async function talk(room: Room, load: Load): Promise<void> {
  while (!load.isOver) await room.streams.sendStaggered(0.2, load.pace)
}

async function churn({ producerId, router }: Room, { transports }: DeafAudience, load: Load): Promise<void> {
  for (let i = 0; !load.isOver; i++) {
    const transport = transports[i % transports.length] as sfu.types.WebRtcTransport
    const consumer = await transport.consume({ producerId, rtpCapabilities: router.rtpCapabilities })
    await wait(load.churnIntervalMs)
    consumer.close()
  }
}

/** A sender and a receiver for the probe, which connects them from its own process. */
async function probeTransports(room: Room) {
  const sender = await room.newTransport()
  const receiver = await room.newTransport()
  const producer = await sender.produce({ kind: 'audio', rtpParameters: rtpParameters('audio', 0) })
  await receiver.consume({ producerId: producer.id, rtpCapabilities: room.router.rtpCapabilities })
  return {
    servers: { sender: serverTransportOf(sender), receiver: serverTransportOf(receiver) },
    connect: (dtlsParameters: sfu.types.DtlsParameters) =>
      Promise.all([sender.connect({ dtlsParameters }), receiver.connect({ dtlsParameters })]),
  }
}
