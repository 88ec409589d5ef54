/**
 * What forwarding costs: CPU time of the worker process per packet that it sent, beside the floor that a bare C++ loop
 * (encrypt per receiver, sendmmsg) reaches in the same run, sending as many packets of the same size to the same sockets at
 * the same pace. Real sockets, real DTLS and SRTP (GCM); the worker's figure includes everything else that it does
 * meanwhile: receiving, reports, consent checks, its clock.
 *
 * Rooms that differ only in their header extensions are open at the same time, and take turns of half a second, each
 * followed by its floor: so all see the machine in the same state. What is printed is the median of the turns' ratios and,
 * in brackets, their quartiles. Worker and floor have a core of their own. Before the turns the streams run faster than real
 * time for a while: in a worker that has been up for some minutes the compiler is done.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { giveOwnCore } from './forward/cores.ts'
import { enginesOf } from './forward/engines.ts'
import { Floor } from './forward/floor.ts'
import { MEDIA, type Media } from './forward/media.ts'
import { type ExtensionMode, Room, type RoomOptions } from './forward/room.ts'
import { type Spread, spread, spreadText } from './forward/statistics.ts'

export const description =
  'CPU µs per forwarded packet at fan-out 1-500, beside encrypt + sendmmsg in a bare C++ loop'

const TURN_SECONDS = 0.5
const WARM_UP_SECONDS = 4
/** As fast as the receivers follow, and no faster than this. */
const WARM_UP_PACE = 8
const WARM_UP_PACKETS_PER_SECOND = 60_000
/** What did not arrive by then is lost. */
const MOST_SETTLE_MS = 100
const WARM_UP_SETTLE_MS = 1000
const MODES: readonly string[] = ['off', 'on', 'ignored', 'feedback'] satisfies ExtensionMode[]

/** What the rooms of one comparison have in common. */
interface Case {
  readonly name: string
  readonly media: Media
  readonly legs: number
  readonly receivers: number
}

/** One of the rooms, and its turns: microseconds of CPU per packet. */
interface Contestant {
  readonly engine: string
  readonly extensions: ExtensionMode
  readonly room: Room
  readonly workerUs: number[]
  readonly floorUs: number[]
  readonly segmentedFloorUs: number[]
  forwarded: number
  expected: number
}

interface Row {
  readonly engine: string
  readonly media: string
  readonly legs: number
  readonly extensions: ExtensionMode
  readonly receivers: number
  readonly forwarded: number
  readonly expected: number
  readonly cpuUsPerPacket: Spread
  readonly floorUsPerPacket: Spread
  readonly segmentedFloorUsPerPacket: Spread
  /** Of the worker's and the floor's figures of one turn. */
  readonly ratio: Spread
  readonly segmentedRatio: Spread
  /** Of this room's and the first room's figures of one turn. */
  readonly toFirst: Spread
}

/**
 * Runs every case that the options leave: `--turns 12` of each, `--receivers 1,10,100,500`, `--media audio,video`,
 * `--legs 1,20` streams per receiver, `--extensions off,on,ignored,feedback` side by side. `--engine mediasoup` runs that engine
 * beside ours as well.
 */
