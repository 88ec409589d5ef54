import { NOT_RECEIVED, RECEIVE_DELTA_US, REFERENCE_TIME_US, type TransportFeedback } from '@sangam/rtp'
import { AimdRateControl } from './aimd-rate-control.ts'
import { ArrivalGroups } from './arrival-groups.ts'
import { LossBound } from './loss-bound.ts'
import { type LinkUsage, OveruseDetector } from './overuse-detector.ts'
import { ProbeCluster } from './probe-cluster.ts'
import { ProbeController } from './probe-controller.ts'
import { QueueingDelay } from './queueing-delay.ts'
import { RecentBitrate } from './recent-bitrate.ts'
import type { SendHistory } from './send-records.ts'
import { TrendlineFilter } from './trendline-filter.ts'

/** Why the estimate is what it is: the last thing that changed it. */
export type BandwidthReason =
  | 'initial'
  | 'increase'
  | 'overuse'
  | 'loss'
  | 'probe'
  | 'feedbackTimeout'
  | 'remb'
  | 'minLimit'
  | 'maxLimit'

/** What the estimator thinks, for stats and trace events. Bits per second and milliseconds. */
export interface BandwidthState {
  readonly targetBps: number
  readonly reason: BandwidthReason
  readonly usage: LinkUsage
  readonly delayBasedBps: number
  /** Infinite while loss sets no bound. */
  readonly lossBasedBps: number
  readonly acknowledgedBps: number
  readonly lossShare: number
  readonly rttMs: number
  readonly queueMs: number
}

/** Where an estimator starts and between which limits it stays; bits per second. */
export interface BandwidthLimits {
  readonly initialBps: number
  /** At least this, whatever the network says. */
  readonly minBps: number
  readonly maxBps: number
}

/** No estimate below this: one stream of speech must stay possible. */
const FLOOR_BPS = 30_000
/** Length of a probe: long enough against jitter of a few milliseconds, short enough to queue little. */
const PROBE_US = 30_000
/** And never so short that it holds too few packets to measure by. */
const PROBE_BYTES = 7200
/** A probe that found less than this multiple of the estimate changes nothing: near the capacity the additive increase is fairer. */
const MIN_PROBE_GAIN = 1.15
/** The same where the link was full: a flow that shares it sees more than its share in a probe. */
const MIN_SATURATED_GAIN = 1.3
/** Media that is less than this share of the estimate leaves it without evidence of more: then any gain counts. */
const LIMITED_SHARE = 0.8
/** And so little media that the mean of what arrives is far below what the link carries. */
const SCARCE_SHARE = 0.65
/** What counts of the fastest 100 ms: some of that was others' room. */
const BURST_SHARE = 0.8
/** Below this the increase is as fast as probing would be, and leaves no burst in a narrow link's queue. */
const BLIND_ABOVE_BPS = 400_000
/** With a queue longer than this the link is full, and what a probe finds was another's. */
const FULL_QUEUE_MS = 20
/** A queue this long that still grows is overuse, whatever the trend's threshold. */
const LONG_QUEUE_MS = 50
/** A probe that isn't evaluated within this time after its end never is. */
const PROBE_TIMEOUT_US = 1_000_000
/** Packets unacknowledged for this long, or this many round trips, mean that nothing comes through (compare RFC 8083 section 4.3). */
const FEEDBACK_TIMEOUT_US = 1_000_000
const FEEDBACK_TIMEOUT_RTTS = 4
const FEEDBACK_TIMEOUT_PACKETS = 5
const TIMEOUT_BETA = 0.7
const TIMEOUT_INTERVAL_US = 500_000
/** When nothing left for this time and a round trip, the queue is gone, and what the last packets said of it is history. */
const IDLE_US = 500_000
/** Loss within this time after a delay-based decrease comes from the queue that it answers. */
const DELAY_HANDLES_US = 1_000_000
const RTT_SMOOTHING = 0.125
const FIRST_RTT_MS = 100

/**
 * Estimates what a transport's path can carry, at the sender, from transport-cc feedback: the delay-based and the
 * loss-based controller of draft-ietf-rmcat-gcc-02, with probing. Pure: time comes in as an argument, packets through
 * the send history, padding goes out as a number of bytes. docs/bandwidth.md lists constants and sources.
 */
