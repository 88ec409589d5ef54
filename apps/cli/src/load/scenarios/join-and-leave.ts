import { BotMicrophone } from '@sangam/testkit/bots'
import { Crowd, seconds } from '../crowd.ts'
import type { Line, Scenario } from '../scenario.ts'
import { type ServerSample, ServerUnderLoad } from '../server-under-load.ts'

const cyclists = 40
const batch = 1000
/**
 * Cycles before memory is compared. Until then V8 compiles and sizes its young generation, and malloc's arenas reach the size that the
 * garbage between two collections needs: some thousand objects with typed arrays per collection.
 */
const warmUpCycles = 4000
/** A worker keeps its newest packets in a ring of so many slots; its pages are resident once packets filled them. */
const ringSlots = 16_384
/** More are spoken than arrive: whoever is leaving speaks to nobody. */
const lostShare = 1.2
/** Measurements whose median counts as the level before, and after. */
const levelSamples = 3

interface Moment {
  readonly cycles: number
  readonly sample: ServerSample
}

/** People who come and go: nothing may stay behind. */
export const joinAndLeave: Scenario = {
  name: 'join-and-leave',
  description: `10,000 join and leave cycles with ICE and DTLS, after ${warmUpCycles.toLocaleString('en')} to warm up: RSS grows by 1 % at most, nothing is left`,
  async run({ progress, onEnd, scale }) {
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
    const moments: Moment[] = []
    let cycles = 0
    let ridingMs = 0
    /** The same state each time: everybody is in, nobody is on the way, and what nobody holds is given back. */
    const note = async (): Promise<ServerSample> => {
      await server.collectGarbage()
      const sample = await server.sample()
      moments.push({ cycles, sample })
      progress(`${cycles} cycles, ${(sample.rssBytes / 1e6).toFixed(0)} MB`)
      return sample
    }
    const ride = async (count: number): Promise<void> => {
      const startMs = performance.now()
      const oneRides = async (bot: (typeof bots)[number]): Promise<void> => {
        for (let i = 0; i < count / cyclists; i++) await bot.cycle()
      }
      await Promise.all(bots.map(oneRides))
      ridingMs += performance.now() - startMs
      cycles += count
    }
    await note()
    progress('warming up')
    while (cycles < warmUpCycles) {
      await ride(batch)
      await note()
    }
    // Only sound goes through the rings: counters of datagrams hold the handshakes too.
    const isRingFull = ({ workers, participants }: ServerSample): boolean => {
      const spoken = bots.reduce((sum, { microphone }) => sum + (microphone?.packets ?? 0), 0)
      const least = Math.min(...workers.map((worker) => worker.participants))
      return (spoken * least) / participants > ringSlots * lostShare
    }
    while (!isRingFull(await server.sample())) await seconds(0.5)
    await settle(note)
    const counted = batch * Math.max(1, Math.round((10_000 * scale) / batch))
    ridingMs = 0
    const before = levelOf(moments)
    for (const end = cycles + counted; cycles < end; ) {
      await ride(batch)
      await note()
    }
    await settle(note)
    const after = levelOf(moments)
    await Promise.all(bots.map((bot) => bot.leave()))
    await seconds(1)
    const left = await server.sample()
    return {
      figures: [
        { name: 'cycles counted', value: counted, unit: '' },
        { name: 'growth of RSS', value: (100 * (after - before)) / before, unit: '%', limit: { most: 1 } },
        { name: 'RSS before the first cycle', value: (moments[0]?.sample.rssBytes ?? 0) / 1e6, unit: 'MB' },
        { name: 'RSS when warm', value: before / 1e6, unit: 'MB' },
        { name: 'RSS at the end', value: after / 1e6, unit: 'MB' },
        { name: 'cycles per second', value: counted / (ridingMs / 1000), unit: '/s' },
        { name: 'transports left', value: left.transports, unit: '', limit: { most: 0 } },
        { name: 'producers left', value: left.producers, unit: '', limit: { most: 0 } },
        { name: 'consumers left', value: left.consumers, unit: '', limit: { most: 0 } },
        { name: 'participants left', value: left.participants, unit: '', limit: { most: 0 } },
      ],
      plots: [
        {
          title: 'Resident memory after so many cycles, from the first on',
          unit: 'MB',
          xUnit: 'cycles',
          lines: linesOf(moments),
          spans: [{ from: 0, to: cycles - counted, label: 'warming up' }],
        },
      ],
    }
  },
}

/** Measures until there are enough at one state for a median. */
const settle = async (note: () => Promise<unknown>): Promise<void> => {
  for (let i = 1; i < levelSamples; i++) {
    await seconds(1)
    await note()
  }
}

/** The median of the newest measurements, bytes. */
const levelOf = (moments: readonly Moment[]): number => {
  const newest = moments.slice(-levelSamples).map(({ sample }) => sample.rssBytes)
  return newest.sort((a, b) => a - b)[Math.floor(levelSamples / 2)] ?? Number.NaN
}

const linesOf = (moments: readonly Moment[]): Line[] => {
  const line = (name: string, pick: (sample: ServerSample) => number): Line => ({
    name,
    points: moments.map(({ cycles, sample }) => [cycles, pick(sample) / 1e6] as const),
  })
  return [
    line('all', ({ rssBytes }) => rssBytes),
    line('server', ({ serverRssBytes }) => serverRssBytes),
    ...(moments[0]?.sample.workers ?? []).map((_, i) =>
      line(`worker ${i}`, ({ workers }) => workers[i]?.rssBytes ?? Number.NaN),
    ),
  ]
}
