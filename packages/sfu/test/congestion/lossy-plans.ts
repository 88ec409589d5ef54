import type { LayeredMedia } from './layered-source.ts'
import type { NetworkPlan } from './network-plan.ts'

const SECONDS = 80
/** The capacity halves for 20 s. */
const HALVED_SECONDS = [30, 50] as const
/** What a router gets of three people who publish three layers each, the lowest in two halves, and their voices. */
const THREE_CAMERAS: LayeredMedia = { streams: 3, layersBps: [80_000, 160_000, 530_000, 1_550_000] }
const VOICE_BPS = 39_000

/** Paths of 50 ms that lose packets at random, as radio links do: nobody's queue, so nobody's reason to send less. */
const lossyPlan = (capacityBps: number, lossPercent: number): NetworkPlan => ({
  name: `${capacityBps / 1000} kbit/s, ${lossPercent} % loss`,
  seconds: SECONDS,
  seed: 1,
  rates: [
    { fromSeconds: 0, bps: capacityBps },
    { fromSeconds: HALVED_SECONDS[0], bps: capacityBps / 2 },
    { fromSeconds: HALVED_SECONDS[1], bps: capacityBps },
  ],
  lossShare: lossPercent / 100,
  flows: [{ startSeconds: 0 }],
})

const layered = (plan: NetworkPlan): NetworkPlan => ({
  ...plan,
  name: `${plan.name}, layers`,
  initialBps: 1_000_000,
  flows: [{ startSeconds: 0, layers: THREE_CAMERAS }],
  // On the narrowest path one of them speaks.
  voiceBps: (plan.rates[0]?.bps ?? 0) > 300_000 ? 3 * VOICE_BPS : VOICE_BPS,
})

const PATHS = [3_000_000, 1_000_000, 300_000].flatMap((bps) => [lossyPlan(bps, 1), lossyPlan(bps, 2)])

/** Random loss of 1 and 2 %, and a capacity that halves for 20 s: with an encoder that follows the estimate, and with layers. */
export const LOSSY_PLANS: readonly NetworkPlan[] = [...PATHS, ...PATHS.map(layered)]
