import {
  Bottleneck,
  type RateStep,
  SeededRandom,
  TcpFlow,
  VIDEO_SOURCE,
  VirtualTime,
} from '@sangam/testkit/network'
import { fittingBps, type LayeredMedia } from './layered-source.ts'
import { SimulatedFlow } from './simulated-flow.ts'

/** What a plan's network and media are; everything else follows from the seed. */
export interface NetworkPlan {
  readonly name: string
  readonly seconds: number
  readonly seed: number
  readonly rates: readonly RateStep[]
  readonly reverseRates?: readonly RateStep[]
  readonly queueMs?: number
  readonly jitterMs?: number
  readonly lossShare?: number
  readonly initialBps?: number
  readonly maxBps?: number
  readonly flows: readonly FlowPlan[]
  /** Flows that share the reverse link with the feedback. */
  readonly reverseFlows?: readonly FlowPlan[]
  readonly tcp?: readonly { readonly startSeconds: number }[]
  /** Short TCP transfers: this many sources that send, wait and send again (RFC 8867 section 5.7). */
  readonly shortTcpSources?: number
  /** Sound that takes no part in transport-cc, beside the flows: bits per second. */
  readonly voiceBps?: number
}

export interface FlowPlan {
  readonly startSeconds: number
  readonly delayMs?: number
  readonly pauseSeconds?: readonly [number, number]
  readonly firstSequence?: number
  /** Most that the encoder makes. */
  readonly mediaMaxBps?: number
  /** Layers to choose from in place of an encoder that follows the estimate. */
  readonly layers?: LayeredMedia
}

/** One sample of a flow, every `SAMPLE_SECONDS`. */
export interface Sample {
  readonly atSeconds: number
  readonly targetBps: number
  readonly mediaBps: number
  readonly reason: string
}
export const SAMPLE_SECONDS = 0.1
/** An estimate is good that is at least this share of the capacity. */
const ESTIMATED_SHARE = 0.85
const TCP_DELAY_MS = 50
/** Opus packets of three speakers come this often. */
const VOICE_US = 20_000 / 3

/** What a plan gave. */
export class PlanResult {
  readonly plan: NetworkPlan
  readonly samples: readonly (readonly Sample[])[]
  readonly flows: readonly SimulatedFlow[]
  readonly tcpBps: number
  readonly #rateBps: (atUs: number) => number

  constructor(
    plan: NetworkPlan,
    flows: readonly SimulatedFlow[],
    samples: Sample[][],
    tcpBps: number,
    rateBps: (atUs: number) => number,
  ) {
    this.plan = plan
    this.flows = flows
    this.samples = samples
    this.tcpBps = tcpBps
    this.#rateBps = rateBps
  }

