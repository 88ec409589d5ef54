import type { RtpHeaderExtensionParameters } from '@sangam/ortc'
import { type HeaderExtensionLocator, HeaderExtensionUri } from '@sangam/rtp'

/** Slots of the locator: the header extensions that the engine reads from received packets. */
export const ExtensionSlot = {
  mid: 0,
  rid: 1,
  repairedRid: 2,
  absSendTime: 3,
  transportSequenceNumber: 4,
  audioLevel: 5,
  videoOrientation: 6,
  dependencyDescriptor: 7,
  absCaptureTime: 8,
  playoutDelay: 9,
} as const
export const EXTENSION_SLOTS = 10

const SLOT_BY_URI = new Map<string, number>(
  Object.entries(ExtensionSlot).flatMap(([name, slot]) => {
    const uri = HeaderExtensionUri[name as keyof typeof ExtensionSlot]
    return uri === undefined ? [] : [[uri, slot] as const]
  }),
)

/** Tells `locator` the local identifiers that an endpoint negotiated. */
export function registerExtensions(
  locator: HeaderExtensionLocator,
  extensions: readonly RtpHeaderExtensionParameters[],
): void {
  for (const { uri, id } of extensions) {
    const slot = SLOT_BY_URI.get(uri)
    if (slot !== undefined) locator.register(id, slot)
  }
}
