import { BotCamera, BotMicrophone, LAYER_BPS, type RoomBot } from '@sangam/testkit/bots'
import { Crowd, seconds, until } from '../crowd.ts'
import type { Figure, Scenario, Stage } from '../scenario.ts'
import { ServerUnderLoad } from '../server-under-load.ts'

const people = 10
const cutSeconds = 30
/** Longer without a packet is heard. */
const audibleGapMs = 200

/** Things die under ten people. */
export const failures: Scenario = {
  name: 'failures',
  description:
    'SIGKILL of a worker under 10 people: media back within 2 s; signalling cut for 30 s: nobody hears it; SIGKILL of the server: everybody back within 5 s of its return',
  async run(stage) {
    const { progress, onEnd } = stage
    const server = await ServerUnderLoad.start({ ROOM_SPREAD: '5', RECONNECT_GRACE_SECONDS: '60' })
    onEnd(() => server.dispose())
    const crowd = new Crowd(server.url)
    onEnd(() => crowd.close())
    const bots = await crowd.join(
      Array.from({ length: people }, () => {
        const microphone = new BotMicrophone()
        microphone.levelDbov = -30
        return { roomId: 'failures', microphone, camera: new BotCamera({ layerBps: LAYER_BPS.slice(0, 2) }) }
      }),
    )
    progress('everybody sees everybody')
    await until(() => bots.every((bot) => picturesOf(bot).size === people - 1), 30)
    return {
      figures: [
        ...(await killWorker(stage, server, bots)),
        ...(await cutSignalling(stage, bots)),
        ...(await killServer(stage, server, bots)),
      ],
      plots: [],
    }
  },
}

/** Complete pictures by participant. */
const picturesOf = (bot: RoomBot): Map<string, number> =>
  new Map(
    [...bot.streams.values()].flatMap(({ consumer, pictures }) =>
      consumer.kind === 'video' && pictures > 0 ? [[consumer.participantId, pictures] as const] : [],
    ),
  )

const identitiesOf = (bots: readonly RoomBot[]): string =>
  bots.map(({ participantId }) => participantId).join()

/** Milliseconds until a bot has new pictures of everybody else, by the pictures that it had. */
const backMs = (bot: RoomBot, all: readonly RoomBot[]): Promise<number> => {
  const before = new Map([...bot.streams.values()].map((stream) => [stream, stream.pictures]))
  const others = all.filter((other) => other !== bot).map(({ participantId }) => participantId)
  const hasNew = (participantId: string): boolean =>
    [...bot.streams.values()].some(
      (stream) =>
        stream.consumer.participantId === participantId &&
        stream.consumer.kind === 'video' &&
        stream.pictures > (before.get(stream) ?? 0) + 2,
    )
  return until(() => others.every(hasNew), 20)
}

const killWorker = async (
  { progress }: Stage,
  server: ServerUnderLoad,
  bots: readonly RoomBot[],
): Promise<Figure[]> => {
  const [pid = 0] = await server.workerPids()
  const identities = identitiesOf(bots)
  const connections = bots.map((bot) => bot.connections)
  progress(`SIGKILL of media worker ${pid}`)
  process.kill(pid, 'SIGKILL')
  // Nobody has anything new of those who were there before their media is back.
  await until(() => bots.some((bot, i) => bot.connections > (connections[i] ?? 0)), 10)
  const times = await Promise.all(bots.map((bot) => backMs(bot, bots)))
  const isSame = identitiesOf(bots) === identities
  return [
    {
      name: 'worker killed: media back for all after',
      value: Math.max(...times) / 1000,
      unit: 's',
      limit: { most: 2 },
    },
    { name: 'worker killed: same participants', value: isSame ? 1 : 0, unit: '', limit: { least: 1 } },
    {
      name: 'worker killed: people whose media moved',
      value: bots.filter((bot, i) => bot.connections > (connections[i] ?? 0)).length,
      unit: '',
    },
  ]
}

const cutSignalling = async ({ progress, scale }: Stage, bots: readonly RoomBot[]): Promise<Figure[]> => {
  const bot = bots.at(-1)
  if (bot === undefined) return []
  const length = cutSeconds * scale
  progress(`signalling of one cut for ${length} s`)
  const { connections } = bot
  bot.cutSignalling()
  let longestMs = 0
  const endMs = performance.now() + length * 1000
  while (performance.now() < endMs) {
    await seconds(0.02)
    longestMs = Math.max(longestMs, performance.now() - bot.lastPacketMs)
  }
  const returned = new Promise<boolean>((resolve) => bot.once('returned', resolve))
  bot.restoreSignalling()
  const resumed = await returned
  return [
    {
      name: 'signalling cut: longest gap in what is received',
      value: longestMs,
      unit: 'ms',
      limit: { most: audibleGapMs },
    },
    {
      name: 'signalling cut: the same participant after it',
      value: resumed ? 1 : 0,
      unit: '',
      limit: { least: 1 },
    },
    {
      name: 'signalling cut: new connections for media',
      value: bot.connections - connections,
      unit: '',
      limit: { most: 0 },
    },
  ]
}

const killServer = async (
  { progress }: Stage,
  server: ServerUnderLoad,
  bots: readonly RoomBot[],
): Promise<Figure[]> => {
  progress('SIGKILL of the server')
  const roles = bots.map(({ joined }) => joined.role)
  const returned = bots.map((bot) => new Promise<boolean>((resolve) => bot.once('returned', resolve)))
  for (const bot of bots) bot.on('refused', (reason) => progress(`refused: ${reason}`))
  await server.kill('SIGKILL')
  await server.restart()
  progress('the server is back')
  const startMs = performance.now()
  await Promise.race([Promise.all(returned), seconds(20)])
  const backSeconds = (performance.now() - startMs) / 1000
  const withMedia = await until(() => bots.every((bot) => picturesOf(bot).size === people - 1), 20)
  return [
    {
      name: 'server killed: everybody back in the room after',
      value: backSeconds,
      unit: 's',
      limit: { most: 5 },
    },
    {
      name: 'server killed: everybody sees everybody after',
      value: backSeconds + withMedia / 1000,
      unit: 's',
    },
    {
      name: 'server killed: same roles',
      value: bots.filter(({ joined }, i) => joined.role === roles[i]).length,
      unit: '',
      limit: { least: people },
    },
  ]
}
