/**
 * How soon a camera's layers that nobody wanted are there again when somebody does: a Chromium publishes, a bot looks away until nothing is
 * encoded, and looks back. Beside each time stands the round trip of the wish itself, measured in the same moment.
 */
import { parseArgs } from 'node:util'
import { PeerPort } from '@sangam/testkit'
import { guestToken, MediaLoop, type ReceivedStream, RoomBot } from '@sangam/testkit/bots'
import { TestBrowser } from '../test/harness/chromium.ts'
import { Person } from '../test/harness/person.ts'
import { ServerProcess } from '../test/harness/server-process.ts'

export const description =
  'Dynacast with a Chromium publisher: ms from wish to first packet and to the highest layer, beside the wish’s round trip'

const ROOM = 'dynacast'
const TARGET_MS = 500
const LOOK_MS = 2
const PATIENCE_MS = 20_000

interface Round {
  /** From the wish to its acknowledgement. */
  readonly roundTripMs: number
  /** From the wish to the first packet. */
  readonly firstPacketMs: number
  /** From the wish to the notice that the highest layer is forwarded. */
  readonly highestLayerMs: number
  /** From looking away to the end of encoding. */
  readonly offMs: number
}

/** `--rounds 10`. */
export async function run(args: readonly string[]): Promise<unknown> {
  const { values } = parseArgs({ args: [...args], options: { rounds: { type: 'string', default: '10' } } })
  const server = await ServerProcess.start()
  const browser = await TestBrowser.launch()
  const port = new PeerPort()
  const loop = new MediaLoop()
  try {
    const publisher = await Person.enter(browser, server, 'Asha')
    await publisher.joinRoom(ROOM)
    const token = await guestToken(server.url, 'Watcher')
    const bot = await RoomBot.join({ url: server.url, token, roomId: ROOM, port, givesFeedback: true })
    loop.add(bot)
    const rounds: Round[] = []
    const stream = await videoOf(bot)
    for (let i = 0; i < Number(values.rounds); i++) rounds.push(await measure(publisher, bot, stream))
    bot.close()
    return report(rounds)
  } finally {
    loop.close()
    port.close()
    await browser.close()
    await server.dispose()
  }
}

async function measure(publisher: Person, bot: RoomBot, stream: ReceivedStream): Promise<Round> {
  const { consumerId, producerId } = stream.consumer
  const show = (visible: boolean): Promise<void> =>
    bot.setView({ tiles: [{ producerId, width: 1280, height: 720, visible, pinned: false }] })
  const offMs = await timed(async () => {
    await show(false)
    await until(async () => (await publisher.activeLayers()).length === 0)
  })
  const { packets } = stream
  const startMs = performance.now()
  const showing = timed(() => show(true))
  await until(() => stream.packets > packets)
  const firstPacketMs = performance.now() - startMs
  await until(() => bot.states.get(consumerId)?.spatialLayer === 2)
  const highestLayerMs = performance.now() - startMs
  return { roundTripMs: await showing, firstPacketMs, highestLayerMs, offMs }
}

async function videoOf(bot: RoomBot): Promise<ReceivedStream> {
  const find = (): ReceivedStream | undefined =>
    [...bot.streams.values()].find(({ consumer, packets }) => consumer.kind === 'video' && packets > 0)
  await until(() => find() !== undefined)
  const stream = find()
  if (stream === undefined) throw new Error('no video came')
  return stream
}

function report(rounds: readonly Round[]) {
  const figures = (['roundTripMs', 'firstPacketMs', 'highestLayerMs', 'offMs'] as const).map((name) => {
    const sorted = rounds.map((round) => round[name]).sort((a, b) => a - b)
    const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN
    return { name, least: at(0), median: at(0.5), most: at(1) }
  })
  const median = figures[0]?.median ?? Number.NaN
  console.table(
    figures.map(({ name, least, ...rest }) => ({
      name,
      least: Math.round(least),
      median: Math.round(rest.median),
      most: Math.round(rest.most),
      'median per round trip': Math.round(rest.median / median),
    })),
  )
  const within = rounds.filter(({ firstPacketMs }) => firstPacketMs <= TARGET_MS).length
  console.log(`first packet within ${TARGET_MS} ms: ${within} of ${rounds.length}`)
  return { rounds, figures, within }
}

async function timed(action: () => Promise<void>): Promise<number> {
  const startMs = performance.now()
  await action()
  return performance.now() - startMs
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const startMs = performance.now()
  while (!(await holds())) {
    if (performance.now() - startMs > PATIENCE_MS) throw new Error('waited for too long')
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
