import type { RtpParameters } from '@sangam/ortc'
import { HeaderExtensionUri } from '@sangam/rtp'
import type { SinkHeaderExtension } from '../packet-port/packet-port.ts'

const COPIED = [
  'audioLevel',
  'videoOrientation',
  'absCaptureTime',
  'dependencyDescriptor',
  'playoutDelay',
] as const

/** The header extensions that a consumer's packets carry, in the order in which they stand on the wire. */
export function sinkExtensions(parameters: RtpParameters): SinkHeaderExtension[] {
  const idOf = (uri: string): number | undefined =>
    parameters.headerExtensions?.find((e) => e.uri === uri)?.id
  const extensions: SinkHeaderExtension[] = []
  const mid = idOf(HeaderExtensionUri.mid)
  if (mid !== undefined && parameters.mid !== undefined) {
    extensions.push({ type: 'mid', id: mid, value: parameters.mid })
  }
  const absSendTime = idOf(HeaderExtensionUri.absSendTime)
  if (absSendTime !== undefined) extensions.push({ type: 'absSendTime', id: absSendTime })
  const sequence = idOf(HeaderExtensionUri.transportSequenceNumber)
  if (sequence !== undefined) extensions.push({ type: 'transportSequenceNumber', id: sequence })
  for (const type of COPIED) {
    const id = idOf(HeaderExtensionUri[type])
    if (id !== undefined) extensions.push({ type, id })
  }
  return extensions
}

/** Bytes of data by type, where they are always the same (native/header_template.cc reserves as much). */
const DATA_BYTES: Readonly<Record<SinkHeaderExtension['type'], number>> = {
  mid: 0,
  absSendTime: 3,
  transportSequenceNumber: 2,
  audioLevel: 1,
  videoOrientation: 1,
  dependencyDescriptor: 0,
  absCaptureTime: 0,
  playoutDelay: 0,
}
const PROFILE_BYTES = 4
const MAX_ONE_BYTE_ID = 14
const MAX_ONE_BYTE_DATA = 16

/** In few packets, or of varying length. */
const OCCASIONAL: readonly SinkHeaderExtension['type'][] = [
  'dependencyDescriptor',
  'absCaptureTime',
  'playoutDelay',
]

/** What these extensions add to each packet's header (RFC 8285), without those that are in few packets. */
export function extensionBlockBytes(extensions: readonly SinkHeaderExtension[]): number {
  const dataBytes = (extension: SinkHeaderExtension): number =>
    extension.type === 'mid' ? (extension.value?.length ?? 0) : DATA_BYTES[extension.type]
  const isTwoByte = extensions.some((e) => e.id > MAX_ONE_BYTE_ID || dataBytes(e) > MAX_ONE_BYTE_DATA)
  const fixed = extensions.filter(({ type }) => !OCCASIONAL.includes(type))
  if (fixed.length === 0) return 0
  const bytes = fixed.reduce((sum, e) => sum + (isTwoByte ? 2 : 1) + dataBytes(e), PROFILE_BYTES)
  return (bytes + 3) & ~3
}