export async function run(args: readonly string[]): Promise<readonly Row[]> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      turns: { type: 'string', default: '12' },
      receivers: { type: 'string', default: '1,10,100,500' },
      media: { type: 'string', default: 'audio,video' },
      legs: { type: 'string', default: '1' },
      extensions: { type: 'string', default: 'on' },
      engine: { type: 'string', default: 'sangam' },
    },
  })
  const engines = await enginesOf(values.engine)
  const modes = values.extensions.split(',').map(modeOf)
  const floor = new Floor()
  const rows: Row[] = []
  try {
    for (const one of cases(values)) {
      const rooms = engines.flatMap(([engine, module]) =>
        modesOf(one.media, modes).map((extensions) => ({
          engine,
          options: { ...one, extensions, engine: module },
        })),
      )
      for (const row of await compare(one, rooms, Number(values.turns), floor)) {
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

function cases(values: Readonly<Record<'media' | 'legs' | 'receivers', string>>): Case[] {
  const list = (text: string) => text.split(',')
  return list(values.media).flatMap((name) =>
    list(values.legs).flatMap((legs) =>
      list(values.receivers).map((receivers) => ({
        name,
        media: mediaOf(name),
        legs: Number(legs),
        receivers: Number(receivers),
      })),
    ),
  )
}

function mediaOf(name: string): Media {
  const media = MEDIA[name]
  if (media === undefined) throw new TypeError(`--media: ${name} is none of ${Object.keys(MEDIA).join(', ')}`)
  return media
}

function modeOf(name: string): ExtensionMode {
  if (!MODES.includes(name)) throw new TypeError(`--extensions: ${name} is none of ${MODES.join(', ')}`)
  return name as ExtensionMode
}

/** Audio leaves without transport-wide numbers, as in mediasoup: nobody sends feedback about it. */
function modesOf({ kind }: Media, modes: readonly ExtensionMode[]): readonly ExtensionMode[] {
  return kind === 'video' ? modes : modes.filter((mode) => mode === 'off' || mode === 'on')
}

async function compare(
  one: Case,
  rooms: readonly { readonly engine: string; readonly options: RoomOptions }[],
  turns: number,
  floor: Floor,
): Promise<Row[]> {
  const contestants: Contestant[] = []
  try {
    for (const { engine, options } of rooms) {
      const { extensions } = options
      const room = await Room.open(options)
      const figures = { workerUs: [], floorUs: [], segmentedFloorUs: [], forwarded: 0, expected: 0 }
      contestants.push({ engine, extensions, room, ...figures })
    }
    const workers = contestants.map(({ room }) => room.worker.pid)
    if (!giveOwnCore([floor.pid, ...workers], [process.pid]))
      console.log('Worker and floor have no core of their own here: the figures will spread')
    for (const { room } of contestants) await warmUp(room, one)
    // Each is the first as often as any other.
    for (let turn = 0; turn < turns; turn++) {
      for (let i = 0; i < contestants.length; i++)
        await takeTurn(contestants[(turn + i) % contestants.length] as Contestant, one, floor)
    }
    return contestants.map((contestant) => rowOf(one, contestant, contestants[0] as Contestant))
  } finally {
    for (const { room } of contestants) await room.close()
  }
}

async function warmUp({ streams }: Room, { media, legs, receivers }: Case): Promise<void> {
  const perSecond = media.packetsPerSecond * legs * receivers
  await streams.send(
    WARM_UP_SECONDS,
    Math.max(1, Math.min(WARM_UP_PACE, WARM_UP_PACKETS_PER_SECOND / perSecond)),
  )
  await wait(WARM_UP_SETTLE_MS)
}

async function takeTurn(contestant: Contestant, { legs, receivers }: Case, floor: Floor): Promise<void> {
  const { room } = contestant
  const { streams } = room
  const receivedBefore = room.received
  const cpuBeforeUs = room.cpuUs
  const sentBefore = streams.sent
  await streams.send(TURN_SECONDS)
  for (
    let waitedMs = 0;
    room.received < receivedBefore + (streams.sent - sentBefore) * legs * receivers;
    waitedMs++
  ) {
    if (waitedMs === MOST_SETTLE_MS) break
    await wait(1)
  }
  const cpuUs = room.cpuUs - cpuBeforeUs
  const forwarded = room.received - receivedBefore
  const packets = (streams.sent - sentBefore) * legs
  contestant.forwarded += forwarded
  contestant.expected += packets * receivers
  contestant.workerUs.push(cpuUs / forwarded)
  const ports = room.receivers.map(({ localPort }) => localPort)
  const shape = { ...streams.shape, packetBytes: room.packetBytes, ports, packets }
  const plainUs = await floor.usPerPacket({ ...shape, segment: false })
  contestant.floorUs.push(plainUs)
  contestant.segmentedFloorUs.push(
    shape.burst === 1 ? plainUs : await floor.usPerPacket({ ...shape, segment: true }),
  )
}

function rowOf({ name, legs, receivers }: Case, contestant: Contestant, first: Contestant): Row {
  const { engine, extensions, workerUs, floorUs, segmentedFloorUs, forwarded, expected } = contestant
  return {
    engine,
    media: name,
    legs,
    extensions,
    receivers,
    forwarded,
    expected,
    cpuUsPerPacket: spread(workerUs),
    floorUsPerPacket: spread(floorUs),
    segmentedFloorUsPerPacket: spread(segmentedFloorUs),
    ratio: spread(ratios(workerUs, floorUs)),
    segmentedRatio: spread(ratios(workerUs, segmentedFloorUs)),
    toFirst: spread(ratios(workerUs, first.workerUs)),
  }
}

function ratios(values: readonly number[], references: readonly number[]): number[] {
  return values.map((value, i) => value / (references[i] as number))
}

function printed(row: Row) {
  return {
    engine: row.engine,
    media: row.media,
    legs: row.legs,
    extensions: row.extensions,
    N: row.receivers,
    forwarded: `${row.forwarded} of ${row.expected}`,
    'worker µs/packet': spreadText(row.cpuUsPerPacket),
    'floor µs/packet': row.floorUsPerPacket.median.toFixed(2),
    'UDP_SEGMENT floor': row.segmentedFloorUsPerPacket.median.toFixed(2),
    'worker / floor': spreadText(row.ratio),
    'worker / UDP_SEGMENT': spreadText(row.segmentedRatio),
    'to the first': spreadText(row.toFirst),
  }
}

function lineOf(row: Row): string {
  const { engine, media, legs, N, extensions, 'worker µs/packet': us, 'worker / floor': ratio } = printed(row)
  return `${engine}, ${media}, extensions ${extensions}: ${N} receivers of ${legs} streams: ${us} µs per packet, ${ratio} times the floor`
}
