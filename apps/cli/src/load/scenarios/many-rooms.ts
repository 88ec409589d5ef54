import { BotCamera, BotMicrophone, type RoomBot } from '@sangam/testkit/bots'
import { Crowd, seconds, until } from '../crowd.ts'
import type { Scenario } from '../scenario.ts'
import { ServerUnderLoad } from '../server-under-load.ts'

const peoplePerRoom = 5
const measuredSeconds = 10
const voicePacketsPerSecond = 50
const speechDbov = -30
/** A thumbnail of each: a small picture that fits a packet. */
const thumbnail = { layerBps: [30_000], fps: 5 } as const
/** Pictures that make a video seen. */
const seenPictures = 5

/** Many small rooms at once: everybody in each sees the others, and one speaks. */
export const manyRooms: Scenario = {
  name: 'many-rooms',
  description:
    '200 rooms of 5, each person with a camera of 5 small pictures per second (30 kbit/s), one of each room speaking, the others silent with DTX: everybody sees 4 and hears the speaker; CPU and memory per person',
  async run({ progress, onEnd, scale }) {
    const rooms = Math.max(1, Math.round(200 * scale))
    const server = await ServerUnderLoad.start()
    onEnd(() => server.dispose())
    const empty = await server.sample()
    const crowd = new Crowd(server.url)
    onEnd(() => crowd.close())
    const people = rooms * peoplePerRoom
    const plans = Array.from({ length: people }, (_, i) => {
      const microphone = new BotMicrophone()
      microphone.usesDtx = true
      if (i % peoplePerRoom === 0) microphone.levelDbov = speechDbov
      const camera = new BotCamera(thumbnail)
      return { roomId: `room-${Math.floor(i / peoplePerRoom)}`, microphone, camera, givesFeedback: false }
    })
    progress(`${people} people join ${rooms} rooms`)
    const startMs = performance.now()
    const bots = await crowd.join(plans)
    const joinedSeconds = (performance.now() - startMs) / 1000
    progress('everybody joined')
    const seesLeast = (): number => Math.min(...bots.map(seenVideos))
    const seenMs = await until(() => seesLeast() === peoplePerRoom - 1, 30)
    const heard = (): number => bots.reduce((sum, bot) => sum + speechPackets(bot), 0)
    progress('measuring')
    const [before, heardBefore, fromMs] = [await server.sample(), heard(), performance.now()]
    await seconds(measuredSeconds)
    const [after, heardAfter] = [await server.sample(), heard()]
    const elapsed = (performance.now() - fromMs) / 1000
    const expected = rooms * (peoplePerRoom - 1) * voicePacketsPerSecond * elapsed
    const per = (name: string, value: number, unit: string) => ({ name, value, unit })
    return {
      figures: [
        { ...per('participants', after.participants, ''), limit: { least: people } },
        {
          ...per('videos that everybody sees, at least', seesLeast(), ''),
          limit: { least: peoplePerRoom - 1 },
        },
        {
          ...per(
            'packets of speakers that came, share of those sent',
            (heardAfter - heardBefore) / expected,
            '',
          ),
          limit: { least: 0.98 },
        },
        per('people who joined per second', people / joinedSeconds, '/s'),
        per('time until everybody saw 4 others, after the last joined', seenMs / 1000, 's'),
        per('packets sent per second', (after.sentPackets - before.sentPackets) / elapsed, '/s'),
        per('egress', ((after.sentBytes - before.sentBytes) * 8) / elapsed / 1e6, 'Mbit/s'),
        per('CPU of both workers', (after.workerCpuSeconds - before.workerCpuSeconds) / elapsed, 'cores'),
        per(
          'CPU of the server process',
          (after.serverCpuSeconds - before.serverCpuSeconds) / elapsed,
          'cores',
        ),
        per(
          'CPU of a worker per person',
          ((after.workerCpuSeconds - before.workerCpuSeconds) / elapsed / people) * 1000,
          'thousandths of a core',
        ),
        per('resident memory, all processes', after.rssBytes / 1e6, 'MB'),
        per(
          'memory of the server process per person',
          (after.serverRssBytes - empty.serverRssBytes) / people / 1000,
          'kB',
        ),
        per(
          'memory of the workers per person',
          (after.rssBytes - after.serverRssBytes - (empty.rssBytes - empty.serverRssBytes)) / people / 1000,
          'kB',
        ),
        ...after.workers.map(({ participants }, i) => per(`people on worker ${i}`, participants, '')),
        { ...per('copies of streams between workers', after.pipes, ''), limit: { most: 0 } },
      ],
      plots: [],
    }
  },
}

/** Others of whom a bot has a moving picture. */
const seenVideos = ({ streams }: RoomBot): number =>
  [...streams.values()].filter(({ pictures }) => pictures > seenPictures).length

/** Without DTX packets, which are few and small. */
const speechPackets = ({ streams }: RoomBot): number =>
  [...streams.values()].reduce(
    (sum, { consumer, packets, bytes }) =>
      sum + (consumer.kind === 'audio' && bytes / packets > 60 ? packets : 0),
    0,
  )
