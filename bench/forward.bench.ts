/**
 * What forwarding costs: CPU time of the worker process per packet that it sent, beside the floor that a bare C++ loop
 * (encrypt per receiver, sendmmsg) reaches in the same run, sending as many packets of the same size to the same sockets at
 * the same pace. Real sockets, real DTLS and SRTP (GCM); the worker's figure includes everything else that it does
 * meanwhile: receiving, reports, consent checks, its clock.
 *
 * Worker and floor take turns of half a second, so that both see the machine in the same state; a row is the median of
 * the turns. Before them the stream runs faster than real time for a while: in a worker that has been up for a minute the
 * compiler is done.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { enginesOf } from './forward/engines.ts'
import { Floor } from './forward/floor.ts'
import { MEDIA, type Media } from './forward/media.ts'
import { Room, type RoomOptions } from './forward/room.ts'

export const description =
  'CPU µs per forwarded packet at fan-out 1-500, beside encrypt + sendmmsg in a bare C++ loop'

const TURN_SECONDS = 0.5
const WARM_UP_SECONDS = 3
/** As fast as the receivers follow, and no faster than this. */
const WARM_UP_PACE = 8
const WARM_UP_PACKETS_PER_SECOND = 60_000
/** What was sent last has arrived by then. */
const SETTLE_MS = 100
const WARM_UP_SETTLE_MS = 1000

interface Case extends Omit<RoomOptions, 'engine'> {
  readonly name: string
}

interface Row {
  readonly engine: string
  readonly media: string
  readonly legs: number
  readonly extensions: boolean
  readonly receivers: number
  readonly forwarded: number
  readonly expected: number
  /** Medians of the turns. */
  readonly cpuUsPerPacket: number
  readonly floorUsPerPacket: number
  readonly segmentedFloorUsPerPacket: number
  readonly ratio: number
  readonly segmentedRatio: number
}

/**
 * Runs every case that the options leave: `--turns 6` of each, `--receivers 1,10,100,500`, `--media audio,video`,
 * `--legs 1,20` streams per receiver, `--extensions on,off`. `--engine mediasoup` runs each case on that engine as well.
 */
export async function run(args: readonly string[]): Promise<readonly Row[]> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      turns: { type: 'string', default: '6' },
      receivers: { type: 'string', default: '1,10,100,500' },
      media: { type: 'string', default: 'audio,video' },
      legs: { type: 'string', default: '1' },
      extensions: { type: 'string', default: 'on' },
      engine: { type: 'string', default: 'sangam' },
    },
  })
  const engines = await enginesOf(values.engine)
  const floor = new Floor()
  const rows: Row[] = []
  try {
    for (const one of cases(values)) {
      for (const [name, engine] of engines) {
        const row = { engine: name, ...(await measure({ ...one, engine }, Number(values.turns), floor)) }
        rows.push(row)
        console.log(lineOf(row))
      }
    }
  } finally {
    await floor.close()
  }
  console.table(rows.map(printed))
  return rows
}

function cases(values: Readonly<Record<'media' | 'legs' | 'extensions' | 'receivers', string>>): Case[] {
  const list = (text: string) => text.split(',')
  return list(values.media).flatMap((name) =>
    list(values.legs).flatMap((legs) =>
      list(values.extensions).flatMap((extensions) =>
        list(values.receivers).map((receivers) => ({
          name,
          media: mediaOf(name),
          legs: Number(legs),
          extensions: extensions === 'on',
          receivers: Number(receivers),
        })),
      ),
    ),
  )
}

function mediaOf(name: string): Media {
  const media = MEDIA[name]
  if (media === undefined) throw new TypeError(`--media: ${name} is none of ${Object.keys(MEDIA).join(', ')}`)
  return media
}

async function measure(
  options: Case & RoomOptions,
  turns: number,
  floor: Floor,
): Promise<Omit<Row, 'engine'>> {
  const room = await Room.open(options)
  try {
    const { streams, receivers } = room
    const perSecond = options.media.packetsPerSecond * options.legs * options.receivers
    const pace = Math.max(1, Math.min(WARM_UP_PACE, WARM_UP_PACKETS_PER_SECOND / perSecond))
    await streams.send(WARM_UP_SECONDS, pace)
    await wait(WARM_UP_SETTLE_MS)
    const ports = receivers.map(({ localPort }) => localPort)
    const worker: number[] = []
    const plain: number[] = []
    const segmented: number[] = []
    let forwarded = 0
    const sentBefore = streams.sent
    for (let turn = 0; turn < turns; turn++) {
      const before = room.received
      const cpuBefore = await room.cpuUs()
      const packets = streams.sent
      await streams.send(TURN_SECONDS)
      await wait(SETTLE_MS)
      const cpu = (await room.cpuUs()) - cpuBefore
      forwarded += room.received - before
      worker.push(cpu / (room.received - before))
      const shape = { ...streams.shape, ports, packets: (streams.sent - packets) * options.legs }
      plain.push(await floor.usPerPacket({ ...shape, segment: false }))
      segmented.push(
        shape.burst === 1 ? (plain.at(-1) as number) : await floor.usPerPacket({ ...shape, segment: true }),
      )
    }
    return {
      media: options.name,
      legs: options.legs,
      extensions: options.extensions,
      receivers: options.receivers,
      forwarded,
      expected: (streams.sent - sentBefore) * options.legs * options.receivers,
      cpuUsPerPacket: median(worker),
      floorUsPerPacket: median(plain),
      segmentedFloorUsPerPacket: median(segmented),
      ratio: median(worker.map((us, i) => us / (plain[i] as number))),
      segmentedRatio: median(worker.map((us, i) => us / (segmented[i] as number))),
    }
  } finally {
    await room.close()
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

function printed(row: Row) {
  return {
    engine: row.engine,
    media: row.media,
    legs: row.legs,
    extensions: row.extensions ? 'on' : 'off',
    N: row.receivers,
    forwarded: `${row.forwarded} of ${row.expected}`,
    'worker µs/packet': row.cpuUsPerPacket.toFixed(2),
    'floor µs/packet': row.floorUsPerPacket.toFixed(2),
    'UDP_SEGMENT floor': row.segmentedFloorUsPerPacket.toFixed(2),
    'worker / floor': row.ratio.toFixed(2),
    'worker / UDP_SEGMENT': row.segmentedRatio.toFixed(2),
  }
}

function lineOf(row: Row): string {
  const { engine, media, legs, N, 'worker µs/packet': us, 'worker / floor': ratio } = printed(row)
  return `${engine}, ${media}: ${N} receivers of ${legs} streams: ${us} µs per packet, ${ratio} times the floor`
}
