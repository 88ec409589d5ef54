import { monitorEventLoopDelay } from 'node:perf_hooks'
import {
  BotCamera,
  BotMicrophone,
  LAYER_BPS,
  NetworkRelay,
  type RoomBot,
  type RoomBotOptions,
} from '@sangam/testkit/bots'
import { Crowd, seconds } from '../crowd.ts'
import type { Figure, Line, Plot, Scenario, Stage } from '../scenario.ts'
import { ServerUnderLoad } from '../server-under-load.ts'

const publishers = 3
const delayMs = 50
const loss = 0.01
/** Of a bottleneck: more is dropped. */
const queueMs = 200
const sampleSeconds = 0.5
const halvedFrom = 20
const halvedTo = 40
/** The first seconds find out what a network carries, and so do those after its capacity changed. */
const settlingSeconds = 8
const changeSeconds = 8
/** RTP header with extensions, SRTP tag, UDP and IPv4 around the payload. */
const overheadBytes = 68
/** SRTP tag, UDP and IPv4 around an RTP packet. */
const datagramBytes = 44
const voiceBps = 50 * (80 + overheadBytes) * 8
/** What one video costs on the wire in each spatial and temporal layer, the lowest first: 40, 60 and 100 % of a layer. */
const videoBps = LAYER_BPS.flatMap((bps) =>
  [0.4, 0.6, 1].map((share) => share * bps * (1 + overheadBytes / 1000)),
)

interface Path {
  readonly name: string
  readonly rateBps: number
  /** What has to hold outside the changes; nothing of it while halved but for `shown`. */
  readonly limits: {
    /** Share of what the layers allow. */
    readonly used?: number
    /** Freezes per minute of one video. */
    readonly freezes?: number
    /** Videos that move, of three. */
    readonly shown?: number
  }
}
const paths: readonly Path[] = [
  { name: '300 kbit/s', rateBps: 300_000, limits: { shown: 0.9 } },
  { name: '1 Mbit/s', rateBps: 1_000_000, limits: { shown: 2.9, freezes: 1 } },
  { name: '3 Mbit/s', rateBps: 3_000_000, limits: { used: 0.75, shown: 2.9, freezes: 1 } },
]
const unlimited: Path = { name: 'no limit', rateBps: Infinity, limits: { used: 0.95, shown: 3, freezes: 0 } }

type TransportParameters = Parameters<NonNullable<RoomBotOptions['via']>>[0]
type Receiver = { readonly path: Path; readonly bot: RoomBot; readonly relay: NetworkRelay | undefined }
type Moment = {
  atSeconds: number
  layer: number
  /** On the wire. */
  kbps: number
  freezes: number
  /** From sending to completion, and to showing, means of those shown. */
  completeMs: number
  delayMs: number
  /** Videos that showed a picture. */
  shown: number
  /** Videos that the server says it holds back for the network's sake. */
  held: number
  /** What the path carries. */
  capacityBps: number
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
    const moments = new Map<Path, Moment[]>(receivers.map(({ path }) => [path, []]))
    const stalls = monitorEventLoopDelay({ resolution: 10 })
    stalls.enable()
    const startMs = performance.now()
    for (let at = 0; at < length; at += sampleSeconds) {
      await seconds(Math.max(0, at + sampleSeconds - (performance.now() - startMs) / 1000))
      for (const receiver of receivers)
        moments.get(receiver.path)?.push(momentOf(receiver, at + sampleSeconds))
      const isHalved = at >= halvedFrom * stage.scale && at < halvedTo * stage.scale
      for (const { path, relay } of receivers)
        if (relay !== undefined) relay.rateBps = isHalved ? path.rateBps / 2 : path.rateBps
      if (Math.round(at / sampleSeconds) % 20 === 0) progress(`${Math.round(at)} of ${length} s`)
    }
    stalls.disable()
    const longestStall = { name: 'longest stall of the bots themselves', value: stalls.max / 1e6, unit: 'ms' }
    return {
      figures: [...figuresOf(moments, stage.scale), longestStall],
      plots: plotsOf(moments, stage.scale),
    }
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
    ...limited.flatMap((bot, i) =>
      paths[i] === undefined ? [] : [{ path: paths[i], bot, relay: relays[i] }],
    ),
    ...(free === undefined ? [] : [{ path: unlimited, bot: free, relay: undefined }]),
  ]
}

const momentOf = ({ bot, relay }: Receiver, atSeconds: number): Moment => {
  const samples = [...bot.streams.values()].map((stream) => ({
    kind: stream.consumer.kind,
    ...stream.takeSample(),
  }))
  const videos = samples.filter(({ kind }) => kind === 'video')
  const shown = videos.filter(({ pictures }) => pictures > 0)
  const total = (pick: (sample: (typeof samples)[number]) => number, of = samples): number =>
    of.reduce((sum, sample) => sum + pick(sample), 0)
  const held = [...bot.states.values()].filter(
    ({ reason }) => reason === 'distress' || reason === 'bandwidth',
  )
  return {
    atSeconds,
    layer: total(({ layer }) => layer, videos) / Math.max(1, videos.length),
    kbps: (total(({ bytes, packets }) => bytes + packets * datagramBytes) * 8) / 1000 / sampleSeconds,
    freezes: total(({ freezes }) => freezes),
    completeMs: total(({ completeMs }) => completeMs, shown) / shown.length,
    delayMs: total(({ delayMs: ms }) => ms, shown) / shown.length,
    shown: shown.length,
    held: held.length,
    capacityBps: relay?.rateBps ?? Infinity,
  }
}

