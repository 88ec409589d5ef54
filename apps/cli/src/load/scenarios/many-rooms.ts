import { BotMicrophone, type RoomBot } from '@sangam/testkit/bots'
import { Crowd, seconds } from '../crowd.ts'
import type { Scenario } from '../scenario.ts'
import { ServerUnderLoad } from '../server-under-load.ts'

const peoplePerRoom = 5
const measuredSeconds = 10
const speechDbov = -30

/** Many small rooms at once, one person speaking in each. */
export const manyRooms: Scenario = {
  name: 'many-rooms',
  description:
    '200 rooms of 5, one speaking in each, the others with DTX: everybody is heard; CPU and memory',
  async run({ progress, onEnd, scale }) {
    const rooms = Math.round(200 * scale)
    const server = await ServerUnderLoad.start()
    onEnd(() => server.dispose())
    const crowd = new Crowd(server.url)
    onEnd(() => crowd.close())
    const plans = Array.from({ length: rooms * peoplePerRoom }, (_, i) => {
      const microphone = new BotMicrophone()
      microphone.usesDtx = true
      if (i % peoplePerRoom === 0) microphone.levelDbov = speechDbov
      return { roomId: `room-${Math.floor(i / peoplePerRoom)}`, microphone, givesFeedback: false }
    })
    progress(`${plans.length} people join ${rooms} rooms`)
    const startMs = performance.now()
    const bots = await crowd.join(plans)
    const joinedSeconds = (performance.now() - startMs) / 1000
    await seconds(3)
    const packets = (): number => bots.reduce((sum, bot) => sum + heardPackets(bot), 0)
    progress('measuring')
    const [before, heardBefore] = [await server.sample(), packets()]
    await seconds(measuredSeconds)
    const [after, heardAfter] = [await server.sample(), packets()]
    const expected = rooms * (peoplePerRoom - 1) * 50 * measuredSeconds
    return {
      figures: [
        { name: 'participants', value: after.participants, unit: '', limit: { least: plans.length } },
        {
          name: 'packets of speakers that came, share of those sent',
          value: (heardAfter - heardBefore) / expected,
          unit: '',
          limit: { least: 0.98 },
        },
        { name: 'people who joined per second', value: plans.length / joinedSeconds, unit: '/s' },
        {
          name: 'CPU of both workers',
          value: (after.workerCpuSeconds - before.workerCpuSeconds) / measuredSeconds,
          unit: 'cores',
        },
        {
          name: 'CPU of the server process',
          value: (after.serverCpuSeconds - before.serverCpuSeconds) / measuredSeconds,
          unit: 'cores',
        },
        { name: 'resident memory, all processes', value: after.rssBytes / 1e6, unit: 'MB' },
      ],
      plots: [],
    }
  },
}

/** Without DTX packets, which are few and small. */
const heardPackets = (bot: RoomBot): number =>
  [...bot.streams.values()].reduce((sum, { packets, bytes }) => sum + (bytes / packets > 60 ? packets : 0), 0)

const cyclists = 40
const warmUpShare = 0.3

/** People who come and go: nothing may stay behind. */
export const joinAndLeave: Scenario = {
  name: 'join-and-leave',
  description: '10,000 join and leave cycles with ICE and DTLS: RSS grows by 1 % at most, nothing is left',
  async run({ progress, onEnd, scale }) {
    const cycles = Math.round((10_000 * scale) / cyclists)
    const server = await ServerUnderLoad.start()
    onEnd(() => server.dispose())
    const crowd = new Crowd(server.url)
    onEnd(() => crowd.close())
    const bots = await crowd.join(
      Array.from({ length: cyclists }, (_, i) => ({
        roomId: `cycle-${i % 10}`,
        microphone: new BotMicrophone(),
        givesFeedback: false,
      })),
    )
    const ride = (count: number): Promise<unknown> =>
      Promise.all(
        bots.map(async (bot) => {
          for (let i = 0; i < count; i++) await bot.cycle()
        }),
      )
    progress(`${Math.round(warmUpShare * cycles * cyclists)} cycles to warm up`)
    await ride(Math.ceil(cycles * warmUpShare))
    const points: [number, number][] = []
    const startMs = performance.now()
    const note = async (): Promise<number> => {
      const { rssBytes } = await server.sample()
      points.push([(performance.now() - startMs) / 1000, rssBytes / 1e6])
      return rssBytes
    }
    const before = await settledRss(note)
    const parts = 10
    for (let part = 1; part <= parts; part++) {
      progress(`${Math.round((part * cycles * cyclists) / parts)} of ${cycles * cyclists} cycles`)
      await ride(Math.ceil(cycles / parts))
      await note()
    }
    const after = await settledRss(note)
    await Promise.all(bots.map((bot) => bot.leave()))
    await seconds(1)
    const left = await server.sample()
    return {
      figures: [
        { name: 'cycles', value: parts * Math.ceil(cycles / parts) * cyclists, unit: '' },
        { name: 'growth of RSS', value: (100 * (after - before)) / before, unit: '%', limit: { most: 1 } },
        { name: 'cycles per second', value: (cycles * cyclists) / (points.at(-1)?.[0] ?? 1), unit: '/s' },
        { name: 'transports left', value: left.transports, unit: '', limit: { most: 0 } },
        { name: 'producers left', value: left.producers, unit: '', limit: { most: 0 } },
        { name: 'consumers left', value: left.consumers, unit: '', limit: { most: 0 } },
        { name: 'participants left', value: left.participants, unit: '', limit: { most: 0 } },
      ],
      plots: [{ title: 'Resident memory', unit: 'MB', lines: [{ name: 'server and workers', points }] }],
    }
  },
}

/** The least of some seconds: what garbage is collected meanwhile does not count. */
const settledRss = async (note: () => Promise<number>): Promise<number> => {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 5; i++) {
    await seconds(1)
    least = Math.min(least, await note())
  }
  return least
}
