import { isRtxMimeType } from '@sangam/ortc'
import { PlanFlag, PlanWord } from '../packet-port/packet-port.ts'
import { Trace, type TracedPacket } from '../trace.ts'
import type { Consumer } from './consumer.ts'
import { RetransmissionGuard } from './retransmission-guard.ts'
import { FIRST_SEQUENCE_BELOW, NO_SINK } from './sinks.ts'

/** The original sequence number before an RTX payload (RFC 4588 section 4). */
const OSN_BYTES = 2
/** The most padding that a packet may have (RFC 3550 section 5.1). */
const PADDING_BYTES = 255

/**
 * The stream on which a consumer repeats packets (RFC 4588) and sends what probes the bandwidth. Where RTX was not negotiated
 * it sends nothing.
 */
export class RtxStream {
  /** `NO_SINK` where RTX was not negotiated. */
  readonly sink: number
  packetsRetransmitted = 0
  /** Of whole RTP packets: retransmissions, and probes of the bandwidth. */
  bytesSent = 0
  probationBytesSent = 0
  #nextSequence: number
  readonly #consumer: Consumer
  readonly #guard = new RetransmissionGuard()

  constructor(consumer: Consumer, sink: number) {
    this.#consumer = consumer
    this.sink = sink
    this.#nextSequence = consumer.transport.context.random(FIRST_SEQUENCE_BELOW) + 1
  }

  /** Whether to answer a request for an extended number now. */
  mayRepeat(outgoing: number, packetId: number, nowUs: number): boolean {
    const { transport, rttMs } = this.#consumer
    return (
      this.sink !== NO_SINK &&
      this.#guard.allows(outgoing, nowUs, rttMs) &&
      transport.takesRepair(this.#consumer.payloadBytes(packetId), nowUs)
    )
  }

  /**
   * Sends a packet again.
   * @param outgoing the number that the receiver knows it by
   * @param vp8Patch `PlanWord.vp8Patch`, or -1 where the payload stays as it is
   */
  repeat(packetId: number, outgoing: number, timestamp: number, marker: boolean, vp8Patch: number): void {
    const consumer = this.#consumer
    const flags = PlanFlag.rtx | (marker ? PlanFlag.marker : 0) | (vp8Patch < 0 ? 0 : PlanFlag.vp8Patch)
    this.#write(packetId, timestamp, flags, Math.max(0, vp8Patch), outgoing & 0xffff)
    this.packetsRetransmitted++
    this.bytesSent += consumer.headerBytes + OSN_BYTES + consumer.payloadBytes(packetId)
    if ((consumer.traced & Trace.rtp) !== 0)
      consumer.trace('rtp', 'out', { rtpPacket: this.#traced(packetId, timestamp, marker), isRtx: true })
  }

  /**
   * Sends something that a receiver ignores but acknowledges, to probe the path: a recent packet again, or padding where
   * there is none.
   * @param index which of the recent packets, 0 for the newest
   * @returns bytes of payload, 0 where RTX was not negotiated
   */
  probe(index: number): number {
    const { stream, place, usesTransportCc, headerBytes } = this.#consumer
    if (this.sink === NO_SINK || !usesTransportCc) return 0
    const row = stream === undefined || place < 0 ? -1 : stream.history.find(stream.highestForwarded - index)
    const isRtx = row >= 0 && stream !== undefined && stream.history.payloadLength(row) > PADDING_BYTES
    if (!isRtx) {
      this.#write(0, stream?.lastTimestamp ?? 0, PlanFlag.padding, 0, PADDING_BYTES)
      this.probationBytesSent += headerBytes + PADDING_BYTES
      return PADDING_BYTES
    }
    const { history } = stream
    const outgoing = stream.highestForwarded - index + stream.fanout.shift(this.#consumer)
    const flags = PlanFlag.rtx | (history.marker(row) === 0 ? 0 : PlanFlag.marker)
    this.#write(history.packetId(row), history.timestamp(row), flags, 0, outgoing & 0xffff)
    this.probationBytesSent += headerBytes + OSN_BYTES + history.payloadLength(row)
    return history.payloadLength(row)
  }

  /** Writes the stream's next packet. `vp8Patch` and `extra` are the plan's words of these names. */
  #write(packetId: number, timestamp: number, flags: number, vp8Patch: number, extra: number): void {
    const { transport, transportIndex } = this.#consumer
    const { plan, transportSequences } = transport.context
    const at = plan.reserve()
    const transportSequence = transportSequences[transportIndex] as number
    transportSequences[transportIndex] = transportSequence + 1
    plan.words[at + PlanWord.sink] = this.sink
    plan.words[at + PlanWord.packetId] = packetId
    plan.words[at + PlanWord.sequenceNumber] = this.#nextSequence++
    plan.words[at + PlanWord.timestamp] = timestamp
    plan.words[at + PlanWord.flags] = (transportSequence << 16) | flags
    plan.words[at + PlanWord.vp8Patch] = vp8Patch
    plan.words[at + PlanWord.extra] = extra
    plan.words[at + PlanWord.reserved] = 0
  }

  #traced(packetId: number, timestamp: number, marker: boolean): TracedPacket {
    const { rtpParameters, rtxSsrc, headerBytes } = this.#consumer
    const payloadSize = OSN_BYTES + this.#consumer.payloadBytes(packetId)
    return {
      payloadType: rtpParameters.codecs.find(({ mimeType }) => isRtxMimeType(mimeType))?.payloadType ?? 0,
      sequenceNumber: (this.#nextSequence - 1) & 0xffff,
      timestamp,
      marker,
      ssrc: rtxSsrc,
      isKeyFrame: false,
      size: headerBytes + payloadSize,
      payloadSize,
      spatialLayer: 0,
      temporalLayer: 0,
    }
  }
}
