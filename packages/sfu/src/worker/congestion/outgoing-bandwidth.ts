import type { TransportFeedback } from '@sangam/rtp'
import type { Consumer } from '../consumer/consumer.ts'
import type { WorkerContext } from '../context.ts'
import { ChannelTypeError } from '../errors.ts'
import { TransportTrace, type TransportTraceType } from '../trace.ts'
import type { Allocation } from './bitrate-allocation.ts'
import { LayerAllocation } from './layer-allocation.ts'
import { RepairBudget } from './repair-budget.ts'
import { SendHistory } from './send-records.ts'
import { type BandwidthState, SendSideBandwidth } from './send-side-bandwidth.ts'

/** What a packet is larger on the wire than its payload: RTP header with extensions 24, SRTP tag 16, UDP 8, IPv4 20. */
const OVERHEAD_BYTES = 68
/** Recent packets that probes repeat, in turn. */
const RECENT_PACKETS = 16
/** Media may grow to this multiple of what it is, plus a new stream: no probe beyond. */
const USEFUL_GAIN = 2
const USEFUL_EXTRA_BPS = 500_000
const USEFUL_INTERVAL_US = 1_000_000
/** The estimate is shared anew this often, and at once when it fell to this share. */
const ALLOCATION_INTERVAL_US = 200_000
const ALLOCATION_DROP = 0.95
/** While feedback comes, it is what the estimate is told by: a tick has something to do when none came for this long. */
const QUIET_US = 500_000
/** Where there is nothing to share and nobody who tells anything: for a consumer that negotiated transport-cc meanwhile. */
const IDLE_INTERVAL_US = 1_000_000

/** What the bandwidth looks at of its transport. */
export interface BandwidthOwner {
  readonly id: string
  readonly index: number
  readonly context: WorkerContext
  readonly consumers: ReadonlyMap<string, Consumer>
  /** Which trace events the application wants, `TransportTrace`. */
  readonly traced: number
  trace(type: TransportTraceType, info: Readonly<Record<string, unknown>>): void
}

/**
 * What may be sent to one peer: the estimator between the packets that leave, the feedback that comes, and the probes
 * that it wants sent. Without a consumer that negotiated transport-cc there is no estimator: then REMB is obeyed, or
 * else the initial value stands.
 */
export class OutgoingBandwidth {
  readonly #owner: BandwidthOwner
  readonly #initialBps: number
  #estimator: SendSideBandwidth | undefined
  #rembBps = 0
  /** 0: none. */
  #minBps = 0
  #maxBps = 0
  #probePacket = 0
  #usefulUs = Number.NEGATIVE_INFINITY
  #told: BandwidthState | undefined
  #toldAllocations = ''
  readonly #repairs = new RepairBudget()
  readonly #allocation = new LayerAllocation()
  #allocations: readonly Allocation[] = []
  #allocatedUs = Number.NEGATIVE_INFINITY
  #allocatedBps = 0
  #feedbackUs = Number.NEGATIVE_INFINITY

  constructor(owner: BandwidthOwner, initialBps: number) {
    this.#owner = owner
    this.#initialBps = initialBps
  }

