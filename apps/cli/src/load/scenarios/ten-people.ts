import { BotCamera, BotMicrophone } from '@sangam/testkit/bots'
import { Crowd, seconds, until } from '../crowd.ts'
import type { Scenario } from '../scenario.ts'
import { ServerUnderLoad } from '../server-under-load.ts'

const people = 10
const measuredSeconds = 10

/** Ten people with sound and video both ways: one connection and one upload each, everybody sees nine. */
export const tenPeople: Scenario = {
  name: 'ten-people',
  description: '10 people, sound and video both ways: 10 connections, one upload each, everybody sees 9',
  async run({ progress, onEnd }) {
    const server = await ServerUnderLoad.start({ ROOM_SPREAD: '5' })
    onEnd(() => server.dispose())
    const crowd = new Crowd(server.url)
    onEnd(() => crowd.close())
    progress(`${people} people join one room on two workers`)
    const bots = await crowd.join(
      Array.from({ length: people }, () => ({
        roomId: 'ten',
        microphone: new BotMicrophone(),
        camera: new BotCamera(),
      })),
    )
    const sees = (): number =>
      Math.min(
        ...bots.map(({ streams }) => [...streams.values()].filter(({ pictures }) => pictures > 5).length),
      )
    const seenMs = await until(() => sees() === people - 1, 30)
    progress('everybody sees everybody; measuring')
    const before = await server.sample()
    await seconds(measuredSeconds)
    const after = await server.sample()
    return {
      figures: [
        {
          name: 'connections to the server',
          value: after.transports,
          unit: '',
          limit: { least: people, most: people },
        },
        {
          name: 'uploads (streams published by 10 people, sound and video)',
          value: after.producers,
          unit: '',
          limit: { least: 2 * people, most: 2 * people },
        },
        { name: 'videos that everybody sees', value: sees(), unit: '', limit: { least: people - 1 } },
        { name: 'time until everybody saw everybody', value: seenMs / 1000, unit: 's' },
        { name: 'copies of streams between the workers', value: after.pipes, unit: '' },
        {
          name: 'requests per person to join and receive all',
          value: Math.max(...bots.map(({ requests }) => requests)),
          unit: '',
        },
        {
          name: 'packets sent per second',
          value: (after.sentPackets - before.sentPackets) / measuredSeconds,
          unit: '/s',
        },
        {
          name: 'CPU of both workers',
          value: (after.workerCpuSeconds - before.workerCpuSeconds) / measuredSeconds,
          unit: 'cores',
        },
      ],
      plots: [],
    }
  },
}
