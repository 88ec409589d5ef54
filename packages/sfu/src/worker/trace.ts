/** What can be traced of producers and consumers, as bits of a mask: an entity that traces nothing costs a comparison with 0. */
export const Trace = { rtp: 1, keyframe: 2, nack: 4, pli: 8, fir: 16, sr: 32 } as const

/** The events that come with packets. */
export const TRACED_PACKETS = Trace.rtp | Trace.keyframe

/** What can be traced of transports. */
export const TransportTrace = { probation: 1, bwe: 2 } as const

/** Names one of them. */
export type TransportTraceType = keyof typeof TransportTrace

/** The mask of these of the kinds' names; names that are none count for nothing. */
export function traceMask(types: readonly string[], kinds: Readonly<Record<string, number>> = Trace): number {
  let mask = 0
  for (const type of types) if (Object.hasOwn(kinds, type)) mask |= kinds[type] as number
  return mask
}

/** The names of the kinds in a mask. */
export function tracedTypes(mask: number, kinds: Readonly<Record<string, number>> = Trace): string[] {
  return Object.entries(kinds).flatMap(([type, bit]) => ((mask & bit) === 0 ? [] : [type]))
}

/** One RTP packet, as trace events of types `rtp` and `keyframe` tell it. */
export interface TracedPacket {
  readonly payloadType: number
  readonly sequenceNumber: number
  readonly timestamp: number
  readonly marker: boolean
  readonly ssrc: number
  readonly isKeyFrame: boolean
  /** Bytes, with the RTP header and without SRTP's tag. */
  readonly size: number
  readonly payloadSize: number
  readonly spatialLayer: number
  readonly temporalLayer: number
  readonly mid?: string
  readonly rid?: string
  readonly rrid?: string
  readonly wideSequenceNumber?: number
}

type EmitTrace = (type: 'rtp' | 'keyframe', info: Readonly<Record<string, unknown>>) => void

/** Emits what `mask` asks to be told of a packet: `keyframe` of those that start one, `rtp` of each. */
export function tracePacket(mask: number, packet: TracedPacket, isRtx: boolean, emit: EmitTrace): void {
  if ((mask & Trace.keyframe) !== 0 && packet.isKeyFrame) emit('keyframe', { rtpPacket: packet, isRtx })
  if ((mask & Trace.rtp) !== 0) emit('rtp', { rtpPacket: packet, isRtx })
}

/** A packet of a received stream, about to go out. */
export interface ForwardedPacket {
  readonly payloadType: number
  /** Extended sequence number as received. */
  readonly sequence: number
  readonly timestamp: number
  readonly marker: boolean
  readonly isKeyFrame: boolean
  readonly payloadBytes: number
  readonly spatialLayer: number
  readonly temporalLayer: number
}