export class SendSideBandwidth {
  readonly #history: SendHistory
  readonly #groups = new ArrivalGroups()
  readonly #trendline = new TrendlineFilter()
  readonly #detector = new OveruseDetector()
  readonly #sent = new RecentBitrate()
  readonly #acknowledged = new RecentBitrate()
  readonly #aimd: AimdRateControl
  readonly #loss = new LossBound()
  readonly #queue = new QueueingDelay()
  readonly #probes = new ProbeController()
  #cluster: ProbeCluster | undefined
  #clusters = 0
  #minBps: number
  #maxBps: number
  /** What media could use at most: no probe goes far beyond. */
  usefulBps = Number.POSITIVE_INFINITY
  #reason: BandwidthReason = 'initial'
  #hasFeedback = false
  #isOverused = false
  #rttMs = FIRST_RTT_MS
  #referenceTime = 0
  #referenceUs = 0
  /** Number after the newest acknowledged one. */
  #acknowledgedEnd = 0
  #timedOutUs = Number.NEGATIVE_INFINITY
  #isIdle = false
  /** Of the current probe: bytes that left since it began, up to before this number. */
  #probeBytes = 0
  #probeCountedEnd = 0
  #isProbeLimited = false

  constructor(history: SendHistory, limits: BandwidthLimits) {
    this.#history = history
    this.#minBps = limits.minBps
    this.#maxBps = limits.maxBps
    this.#aimd = new AimdRateControl(this.#clamped(limits.initialBps))
    this.#acknowledgedEnd = history.next
  }

  /** Whether the peer ever sent transport-cc feedback. */
  get hasFeedback(): boolean {
    return this.#hasFeedback
  }

  /** The estimate, bits per second on the wire. */
  get targetBps(): number {
    return this.#clamped(Math.min(this.#aimd.bps, this.#loss.bps))
  }

