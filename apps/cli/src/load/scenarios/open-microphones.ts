import { BotMicrophone } from '@sangam/testkit/bots'
import { Crowd, seconds } from '../crowd.ts'
import type { Scenario, Stage } from '../scenario.ts'
import { ServerUnderLoad } from '../server-under-load.ts'

const measuredSeconds = 10
const packetsPerSecond = 50
const voices = 3
/** Somebody else begins to speak this often. */
const turnMs = 2000
const speechDbov = -30
const murmurDbov = -75

interface Phase {
  /** By the bots: what the workers send one another is not in it. */
  readonly receivedPackets: number
  readonly sentPackets: number
  readonly workerCpuSeconds: number
}

/** A hundred open microphones: what the loudest three cost beside forwarding everybody. */
export const openMicrophones: Scenario = {
  name: 'open-microphones',
  description:
    '100 people with open microphones (no DTX): egress at most 1/30 of forwarding all; CPU of both',
  async run(stage) {
    const people = Math.round(100 * stage.scale)
    const loudest = await measure(stage, people, voices)
    const all = await measure(stage, people, people)
    // What everybody sends to everybody, whether or not this machine gets it all out.
    const forwardAll = people * (people - 1) * packetsPerSecond * measuredSeconds
    return {
      figures: [
        {
          name: 'egress to people with the loudest 3, share of forward-all',
          value: loudest.receivedPackets / forwardAll,
          unit: '',
          limit: { most: 1 / 30 },
        },
        {
          name: 'packets sent per second, loudest 3, between workers too',
          value: loudest.sentPackets / measuredSeconds,
          unit: '/s',
        },
        {
          name: 'packets sent per second, forward-all',
          value: all.sentPackets / measuredSeconds,
          unit: '/s',
        },
        { name: 'share of forward-all that got out', value: all.sentPackets / forwardAll, unit: '' },
        {
          name: 'CPU of the workers, loudest 3',
          value: loudest.workerCpuSeconds / measuredSeconds,
          unit: 'cores',
        },
        {
          name: 'CPU of the workers, forward-all',
          value: all.workerCpuSeconds / measuredSeconds,
          unit: 'cores',
        },
        {
          name: 'CPU, loudest 3 beside forward-all',
          value: loudest.workerCpuSeconds / all.workerCpuSeconds,
          unit: '',
          limit: { most: 1 },
        },
      ],
      plots: [],
    }
  },
}

const measure = async ({ progress, onEnd }: Stage, people: number, heard: number): Promise<Phase> => {
  const server = await ServerUnderLoad.start({ ROOM_VOICES: String(heard), ROOM_PARTICIPANTS: '1000' })
  onEnd(() => server.dispose())
  const crowd = new Crowd(server.url)
  onEnd(() => crowd.close())
  progress(
    `${people} people join; ${heard === people ? 'everybody is' : `the loudest ${heard} are`} forwarded`,
  )
  const microphones = Array.from({ length: people }, () => new BotMicrophone())
  await crowd.join(microphones.map((microphone) => ({ roomId: 'open', microphone, givesFeedback: false })))
  const received = (): number =>
    crowd.bots.reduce(
      (sum, bot) => sum + [...bot.streams.values()].reduce((all, { packets }) => all + packets, 0),
      0,
    )
  let turn = 0
  const speak = (): void => {
    turn++
    for (const [i, microphone] of microphones.entries())
      microphone.levelDbov = (i + people - turn) % people < voices ? speechDbov : murmurDbov
  }
  const turns = setInterval(speak, turnMs)
  onEnd(() => clearInterval(turns))
  speak()
  await seconds(3)
  progress('measuring')
  const [before, receivedBefore] = [await server.sample(), received()]
  await seconds(measuredSeconds)
  const [after, receivedAfter] = [await server.sample(), received()]
  clearInterval(turns)
  crowd.close()
  await server.dispose()
  return {
    receivedPackets: receivedAfter - receivedBefore,
    sentPackets: after.sentPackets - before.sentPackets,
    workerCpuSeconds: after.workerCpuSeconds - before.workerCpuSeconds,
  }
}