  /** Bits per second on the wire, within the limits. */
  get bps(): number {
    const bps = this.#estimator?.targetBps ?? (this.#rembBps > 0 ? this.#rembBps : this.#initialBps)
    return Math.min(Math.max(bps, this.#minBps), this.#ceilingBps)
  }

  /** Undefined while nobody negotiated transport-cc. */
  get state(): BandwidthState | undefined {
    return this.#estimator?.state
  }

  /** Bits per second; 0 removes the limit. @throws ChannelTypeError below the minimum */
  setMax(bps: number): void {
    if (bps > 0 && bps < this.#minBps)
      throw new ChannelTypeError('the maximum is below the minimum outgoing bitrate')
    this.#maxBps = bps
    this.#estimator?.setLimits(this.#minBps, this.#ceilingBps)
  }

  /** Bits per second; 0 removes the limit. @throws ChannelTypeError above the maximum */
  setMin(bps: number): void {
    if (bps > this.#ceilingBps)
      throw new ChannelTypeError('the minimum is above the maximum outgoing bitrate')
    this.#minBps = bps
    this.#estimator?.setLimits(this.#minBps, this.#ceilingBps)
  }

  handleRemb(bps: number): void {
    this.#rembBps = bps
    this.#estimator?.handleRemb(bps)
  }

  /** Feedback came: the estimate follows it, and a probe may begin. */
  handleFeedback(feedback: TransportFeedback, nowUs: number): void {
    const estimator = this.#ensureEstimator()
    if (estimator === undefined) return
    this.#feedbackUs = nowUs
    estimator.handleFeedback(feedback, nowUs)
    if (this.bps < this.#allocatedBps * ALLOCATION_DROP) this.#allocate(nowUs)
    else this.#trace()
    this.#keepUp(nowUs)
    this.probe(nowUs)
  }

  /** Time went on. @returns when it should be told again, microseconds */
  tick(nowUs: number): number {
    // What a tick does was done when feedback came.
    const isTold = nowUs - this.#feedbackUs < ALLOCATION_INTERVAL_US
    if (isTold) return this.isProbing(nowUs) ? nowUs : this.#feedbackUs + QUIET_US
    this.#keepUp(nowUs)
    if (this.#estimator === undefined) return nowUs + this.#intervalUs
    this.probe(nowUs)
    return this.isProbing(nowUs) ? nowUs : nowUs + this.#intervalUs
  }

  /** Whether a packet of so many bytes of payload may be sent again now; if so it is taken off what repairs may take. */
  takesRepair(payloadBytes: number, nowUs: number): boolean {
    // Without feedback nobody knows what the path carries.
    if (this.#estimator?.hasFeedback !== true) return true
    return this.#repairs.takes(payloadBytes + OVERHEAD_BYTES, this.bps, nowUs)
  }

  isProbing(nowUs: number): boolean {
    return this.#estimator?.isProbing(nowUs) ?? false
  }

  /** Sends the padding that is due; `tick()` does so too. */
  probe(nowUs: number): void {
    let dueBytes = this.#estimator?.tick(nowUs) ?? 0
    if (dueBytes === 0) return
    const consumer = [...this.#owner.consumers.values()].find(
      (c) => c.usesTransportCc && c.wanted && c.rtxSsrc !== 0,
    )
    while (consumer !== undefined && dueBytes > 0) {
      const bytes = consumer.rtx.probe(this.#probePacket++ % RECENT_PACKETS)
      if (bytes === 0) return
      if ((this.#owner.traced & TransportTrace.probation) !== 0)
        this.#owner.trace('probation', { consumerId: consumer.id, bytes })
      dueBytes -= bytes + OVERHEAD_BYTES
    }
  }

  stats(): Readonly<Record<string, number>> {
    return {
      availableOutgoingBitrate: Math.round(this.bps),
      ...(this.#maxBps > 0 ? { maxOutgoingBitrate: this.#maxBps } : {}),
      ...(this.#minBps > 0 ? { minOutgoingBitrate: this.#minBps } : {}),
      ...(this.#estimator === undefined ? {} : { rtpPacketLossSent: this.#estimator.state.lossShare }),
    }
  }

  get #intervalUs(): number {
    if (this.#rembBps > 0 || this.#estimator?.hasFeedback === true) return ALLOCATION_INTERVAL_US
    for (const { preferredLayers } of this.#owner.consumers.values()) {
      if (preferredLayers !== undefined) return ALLOCATION_INTERVAL_US
    }
    return IDLE_INTERVAL_US
  }

  get #ceilingBps(): number {
    return this.#maxBps > 0 ? this.#maxBps : Number.POSITIVE_INFINITY
  }

  #ensureEstimator(): SendSideBandwidth | undefined {
    if (this.#estimator !== undefined) return this.#estimator
    const { consumers, context, index } = this.#owner
    let isNegotiated = false
    for (const consumer of consumers.values()) if (consumer.usesTransportCc) isNegotiated = true
    if (!isNegotiated) return undefined
    const history = new SendHistory(
      context.plan.sendRecords,
      context.transportSequences,
      index,
      OVERHEAD_BYTES,
    )
    this.#estimator = new SendSideBandwidth(history, {
      initialBps: this.#initialBps,
      minBps: this.#minBps,
      maxBps: this.#ceilingBps,
    })
    if (this.#rembBps > 0) this.#estimator.handleRemb(this.#rembBps)
    return this.#estimator
  }

  /** Does what is due now and then. */
  #keepUp(nowUs: number): void {
    if (nowUs - this.#allocatedUs >= ALLOCATION_INTERVAL_US) {
      this.#allocatedUs = nowUs
      this.#ensureEstimator()
      this.#allocate(nowUs)
    }
    if (this.#estimator !== undefined && nowUs - this.#usefulUs >= USEFUL_INTERVAL_US) {
      this.#usefulUs = nowUs
      this.#estimator.usefulBps = this.#usefulBps()
    }
  }

  /** Without any feedback nobody knows what fits: then everybody gets what is preferred. */
  #allocate(nowUs: number): void {
    if (this.#estimator === undefined && this.#rembBps === 0) return
    this.#allocatedUs = nowUs
    this.#allocatedBps = this.bps
    const excludes = this.#estimator?.hasFeedback === true ? 'withoutTransportCc' : 'nothing'
    this.#allocations = this.#allocation.apply(this.#owner.consumers.values(), this.bps, excludes)
    this.#trace()
  }

  /** What the consumers' producers send at most now, and room to grow; 0 while nothing flows. */
  #usefulBps(): number {
    let bps = 0
    for (const consumer of this.#owner.consumers.values()) {
      if (!consumer.wanted) continue
      bps += consumer.producer.streams.reduce((most, stream) => Math.max(most, stream.bitrateBps), 0)
    }
    return bps === 0 ? 0 : USEFUL_GAIN * bps + USEFUL_EXTRA_BPS
  }

  /** Tells the application what changed: the reason, the estimate by a tenth, or who gets which layers and why. */
  #trace(): void {
    if ((this.#owner.traced & TransportTrace.bwe) === 0) return
    const state = this.#estimator?.state
    const allocations = this.#allocations.map(outcomeOf).join()
    const told = this.#told
    const isSame =
      told !== undefined && state !== undefined && Math.abs(state.targetBps / told.targetBps - 1) < 0.1
    if (isSame && state.reason === told.reason && allocations === this.#toldAllocations) return
    if (state === undefined && allocations === this.#toldAllocations) return
    this.#told = state
    this.#toldAllocations = allocations
    const desiredBitrate = Math.round(this.#usefulBps())
    this.#owner.trace('bwe', {
      bweType: state === undefined ? 'remb' : 'transport-cc',
      availableBitrate: Math.round(this.bps),
      startBitrate: this.#initialBps,
      minBitrate: this.#minBps,
      maxBitrate: this.#maxBps,
      desiredBitrate,
      effectiveDesiredBitrate: Math.min(desiredBitrate, this.#ceilingBps),
      maxPaddingBitrate: Math.round(this.bps),
      ...(state === undefined ? {} : estimateOf(state)),
      allocations: this.#allocations,
    })
  }
}

function outcomeOf({ consumerId, target, reason }: Allocation): string {
  return `${consumerId} ${target?.spatial ?? '-'}.${target?.temporal ?? '-'} ${reason}`
}

function estimateOf(state: BandwidthState): Readonly<Record<string, unknown>> {
  return {
    reason: state.reason,
    usage: state.usage,
    acknowledgedBitrate: Math.round(state.acknowledgedBps),
    lossShare: state.lossShare,
    roundTripTime: Math.round(state.rttMs),
    queueingDelay: Math.round(state.queueMs),
  }
}
