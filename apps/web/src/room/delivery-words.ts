import type { Delivery } from '@sangam/client'

/**
 * Why a picture stands still, for the person who misses it. Undefined: nothing to tell; it is on its way, or nobody
 * looks at it.
 */
export function deliveryWords(delivery: Delivery | undefined): string | undefined {
  if (delivery === undefined || delivery.forwarded) return undefined
  switch (delivery.reason) {
    case 'lastN':
      return 'Paused: others spoke'
    case 'bandwidth':
      return 'Paused: weak network'
    case 'distress':
      return 'Sound only: weak network'
    case 'audioOnly':
      return 'Sound only'
    default:
      return undefined
  }
}

/** Whether the network is to blame. */
export function isShortOfNetwork(delivery: Delivery | undefined): boolean {
  return delivery?.forwarded === false && (delivery.reason === 'bandwidth' || delivery.reason === 'distress')
}