  get state(): BandwidthState {
    const bps = Math.min(this.#aimd.bps, this.#loss.bps)
    const limit = bps < this.#minBps ? 'minLimit' : bps > this.#maxBps ? 'maxLimit' : undefined
    return {
      targetBps: this.targetBps,
      reason: limit ?? this.#reason,
      usage: this.#detector.usage,
      delayBasedBps: this.#aimd.bps,
      lossBasedBps: this.#loss.bps,
      acknowledgedBps: this.#acknowledged.bps,
      lossShare: this.#loss.lossShare,
      rttMs: this.#rttMs,
      queueMs: this.#queue.ms,
    }
  }

  /** Limits of the application, bits per second; 0 and infinity remove them. */
  setLimits(minBps: number, maxBps: number): void {
    this.#minBps = minBps
    this.#maxBps = maxBps
    if (this.#aimd.bps > maxBps || this.#aimd.bps < minBps) this.#aimd.set(this.#clamped(this.#aimd.bps))
  }

  /** A feedback message came. Packets that are unknown, too old or acknowledged before don't count. */
  handleFeedback(feedback: TransportFeedback, nowUs: number): void {
    this.#hasFeedback = true
    this.#isOverused = false
    // Before acknowledgement takes their sizes away.
    this.#countProbeBytes()
    const referenceUs = this.#unwrapReference(feedback.referenceTime)
    let lost = 0
    let received = 0
    for (let i = 0; i < feedback.statusCount; i++) {
      const sequence = (feedback.baseSequenceNumber + i) & 0xffff
      const bytes = this.#history.bytes(sequence)
      if (bytes === 0) continue
      const sentUs = this.#history.sentUs(sequence, nowUs)
      if ((sequence - this.#acknowledgedEnd) << 16 >= 0) this.#acknowledgedEnd = (sequence + 1) & 0xffff
      this.#sent.add(sentUs, bytes)
      const ticks = feedback.arrivalTicks[i] as number
      if (ticks === NOT_RECEIVED) {
        lost++
        if (this.#cluster?.contains(sentUs) === true) this.#cluster.lost()
        continue
      }
      received++
      this.#history.acknowledge(sequence)
      this.#packetArrived(sentUs, referenceUs + ticks * RECEIVE_DELTA_US, bytes, nowUs)
    }
    if (received + lost === 0) return
    this.#loss.add(lost, received + lost)
    const reason = this.#evaluateProbe(nowUs) ? 'probe' : 'increase'
    this.#updateRate(reason, nowUs)
  }

  /** The peer's REMB (draft-alvestrand-rmcat-remb-03): obeyed while no transport-cc feedback ever came. */
  handleRemb(bps: number): void {
    if (this.#hasFeedback) return
    this.#aimd.set(bps)
    this.#reason = 'remb'
  }

  /**
   * Time went on: starts probes, and notices when nothing comes back any more.
   * @returns bytes of padding that should leave now, so that media and padding reach the probe's rate
   */
  tick(nowUs: number): number {
    this.#noticeIdle(nowUs)
    this.#noticeSilence(nowUs)
    const cluster = this.#cluster
    if (cluster === undefined) {
      if (this.#hasFeedback) this.#startProbe(nowUs)
      return this.#paddingDue(nowUs)
    }
    if (nowUs > cluster.endUs + PROBE_TIMEOUT_US) this.#cluster = undefined
    return this.#paddingDue(nowUs)
  }

  /** Whether a probe is being sent: ticks should come every few milliseconds. */
  isProbing(nowUs: number): boolean {
    return this.#cluster !== undefined && nowUs <= this.#cluster.endUs
  }

  #packetArrived(sentUs: number, arrivalUs: number, bytes: number, nowUs: number): void {
    this.#acknowledged.add(arrivalUs, bytes)
    this.#queue.add(sentUs, arrivalUs, nowUs)
    this.#rttMs += RTT_SMOOTHING * ((nowUs - sentUs) / 1000 - this.#rttMs)
    if (this.#cluster?.contains(sentUs) === true) this.#cluster.arrived(sentUs, arrivalUs, bytes)
    if (!this.#groups.add(sentUs, arrivalUs)) return
    const trendline = this.#trendline
    trendline.update(this.#groups.delayDeltaMs, this.#groups.arrivalUs)
    const usage = this.#detector.update(trendline.slope, trendline.count, this.#groups.sendDeltaMs, nowUs)
    if (usage === 'overuse') this.#isOverused = true
  }

  #updateRate(reasonToGrow: BandwidthReason, nowUs: number): void {
    // Overuse by any of the message's packets counts, even if the last ones say otherwise.
    const isLong = this.#queue.ms > LONG_QUEUE_MS && this.#trendline.slope > 0 && !this.#aimd.isContested
    const usage = this.#isOverused || isLong ? 'overuse' : this.#detector.usage
    const before = this.#aimd.bps
    // Where there was little to send, a burst (a key frame) is what fills the queue, and tells what the link carries.
    const isScarce = this.#sent.bps < SCARCE_SHARE * this.targetBps
    const carriedBps = isScarce ? BURST_SHARE * this.#acknowledged.peakBps : this.#acknowledged.bps
    const rates = { acknowledgedBps: this.#acknowledged.bps, carriedBps }
    const done = this.#aimd.update(usage, rates, this.#rttMs, this.#queue.ms, nowUs)
    if (done === 'decrease') this.#reason = 'overuse'
    else if (this.#aimd.bps > before && this.#aimd.bps < this.#loss.bps) this.#reason = reasonToGrow
    const isDelayHandling = nowUs - this.#aimd.decreasedUs < DELAY_HANDLES_US
    if (this.#loss.update(this.targetBps, this.#acknowledged.bps, isDelayHandling, nowUs))
      this.#reason = 'loss'
    // An estimate far above its limits would take long to come back.
    if (this.#aimd.bps > this.#maxBps || this.#aimd.bps < FLOOR_BPS)
      this.#aimd.set(this.#clamped(this.#aimd.bps))
  }

  /** Whether media needs less than the estimate, or nothing is sent at all. */
  get #isLimited(): boolean {
    return this.#isIdle || this.#sent.bps < LIMITED_SHARE * this.targetBps
  }

  #startProbe(nowUs: number): void {
    const { targetBps } = this
    const usefulBps = Math.min(this.usefulBps, this.#maxBps)
    if (this.#probes.isEnough(targetBps, usefulBps)) return
    const plan = this.#probes.due(
      {
        targetBps,
        decreasedUs: this.#aimd.queuedUs,
        beforeDecreaseBps: this.#aimd.beforeDecreaseBps,
        isCongested:
          this.#detector.usage === 'overuse' || this.#loss.isLossy || this.#queue.ms > FULL_QUEUE_MS,
        isBlind: this.#isLimited || targetBps > BLIND_ABOVE_BPS,
        usefulBps,
      },
      nowUs,
    )
    if (plan === undefined) return
    const durationUs = Math.max(PROBE_US, (PROBE_BYTES * 8e6) / plan.bps)
    this.#isProbeLimited = this.#isLimited
    this.#cluster = new ProbeCluster(++this.#clusters, plan.bps, nowUs, durationUs)
    this.#probeBytes = 0
    this.#probeCountedEnd = this.#history.next
  }

  /** @returns whether the estimate follows a probe from now on */
  #evaluateProbe(nowUs: number): boolean {
    const cluster = this.#cluster
    if (cluster === undefined || nowUs <= cluster.endUs || !this.#isBeyond(cluster, nowUs)) return false
    this.#cluster = undefined
    const result = cluster.result()
    if (result === undefined) return false
    this.#probes.measured(cluster.targetBps, result.bps, result.isSaturated)
    if (this.#queue.ms > FULL_QUEUE_MS) return false
    const gain = result.isSaturated ? MIN_SATURATED_GAIN : MIN_PROBE_GAIN
    if (result.bps < this.targetBps * (this.#isProbeLimited ? 1 : gain)) return false
    this.#aimd.set(result.bps)
    this.#loss.raise(result.bps)
    this.#reason = 'probe'
    return true
  }

  /** Whether everything that the cluster sent was acknowledged, or something that was sent later. */
  #isBeyond(cluster: ProbeCluster, nowUs: number): boolean {
    const end = this.#acknowledgedEnd
    if (end === this.#history.next) return true
    const bytes = this.#history.bytes(end)
    return bytes === 0 || this.#history.sentUs(end, nowUs) > cluster.endUs
  }

  #paddingDue(nowUs: number): number {
    const cluster = this.#cluster
    if (cluster === undefined || nowUs > cluster.endUs) return 0
    this.#countProbeBytes()
    const dueBytes = (cluster.targetBps * (nowUs - cluster.startUs)) / 8e6
    return Math.max(0, Math.round(dueBytes - this.#probeBytes))
  }

  #countProbeBytes(): void {
    if (this.#cluster === undefined) return
    const { next } = this.#history
    // Those that still wait in the send plan are counted next time.
    for (
      ;
      this.#probeCountedEnd !== next && this.#history.has(this.#probeCountedEnd);
      this.#probeCountedEnd = (this.#probeCountedEnd + 1) & 0xffff
    )
      this.#probeBytes += this.#history.bytes(this.#probeCountedEnd)
  }

  /**
   * Nothing is sent any more, perhaps because the estimate allows nothing: no feedback will come that takes back what the
   * last one said. Without this no probe would ever find out that the path is free again.
   */
  #noticeIdle(nowUs: number): void {
    const last = (this.#history.next - 1) & 0xffff
    if (!this.#hasFeedback || !this.#history.has(last)) return
    const isIdle = nowUs - this.#history.sentUs(last, nowUs) >= IDLE_US + this.#rttMs * 1000
    if (isIdle && !this.#isIdle) {
      this.#trendline.reset()
      this.#detector.reset()
      this.#queue.drained()
      this.#loss.forgetShare()
      this.#aimd.drained(nowUs)
    }
    this.#isIdle = isIdle
  }

  #noticeSilence(nowUs: number): void {
    const outstanding = (this.#history.next - this.#acknowledgedEnd) & 0xffff
    // A few may be a pause's last packets, of which the receiver can't know that it lacks them.
    if (!this.#hasFeedback || this.#isIdle || outstanding < FEEDBACK_TIMEOUT_PACKETS) return
    if (this.#history.bytes(this.#acknowledgedEnd) === 0) return
    const waitUs = Math.max(FEEDBACK_TIMEOUT_US, FEEDBACK_TIMEOUT_RTTS * this.#rttMs * 1000)
    if (nowUs - this.#history.sentUs(this.#acknowledgedEnd, nowUs) < waitUs) return
    if (nowUs - this.#timedOutUs < TIMEOUT_INTERVAL_US) return
    this.#timedOutUs = nowUs
    this.#aimd.silence(TIMEOUT_BETA, nowUs)
    this.#aimd.set(this.#clamped(this.#aimd.bps))
    this.#reason = 'feedbackTimeout'
  }

  /** Reference times wrap after 12 days, and may go back a little when messages overtake each other. */
  #unwrapReference(referenceTime: number): number {
    const step = ((referenceTime - this.#referenceTime) << 8) >> 8
    this.#referenceTime = referenceTime
    this.#referenceUs += step * REFERENCE_TIME_US
    return this.#referenceUs
  }

  #clamped(bps: number): number {
    return Math.min(Math.max(bps, this.#minBps, FLOOR_BPS), this.#maxBps)
  }
}