/** The most that three voices and a layer of each of three videos fill of a path, bits per second; NaN where voices alone do not fit. */
const allowedBps = (capacityBps: number): number => {
  const choices = [0, ...videoBps]
  let most = 0
  for (const a of choices)
    for (const b of choices)
      for (const c of choices) {
        const bps = publishers * voiceBps + a + b + c
        if (bps <= capacityBps) most = Math.max(most, bps)
      }
  return most === 0 ? Number.NaN : most
}

const figuresOf = (moments: ReadonlyMap<Path, readonly Moment[]>, scale: number): Figure[] =>
  [...moments].flatMap(([{ name, limits }, all]) => {
    const isChanging = (at: number): boolean =>
      [halvedFrom, halvedTo].some((change) => at > change * scale && at <= change * scale + changeSeconds)
    const settled = all.filter(({ atSeconds }) => atSeconds > settlingSeconds && !isChanging(atSeconds))
    const isWhole = ({ atSeconds }: Moment): boolean =>
      atSeconds <= halvedFrom * scale || atSeconds > halvedTo * scale
    const mean = (pick: (moment: Moment) => number, of: readonly Moment[]): number => {
      const values = of.map(pick).filter((value) => !Number.isNaN(value))
      return values.reduce((sum, value) => sum + value, 0) / values.length
    }
    const used = ({ kbps, capacityBps }: Moment): number => (1000 * kbps) / allowedBps(capacityBps)
    const phase = (label: string, of: readonly Moment[], has: Path['limits']): Figure[] => {
      const minutes = (of.length * sampleSeconds) / 60
      const freezes = of.reduce((sum, moment) => sum + moment.freezes, 0) / publishers / minutes
      const figure = (what: string, value: number, unit: string, limit?: Figure['limit']): Figure => ({
        name: `${name}${label}: ${what}`,
        value,
        unit,
        limit,
      })
      return [
        figure(
          'rate',
          mean(({ kbps }) => kbps, of),
          'kbit/s',
        ),
        figure('share of what the layers allow', mean(used, of), '', least(has.used)),
        figure(
          'videos that move, of 3',
          mean(({ shown }) => shown, of),
          '',
          least(has.shown),
        ),
        figure(
          'spatial layer (-1: none)',
          mean(({ layer }) => layer, of),
          '',
        ),
        figure('freezes per minute of a video', freezes, '', most(has.freezes)),
        figure(
          'time until a picture is complete',
          mean(({ completeMs }) => completeMs, of),
          'ms',
        ),
        figure(
          'time until it is shown, repairs awaited',
          mean(({ delayMs: ms }) => ms, of),
          'ms',
        ),
      ]
    }
    if (name === unlimited.name)
      return phase(
        '',
        all.filter(({ atSeconds }) => atSeconds > settlingSeconds),
        limits,
      )
    const halved = settled.filter((moment) => !isWhole(moment))
    const edges = all.filter(({ atSeconds }) => isChanging(atSeconds))
    return [
      ...phase('', settled.filter(isWhole), limits),
      ...phase(', halved', halved, {}),
      {
        name: `${name}: freezes of 3 videos in the ${changeSeconds} s after each change`,
        value: edges.reduce((sum, moment) => sum + moment.freezes, 0),
        unit: '',
      },
      {
        name: `${name}: most videos that the server held back, and said so`,
        value: Math.max(...settled.map(({ held }) => held)),
        unit: '',
      },
    ]
  })

const least = (value: number | undefined): Figure['limit'] =>
  value === undefined ? undefined : { least: value }
const most = (value: number | undefined): Figure['limit'] =>
  value === undefined ? undefined : { most: value }

const plotsOf = (moments: ReadonlyMap<Path, readonly Moment[]>, scale: number): Plot[] => {
  const lines = (pick: (moment: Moment) => number): Line[] =>
    [...moments].map(([{ name }, all]) => ({
      name,
      points: all.map((moment) => [moment.atSeconds, pick(moment)] as const),
    }))
  const spans = [{ from: halvedFrom * scale, to: halvedTo * scale, label: 'capacity halved' }]
  return [
    { title: 'Layer, mean of three videos (-1: none)', unit: '', lines: lines(({ layer }) => layer), spans },
    { title: 'Videos that move, of three', unit: '', lines: lines(({ shown }) => shown), spans },
    { title: 'Rate on the wire', unit: 'kbit/s', lines: lines(({ kbps }) => kbps), spans },
    { title: 'Freezes per half second', unit: '', lines: lines(({ freezes }) => freezes), spans },
    { title: 'Time until pictures are shown', unit: 'ms', lines: lines(({ delayMs: ms }) => ms), spans },
  ]
}
