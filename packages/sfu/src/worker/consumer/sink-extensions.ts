import type { RtpParameters } from '@sangam/ortc'
import { HeaderExtensionUri } from '@sangam/rtp'
import type { SinkHeaderExtension } from '../packet-port/packet-port.ts'

const COPIED = ['audioLevel', 'videoOrientation', 'absCaptureTime', 'dependencyDescriptor'] as const

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