  /** What the link leaves to the flows at a time, beside sound and what it loses at random, bits per second. */
  capacityBps(atSeconds: number): number {
    const { voiceBps = 0, lossShare = 0 } = this.plan
    return Math.max(0, this.#rateBps(atSeconds * 1e6 - 1) - voiceBps) * (1 - lossShare)
  }

  /**
   * What of it media could use: of layers, those that an estimate of `ESTIMATED_SHARE` of the capacity allows; of encoders
   * that follow the estimate, all.
   */
  usableBps(atSeconds: number): number {
    const capacityBps = this.capacityBps(atSeconds)
    const layers = this.plan.flows[0]?.layers
    return layers === undefined ? capacityBps : fittingBps(layers, ESTIMATED_SHARE * capacityBps)
  }

  /** Media that arrived, of all flows, as a share of what it could use between two times. */
  utilisation(fromSeconds: number, toSeconds = this.plan.seconds): number {
    let media = 0
    let usable = 0
    for (const flow of this.samples) for (const s of within(flow, fromSeconds, toSeconds)) media += s.mediaBps
    for (const s of within(this.samples[0]!, fromSeconds, toSeconds)) usable += this.usableBps(s.atSeconds)
    return media / usable
  }

  /** Media of one flow, mean bits per second between two times. */
  mediaBps(flow: number, fromSeconds: number, toSeconds = this.plan.seconds): number {
    const samples = within(this.samples[flow]!, fromSeconds, toSeconds)
    return samples.reduce((sum, s) => sum + s.mediaBps, 0) / samples.length
  }

  /** The queueing delay that `share` of all media packets stayed below, ms. */
  queueMs(share: number, fromSeconds = 0, toSeconds = this.plan.seconds): number {
    const isWithin = (atUs: number): boolean => atUs >= fromSeconds * 1e6 && atUs < toSeconds * 1e6
    const all = Float64Array.from(
      this.flows.flatMap(({ queueMs, arrivedUs }) =>
        queueMs.filter((_, i) => isWithin(arrivedUs[i] as number)),
      ),
    ).sort()
    return all[Math.floor(all.length * share)] ?? 0
  }

  /** Seconds from `fromSeconds` until the media of the second before is at least `bps`. */
  secondsUntilMedia(fromSeconds: number, bps: number): number {
    for (let at = fromSeconds + 1; at <= this.plan.seconds; at += SAMPLE_SECONDS) {
      const sum = this.samples.reduce((total, _, flow) => total + this.mediaBps(flow, at - 1, at), 0)
      if (sum >= bps) return at - fromSeconds
    }
    return Number.POSITIVE_INFINITY
  }

  /** Seconds from `fromSeconds` until the sum of the targets is at most, or at least, `bps`. */
  secondsUntil(fromSeconds: number, comparison: 'atMost' | 'atLeast', bps: number): number {
    for (let i = Math.round(fromSeconds / SAMPLE_SECONDS); i < this.samples[0]!.length; i++) {
      const sum = this.samples.reduce((total, flow) => total + flow[i]!.targetBps, 0)
      if (comparison === 'atMost' ? sum <= bps : sum >= bps)
        return this.samples[0]![i]!.atSeconds - fromSeconds
    }
    return Number.POSITIVE_INFINITY
  }
}

function within(samples: readonly Sample[], fromSeconds: number, toSeconds: number): readonly Sample[] {
  return samples.filter((s) => s.atSeconds > fromSeconds + 1e-6 && s.atSeconds <= toSeconds + 1e-6)
}

/** Runs a plan on the virtual clock. */
export function runPlan(plan: NetworkPlan): PlanResult {
  const time = new VirtualTime()
  const random = new SeededRandom(plan.seed)
  const common = {
    queueMs: plan.queueMs ?? 300,
    jitterMs: plan.jitterMs ?? 2,
    lossShare: plan.lossShare ?? 0,
  }
  const link = new Bottleneck(time, random, { ...common, rates: plan.rates })
  const reverseRates = plan.reverseRates ?? [{ fromSeconds: 0, bps: 100_000_000 }]
  const reverse = new Bottleneck(time, random, { ...common, lossShare: 0, rates: reverseRates })
  const flows = plan.flows.map((flow) => startFlow(time, random, link, reverse, plan, flow))
  for (const flow of plan.reverseFlows ?? []) startFlow(time, random, reverse, link, plan, flow)
  startVoice(time, link, plan.voiceBps ?? 0)
  const tcp = startTcp(time, random, link, plan)
  const samples: Sample[][] = flows.map(() => [])
  const bytes = flows.map(() => 0)
  for (let i = 1; i * SAMPLE_SECONDS <= plan.seconds + 1e-9; i++) {
    const atSeconds = i * SAMPLE_SECONDS
    time.runUntil(atSeconds * 1e6)
    flows.forEach((flow, k) => {
      const { targetBps, reason } = flow.bandwidth.state
      const isStarted = atSeconds > plan.flows[k]!.startSeconds
      const mediaBps = ((flow.mediaBytes - bytes[k]!) * 8) / SAMPLE_SECONDS
      samples[k]!.push({ atSeconds, targetBps: isStarted ? targetBps : 0, mediaBps, reason })
      bytes[k] = flow.mediaBytes
    })
  }
  const tcpBytes = tcp.reduce((sum, flow) => sum + flow.deliveredBytes, 0)
  return new PlanResult(plan, flows, samples, (tcpBytes * 8) / plan.seconds, (atUs) => link.rateBps(atUs))
}

function startFlow(
  time: VirtualTime,
  random: SeededRandom,
  link: Bottleneck,
  reverse: Bottleneck,
  plan: NetworkPlan,
  flow: FlowPlan,
): SimulatedFlow {
  const made = new SimulatedFlow(time, random, link, reverse, {
    delayMs: flow.delayMs ?? 50,
    initialBps: plan.initialBps ?? 300_000,
    maxBps: plan.maxBps ?? 20_000_000,
    media: flow.layers ?? { ...VIDEO_SOURCE, maxBps: flow.mediaMaxBps ?? VIDEO_SOURCE.maxBps },
    ...(flow.firstSequence === undefined ? {} : { firstSequence: flow.firstSequence }),
  })
  // Not all in the same microsecond: real senders' frames and ticks are not aligned.
  time.at(flow.startSeconds * 1e6 + random.uniform() * 33_000, () => made.start())
  if (flow.pauseSeconds !== undefined) {
    const [from, to] = flow.pauseSeconds
    time.at(from * 1e6, () => {
      made.source.isPaused = true
    })
    time.at(to * 1e6, () => {
      made.source.isPaused = false
    })
  }
  return made
}

function startVoice(time: VirtualTime, link: Bottleneck, bps: number): void {
  if (bps === 0) return
  time.every(VOICE_US, () => link.send(Math.round((bps * VOICE_US) / 8e6), TCP_DELAY_MS, () => {}))
}

function startTcp(time: VirtualTime, random: SeededRandom, link: Bottleneck, plan: NetworkPlan): TcpFlow[] {
  const flows: TcpFlow[] = []
  for (const { startSeconds } of plan.tcp ?? []) {
    const flow = new TcpFlow(time, link, TCP_DELAY_MS, Number.POSITIVE_INFINITY)
    flows.push(flow)
    time.at(startSeconds * 1e6, () => flow.start())
  }
  const transfer = (): void => {
    const bytes = 30_000 + random.uniform() * 70_000
    const flow = new TcpFlow(time, link, TCP_DELAY_MS, bytes, () =>
      time.after(random.exponential(10e6), transfer),
    )
    flows.push(flow)
    flow.start()
  }
  for (let i = 0; i < (plan.shortTcpSources ?? 0); i++) time.after(random.exponential(10e6), transfer)
  return flows
}
