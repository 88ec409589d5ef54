import { monitorEventLoopDelay } from 'node:perf_hooks'
import {
  BotCamera,
  BotMicrophone,
  NetworkRelay,
  type RoomBot,
  type RoomBotOptions,
} from '@sangam/testkit/bots'
import { Crowd, seconds } from '../crowd.ts'
import type { Line, Plot, Scenario, Stage } from '../scenario.ts'
import { ServerUnderLoad } from '../server-under-load.ts'

const publishers = 3
const delayMs = 50
const loss = 0.01
const queueMs = 300
const sampleSeconds = 0.5
const halvedFrom = 20
const halvedTo = 40
const paths = [
  { name: '300 kbit/s', rateBps: 300_000 },
  { name: '1 Mbit/s', rateBps: 1_000_000 },
  { name: '3 Mbit/s', rateBps: 3_000_000 },
] as const

type TransportParameters = Parameters<NonNullable<RoomBotOptions['via']>>[0]
type Receiver = { readonly name: string; readonly bot: RoomBot; readonly relay: NetworkRelay | undefined }
type Moment = {
  atSeconds: number
  layer: number
  kbps: number
  freezes: number
  delayMs: number
  pictures: number
}

/** Receivers on networks of their own: nobody's trouble may change another's picture. */
export const networks: Scenario = {
  name: 'networks',
  description:
    'Receivers on 300 kbit/s, 1 and 3 Mbit/s with 50 ms, 1 % loss and a capacity that halves for 20 s, beside one without limits: what each saw',
  async run(stage) {
    const { progress, onEnd } = stage
    const server = await ServerUnderLoad.start()
    onEnd(() => server.dispose())
    const crowd = new Crowd(server.url)
    onEnd(() => crowd.close())
    progress(`${publishers} people publish three layers each`)
    await crowd.join(
      Array.from({ length: publishers }, () => ({
        roomId: 'networks',
        microphone: new BotMicrophone(),
        camera: new BotCamera(),
      })),
    )
    const receivers = await joinReceivers(stage, crowd)
    const length = 60 * stage.scale
    const moments = new Map<string, Moment[]>(receivers.map(({ name }) => [name, []]))
    const stalls = monitorEventLoopDelay({ resolution: 10 })
    stalls.enable()
    const startMs = performance.now()
    for (let at = 0; at < length; at += sampleSeconds) {
      await seconds(Math.max(0, at + sampleSeconds - (performance.now() - startMs) / 1000))
      const isHalved = at >= halvedFrom * stage.scale && at < halvedTo * stage.scale
      for (const [i, path] of paths.entries()) {
        const relay = receivers[i]?.relay
        if (relay !== undefined) relay.rateBps = isHalved ? path.rateBps / 2 : path.rateBps
      }
      for (const receiver of receivers)
        moments.get(receiver.name)?.push(momentOf(receiver, at + sampleSeconds))
      if (Math.round(at / sampleSeconds) % 20 === 0) progress(`${Math.round(at)} of ${length} s`)
    }
    stalls.disable()
    const longestStall = { name: 'longest stall of the bots themselves', value: stalls.max / 1e6, unit: 'ms' }
    return { figures: [...figuresOf(moments), longestStall], plots: plotsOf(moments, stage.scale) }
  },
}

const joinReceivers = async ({ progress, onEnd }: Stage, crowd: Crowd): Promise<Receiver[]> => {
  progress('receivers join, each over a network of its own')
  const relays: NetworkRelay[] = []
  const limited = await crowd.join(
    paths.map(({ rateBps }, i) => ({
      roomId: 'networks',
      via: async (transport: TransportParameters) => {
        const candidate = transport.iceCandidates.find(
          ({ protocol, address }) => protocol === 'udp' && address === '127.0.0.1',
        )
        const relay = await NetworkRelay.open(candidate?.port ?? 0, {
          rateBps,
          delayMs,
          loss,
          queueMs,
          seed: 10 * i + 1,
        })
        onEnd(() => relay.close())
        relays[i] = relay
        return { ...transport, iceCandidates: [{ address: '127.0.0.1', port: relay.port, protocol: 'udp' }] }
      },
    })),
  )
  const [free] = await crowd.join([{ roomId: 'networks' }])
  return [
    ...limited.map((bot, i) => ({ name: paths[i]?.name ?? '', bot, relay: relays[i] })),
    ...(free === undefined ? [] : [{ name: 'no limit', bot: free, relay: undefined }]),
  ]
}

const momentOf = ({ bot }: Receiver, atSeconds: number): Moment => {
  const samples = [...bot.streams.values()].map((stream) => ({
    kind: stream.consumer.kind,
    ...stream.takeSample(),
  }))
  const videos = samples.filter(({ kind }) => kind === 'video')
  const shown = videos.filter(({ pictures }) => pictures > 0)
  const total = (pick: (sample: (typeof samples)[number]) => number, of = samples): number =>
    of.reduce((sum, sample) => sum + pick(sample), 0)
  return {
    atSeconds,
    layer: total(({ layer }) => layer, videos) / Math.max(1, videos.length),
    kbps: (total(({ bytes }) => bytes) * 8) / 1000 / sampleSeconds,
    freezes: total(({ freezes }) => freezes),
    delayMs: total(({ delayMs: ms }) => ms, shown) / shown.length,
    pictures: total(({ pictures }) => pictures, videos),
  }
}

const figuresOf = (moments: ReadonlyMap<string, readonly Moment[]>) =>
  [...moments].flatMap(([name, all]) => {
    // The first seconds find out what the network carries.
    const settled = all.filter(({ atSeconds }) => atSeconds > 5)
    const mean = (pick: (moment: Moment) => number): number => {
      const values = settled.map(pick).filter((value) => !Number.isNaN(value))
      return values.reduce((sum, value) => sum + value, 0) / values.length
    }
    const freezes = settled.reduce((sum, moment) => sum + moment.freezes, 0)
    const isFree = name === 'no limit'
    return [
      { name: `${name}: rate`, value: mean(({ kbps }) => kbps), unit: 'kbit/s' },
      {
        name: `${name}: layer (-1: none)`,
        value: mean(({ layer }) => layer),
        unit: '',
        limit: isFree ? { least: 1.9 } : undefined,
      },
      { name: `${name}: freezes`, value: freezes, unit: '', limit: isFree ? { most: 0 } : undefined },
      { name: `${name}: delay`, value: mean(({ delayMs: ms }) => ms), unit: 'ms' },
    ]
  })

const plotsOf = (moments: ReadonlyMap<string, readonly Moment[]>, scale: number): Plot[] => {
  const lines = (pick: (moment: Moment) => number): Line[] =>
    [...moments].map(([name, all]) => ({
      name,
      points: all.map((moment) => [moment.atSeconds, pick(moment)] as const),
    }))
  const spans = [{ from: halvedFrom * scale, to: halvedTo * scale, label: 'capacity halved' }]
  return [
    { title: 'Layer, mean of three videos (-1: none)', unit: '', lines: lines(({ layer }) => layer), spans },
    { title: 'Rate', unit: 'kbit/s', lines: lines(({ kbps }) => kbps), spans },
    { title: 'Freezes per half second', unit: '', lines: lines(({ freezes }) => freezes), spans },
    { title: 'Delay of pictures', unit: 'ms', lines: lines(({ delayMs: ms }) => ms), spans },
  ]
}
