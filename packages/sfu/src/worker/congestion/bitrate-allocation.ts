/** One quality that a consumer could get, lowest first. */
export interface AvailableLayer {
  readonly spatial: number
  readonly temporal: number
  /** What forwarding this layer with all that it depends on costs, bits per second on the wire. */
  readonly bitrateBps: number
}

/** Names a layer. */
export interface LayerChoice {
  readonly spatial: number
  readonly temporal: number
}

/** What one consumer wants and could have. */
export interface AllocationRequest {
  readonly consumerId: string
  /** 1 to 255; higher is served first. */
  readonly priority: number
  /** Never above this. Absent: the highest there is. */
  readonly preferred?: LayerChoice
  /** In ascending order. Empty while the producer sends nothing. */
  readonly layers: readonly AvailableLayer[]
  /** What it gets now, if anything. */
  readonly current?: LayerChoice
  /** Takes its preferred layer before anybody else is served: audio, and what the viewer pinned. */
  readonly pinned?: boolean
}

/** Why a consumer got its layer. A closed set. */
export type AllocationReason =
  /** All that it asked for. */
  | 'preferred'
  /** The highest there is, which is less than it asked for. */
  | 'highestAvailable'
  /** The next layer would not fit the estimate. */
  | 'bandwidth'
  /** The next layer would fit, but not by enough to be sure that it still does in a moment. */
  | 'hysteresis'
  /** Not even the lowest layer fits. */
  | 'starved'
  /** There is nothing to send. */
  | 'noLayers'

/** What one consumer gets. */
export interface Allocation {
  readonly consumerId: string
  /** Absent: nothing. */
  readonly target: LayerChoice | undefined
  readonly bitrateBps: number
  readonly reason: AllocationReason
}

/** A layer above the current one must fit with this share of its rate to spare, so that noise in the estimate switches nothing. */
export const UPGRADE_RESERVE = 0.15

/**
 * Shares an estimate among a transport's consumers. Pure; docs/bandwidth.md tells its phases:
 * 1. pinned consumers get what they prefer, as far as it fits, in the order of priority;
 * 2. everybody gets the lowest layer, in the order of priority;
 * 3. in rounds, each in the order of priority gets one layer more while it fits, so that nobody gets two more before
 *    the others of the same priority had one; a higher priority is served to its end before a lower one begins.
 * @param availableBps bits per second that may be spent
 * @returns one entry per request, in the order of the requests
 */
export function allocateBitrate(requests: readonly AllocationRequest[], availableBps: number): Allocation[] {
  const shares = requests.map((request) => new Share(request))
  const byPriority = shares.toSorted((a, b) => b.request.priority - a.request.priority)
  let leftBps = availableBps
  for (const share of byPriority) {
    if (share.request.pinned === true) while (share.canGrow(leftBps)) leftBps -= share.grow()
  }
  for (const share of byPriority) {
    if (share.level < 0 && share.canGrow(leftBps)) leftBps -= share.grow()
  }
  for (let from = 0; from < byPriority.length; ) {
    const { priority } = byPriority[from]!.request
    const peers = byPriority.slice(from).filter(({ request }) => request.priority === priority)
    for (let grew = true; grew; ) {
      grew = false
      for (const share of peers) {
        if (share.level < 0 || !share.canGrow(leftBps)) continue
        leftBps -= share.grow()
        grew = true
      }
    }
    from += peers.length
  }
  return shares.map((share) => share.result(leftBps))
}

/** One consumer's part while it grows. */
class Share {
  readonly request: AllocationRequest
  /** Index of the layer that it has, -1 for none. */
  level = -1
  readonly #highest: number
  readonly #current: number

  constructor(request: AllocationRequest) {
    this.request = request
    const { layers, preferred, current } = request
    this.#highest = preferred === undefined ? layers.length - 1 : lastWithin(layers, preferred)
    this.#current = current === undefined ? -1 : lastWithin(layers, current)
  }

  canGrow(leftBps: number): boolean {
    return this.level < this.#highest && this.#costBps() + this.#reserveBps() <= leftBps
  }

  /** Takes the next layer. @returns what it costs more */
  grow(): number {
    const costBps = this.#costBps()
    this.level++
    return costBps
  }

  result(leftBps: number): Allocation {
    const layer = this.request.layers[this.level]
    return {
      consumerId: this.request.consumerId,
      target: layer === undefined ? undefined : { spatial: layer.spatial, temporal: layer.temporal },
      bitrateBps: layer?.bitrateBps ?? 0,
      reason: this.#reason(leftBps),
    }
  }

  #reason(leftBps: number): AllocationReason {
    const { layers, preferred } = this.request
    if (layers.length === 0) return 'noLayers'
    if (this.level < 0) return 'starved'
    if (this.level < this.#highest) return this.#costBps() <= leftBps ? 'hysteresis' : 'bandwidth'
    const top = layers[this.level]!
    if (preferred === undefined) return 'preferred'
    return top.spatial === preferred.spatial && top.temporal === preferred.temporal
      ? 'preferred'
      : 'highestAvailable'
  }

  #costBps(): number {
    const { layers } = this.request
    return (layers[this.level + 1]?.bitrateBps ?? 0) - (layers[this.level]?.bitrateBps ?? 0)
  }

  /** What one has is kept while it fits; only what is new must fit well. A first picture needs no reserve. */
  #reserveBps(): number {
    const next = this.level + 1
    const isNew = this.level >= 0 && next > this.#current
    return isNew ? UPGRADE_RESERVE * (this.request.layers[next]?.bitrateBps ?? 0) : 0
  }
}

/** Index of the highest layer that is not above `limit`; the lowest if all are, -1 if there are none. */
function lastWithin(layers: readonly AvailableLayer[], limit: LayerChoice): number {
  const index = layers.findLastIndex(
    ({ spatial, temporal }) =>
      spatial < limit.spatial || (spatial === limit.spatial && temporal <= limit.temporal),
  )
  return index < 0 ? Math.min(0, layers.length - 1) : index
}
