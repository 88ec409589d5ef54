import {
  isOpusDtx,
  parseRtpPacket,
  RtpHeader,
  readTextExtension,
  readTransportSequenceNumber,
  readUint16,
} from '@sangam/rtp'
import { deliverDirectly } from './consumer/direct-delivery.ts'
import type { WorkerContext } from './context.ts'
import { ExtensionSlot } from './header-extension-slots.ts'
import { LayeredPacket, readLayers } from './layers/layered-packet.ts'
import type { LevelMeter } from './observer/level-meter.ts'
import {
  type PacketBatch,
  PacketKind,
  PlanFlag,
  RECORD_WORDS,
  RecordWord,
  RING_SLOTS,
} from './packet-port/packet-port.ts'
import type { ProducerCodec } from './producer/codecs.ts'
import type { ReceiveStream } from './producer/receive-stream.ts'
import { RtcpPath } from './rtcp/rtcp-path.ts'
import type { StunPath } from './stun-path.ts'
import { TRACED_PACKETS, tracePacket } from './trace.ts'
import type { Transport } from './transport/transport.ts'

/** Bytes of the original sequence number before an RTX payload (RFC 4588 section 4). */
const OSN_BYTES = 2
/** -dBov of silence in RFC 6464. */
const SILENCE_LEVEL = 127

/** Why the engine dropped packets that the packet port let through. */
export interface PathCounters {
  malformedRtp: number
  unknownSsrc: number
  unknownPayloadType: number
  duplicate: number
  badSequence: number
}

/**
 * The way of a packet through the engine, top to bottom: from the packet port's batch to entries of the send plan. It
 * allocates nothing per packet, and nothing per receiver.
 */
export class PacketPath {
  readonly counters: PathCounters = {
    malformedRtp: 0,
    unknownSsrc: 0,
    unknownPayloadType: 0,
    duplicate: 0,
    badSequence: 0,
  }
  /** Transports by the packet port's session. */
  readonly transportsBySession = new Map<number, Transport>()
  readonly #context: WorkerContext
  readonly #stun: StunPath
  readonly #rtcp: RtcpPath
  readonly #header = new RtpHeader()
  readonly #layered = new LayeredPacket()
  /** Streams that had a gap in this batch: asked for at its end, when the batch itself may have closed it. */
  readonly #gaps = new Set<ReceiveStream>()

  constructor(context: WorkerContext, stun: StunPath) {
    this.#context = context
    this.#stun = stun
    this.#rtcp = new RtcpPath(context)
  }

  /** Handles one batch and sends everything that follows from it. */
  handleBatch(batch: PacketBatch, count: number): void {
    const { memory } = this.#context.port
    for (let row = 0; row < count; row++) {
      const offset = batch.offset[row] as number
      const length = batch.length[row] as number
      const kind = batch.kind[row]
      if (kind === PacketKind.rtp) {
        const transport = this.transportsBySession.get(batch.session[row] as number)
        if (transport === undefined) continue
        this.handleRtp(
          transport,
          memory,
          offset,
          length,
          batch.packetId[row] as number,
          batch.arrivalUs[row] as number,
        )
      } else if (kind === PacketKind.rtcp) {
        const transport = this.transportsBySession.get(batch.session[row] as number)
        if (transport !== undefined) this.#rtcp.handle(transport, memory, offset, length)
      } else if (kind === PacketKind.stun) {
        this.#stun.handle(memory, offset, length, batch.address, row)
      } else if (kind === PacketKind.applicationData) {
        this.transportsBySession.get(batch.session[row] as number)?.sctp?.receive(memory, offset, length)
      }
    }
    this.#askForGaps()
    this.#context.plan.flush()
  }

  /** RTCP that did not come over the network (DirectTransport). */
  handleRtcp(transport: Transport, bytes: Uint8Array): void {
    this.#rtcp.handle(transport, bytes, 0, bytes.length)
    this.#context.plan.flush()
  }

  /** One RTP packet whose bytes are in the packet ring. */
  handleRtp(
    transport: Transport,
    memory: Uint8Array,
    offset: number,
    length: number,
    packetId: number,
    arrivalUs: number,
  ): void {
    const header = this.#header
    if (!parseRtpPacket(memory, offset, length, header)) {
      this.counters.malformedRtp++
      return
    }
    const stream = transport.streams.get(header.ssrc | 0) ?? transport.identify(memory, header)
    if (stream === undefined) {
      this.counters.unknownSsrc++
      return
    }
    const { producer } = stream
    const { locator } = producer
    locator.locate(memory, header)
    const sequenceOffset = locator.offsets[ExtensionSlot.transportSequenceNumber] as number
    if (sequenceOffset !== 0) {
      transport.feedback.received(readTransportSequenceNumber(memory, sequenceOffset), arrivalUs, header.ssrc)
    }
    const codec = producer.codec(header.payloadType)
    if (codec === undefined) {
      this.counters.unknownPayloadType++
      return
    }
    if (codec.aptPayloadType >= 0) {
      transport.rtxBytesReceived += length
      this.#receiveRepair(stream, codec, memory, offset, packetId, arrivalUs)
      return
    }
    transport.rtpBytesReceived += length
    const sequence = stream.reception.received(header.sequenceNumber)
    if (sequence < 0) {
      this.counters.badSequence++
      stream.packetsDiscarded++
      return
    }
    stream.reception.arrived(header.timestamp, arrivalUs)
    stream.bytesReceived += length
    this.#accept(
      stream,
      codec,
      sequence,
      memory,
      offset,
      header.payloadOffset,
      header.payloadLength,
      packetId,
      arrivalUs,
    )
  }

  /** An RTX packet: the packet that it repairs, with its original number before the payload (RFC 4588 section 4). */
  #receiveRepair(
    stream: ReceiveStream,
    rtx: ProducerCodec,
    memory: Uint8Array,
    offset: number,
    packetId: number,
    arrivalUs: number,
  ): void {
    const header = this.#header
    const codec = stream.producer.codec(rtx.aptPayloadType)
    if (header.ssrc === stream.ssrc || codec === undefined) return
    stream.countRepairPacket(header.sequenceNumber)
    // Padding without a payload is a probe of the sender's bandwidth estimation.
    if (header.payloadLength < OSN_BYTES) {
      stream.rtxPacketsDiscarded++
      return
    }
    const original = readUint16(memory, header.payloadOffset)
    const sequence = stream.reception.repaired(original)
    if (sequence < 0) {
      stream.rtxPacketsDiscarded++
      return
    }
    const payloadOffset = header.payloadOffset + OSN_BYTES
    const payloadLength = header.payloadLength - OSN_BYTES
    if (!stream.history.has(sequence)) {
      stream.packetsRepaired++
      stream.reception.packets++
    }
    this.#accept(stream, codec, sequence, memory, offset, payloadOffset, payloadLength, packetId, arrivalUs)
  }

  /** A packet of the stream, received or repaired, with its extended number: remembers it and forwards it. */
  #accept(
    stream: ReceiveStream,
    codec: ProducerCodec,
    sequence: number,
    memory: Uint8Array,
    offset: number,
    payloadOffset: number,
    payloadLength: number,
    packetId: number,
    arrivalUs: number,
  ): void {
    const header = this.#header
    if (stream.history.has(sequence)) {
      this.counters.duplicate++
      if (header.ssrc === stream.ssrc) stream.packetsDiscarded++
      else stream.rtxPacketsDiscarded++
      return
    }
    const marker = header.marker ? 1 : 0
    this.#writeRecord(stream, offset, payloadOffset, payloadLength, packetId)
    stream.history.add(sequence, packetId, header.timestamp, marker, header.payloadType, payloadLength)
    this.#lookAtLayers(stream, codec, sequence, memory, payloadOffset, payloadLength, packetId, arrivalUs)
    const isKeyFrame = codec.isKeyFrame !== undefined && this.#layered.keyFrame
    if (isKeyFrame) stream.keyFrames?.received()
    if ((stream.producer.traced & TRACED_PACKETS) !== 0)
      this.#traceReceived(stream, memory, offset, isKeyFrame, payloadLength)
    this.#noteGap(stream, sequence, isKeyFrame)
    if (sequence >= stream.reception.highest) {
      stream.lastPacketUs = arrivalUs
      stream.lastTimestamp = header.timestamp
    }
    if (stream.producer.paused) return
    this.#noteOrientation(stream, memory)
    if (stream.levelMeters.length > 0) this.#meterLevel(stream, memory, payloadLength)
    this.#forward(stream, codec, sequence, packetId, marker, payloadLength, isKeyFrame)
    if (stream.adaptive.count > 0) stream.adaptive.forward(stream, this.#layered)
    if (stream.taps.size > 0) {
      deliverDirectly(
        stream,
        codec,
        sequence,
        header.timestamp,
        marker,
        isKeyFrame,
        memory,
        payloadOffset,
        payloadLength,
      )
    }
    if (stream.tracing.size > 0) this.#traceForwarded(stream, codec, sequence, isKeyFrame, payloadLength)
  }

  /** Whether it is a key frame; and, for those who choose among layers, which layer it is of. */
  #lookAtLayers(
    stream: ReceiveStream,
    codec: ProducerCodec,
    sequence: number,
    memory: Uint8Array,
    payloadOffset: number,
    payloadLength: number,
    packetId: number,
    arrivalUs: number,
  ): void {
    const packet = this.#layered
    const { layers } = stream
    packet.reset()
    packet.packetId = packetId
    packet.sequence = sequence
    packet.timestamp = this.#header.timestamp
    packet.marker = this.#header.marker
    packet.arrivalUs = arrivalUs
    packet.payloadLength = payloadLength
    packet.otherPayloadType = codec === stream.codec ? -1 : codec.mappedPayloadType
    if (layers === undefined) {
      // Where there are no key frames any packet will do to start with.
      packet.keyFrame = codec.isKeyFrame?.(memory, payloadOffset, payloadLength) ?? true
      packet.discontinuous = isOpusDtx(payloadLength) && packet.otherPayloadType < 0
      return
    }
    const { offsets, lengths } = stream.producer.locator
    const slot = ExtensionSlot.dependencyDescriptor
    const at = offsets[slot] as number
    const descriptorLength = lengths[slot] as number
    const { format, structure } = layers
    readLayers(format, memory, payloadOffset, payloadLength, at, descriptorLength, structure, packet)
    if (format === 'none') packet.keyFrame = codec.isKeyFrame?.(memory, payloadOffset, payloadLength) ?? false
    if (layers.received(packet)) stream.producer.layersChanged()
  }

  #forward(
    stream: ReceiveStream,
    codec: ProducerCodec,
    sequence: number,
    packetId: number,
    marker: number,
    payloadLength: number,
    isKeyFrame: boolean,
  ): void {
    const { fanout } = stream
    const isLate = sequence <= stream.highestForwarded
    if (!isLate) stream.highestForwarded = sequence
    if (fanout.hasWaiting && !isLate && (isKeyFrame || codec.isKeyFrame === undefined))
      fanout.admitWaiting(sequence)
    if (fanout.count === 0) return
    const flag = marker === 0 ? 0 : PlanFlag.marker
    const { timestamp } = this.#header
    // Another codec than the stream's own (DTMF, comfort noise) leaves under a payload type of its own.
    const otherPayloadType = codec === stream.codec ? -1 : codec.mappedPayloadType
    fanout.forward(
      this.#context.plan,
      packetId,
      sequence,
      isLate,
      timestamp,
      flag,
      payloadLength,
      otherPayloadType,
    )
  }

  #writeRecord(
    stream: ReceiveStream,
    offset: number,
    payloadOffset: number,
    payloadLength: number,
    packetId: number,
  ): void {
    const { records } = this.#context.port
    const { offsets, lengths } = stream.producer.locator
    const at = (packetId & (RING_SLOTS - 1)) * RECORD_WORDS
    records[at + RecordWord.payloadOffset] = payloadOffset - offset
    records[at + RecordWord.payloadLength] = payloadLength
    records[at + RecordWord.audioLevelOffset] = relative(offsets[ExtensionSlot.audioLevel] as number, offset)
    records[at + RecordWord.videoOrientationOffset] = relative(
      offsets[ExtensionSlot.videoOrientation] as number,
      offset,
    )
    records[at + RecordWord.dependencyDescriptorOffset] = relative(
      offsets[ExtensionSlot.dependencyDescriptor] as number,
      offset,
    )
    records[at + RecordWord.dependencyDescriptorLength] = lengths[
      ExtensionSlot.dependencyDescriptor
    ] as number
    records[at + RecordWord.absCaptureTimeOffset] = relative(
      offsets[ExtensionSlot.absCaptureTime] as number,
      offset,
    )
    records[at + RecordWord.absCaptureTimeLength] = lengths[ExtensionSlot.absCaptureTime] as number
    records[at + RecordWord.playoutDelayOffset] = relative(
      offsets[ExtensionSlot.playoutDelay] as number,
      offset,
    )
  }

  /** The level that the sender measured (RFC 6464: the lower seven bits, -dBov). Silence can't be loud, whatever is said. */
  #meterLevel(stream: ReceiveStream, memory: Uint8Array, payloadLength: number): void {
    const at = stream.producer.locator.offsets[ExtensionSlot.audioLevel] as number
    if (at === 0) return
    const level = isOpusDtx(payloadLength) ? SILENCE_LEVEL : (memory[at] as number) & 0x7f
    for (let i = 0; i < stream.levelMeters.length; i++) (stream.levelMeters[i] as LevelMeter).add(level)
  }

  /** A turned camera; the value comes with key frames and changes only. */
  #noteOrientation(stream: ReceiveStream, memory: Uint8Array): void {
    const { producer } = stream
    const at = producer.locator.offsets[ExtensionSlot.videoOrientation] as number
    if (at !== 0 && memory[at] !== producer.orientation) producer.orientationChanged(memory, at)
  }

  #traceReceived(
    stream: ReceiveStream,
    memory: Uint8Array,
    offset: number,
    isKeyFrame: boolean,
    payloadLength: number,
  ): void {
    const header = this.#header
    const { producer } = stream
    const { offsets, lengths } = producer.locator
    const text = (name: string, slot: number): Record<string, string> => {
      const at = offsets[slot] as number
      return at === 0 ? {} : { [name]: readTextExtension(memory, at, lengths[slot] as number) }
    }
    const wideAt = offsets[ExtensionSlot.transportSequenceNumber] as number
    tracePacket(
      producer.traced,
      {
        payloadType: header.payloadType,
        sequenceNumber: header.sequenceNumber,
        timestamp: header.timestamp,
        marker: header.marker,
        ssrc: header.ssrc,
        isKeyFrame,
        size: header.payloadOffset - offset + header.payloadLength + header.paddingLength,
        payloadSize: payloadLength,
        spatialLayer: this.#layered.spatialLayer,
        temporalLayer: this.#layered.temporalLayer,
        ...text('mid', ExtensionSlot.mid),
        ...text('rid', ExtensionSlot.rid),
        ...text('rrid', ExtensionSlot.repairedRid),
        ...(wideAt === 0 ? {} : { wideSequenceNumber: readTransportSequenceNumber(memory, wideAt) }),
      },
      header.ssrc !== stream.ssrc,
      (type, info) => producer.trace(type, 'in', info),
    )
  }

  #traceForwarded(
    stream: ReceiveStream,
    codec: ProducerCodec,
    sequence: number,
    isKeyFrame: boolean,
    payloadBytes: number,
  ): void {
    const { timestamp, marker } = this.#header
    const { spatialLayer, temporalLayer } = this.#layered
    const packet = { sequence, timestamp, marker, isKeyFrame, payloadBytes, spatialLayer, temporalLayer }
    for (const consumer of stream.tracing)
      consumer.traceForwarded({ ...packet, payloadType: codec.mappedPayloadType })
  }

  #noteGap(stream: ReceiveStream, sequence: number, isKeyFrame: boolean): void {
    const { nack } = stream
    if (nack === undefined) return
    const bearable = nack.received(sequence, isKeyFrame)
    if (!bearable) stream.producer.transport.requestKeyFrame(stream)
    if (nack.missing > 0) this.#gaps.add(stream)
  }

  #askForGaps(): void {
    if (this.#gaps.size === 0) return
    const nowMs = this.#context.nowUs() / 1000
    for (const stream of this.#gaps) stream.producer.transport.sendNacks(stream, nowMs)
    this.#gaps.clear()
  }
}

/** An element's place in its packet, 0 where the packet lacks it. */
function relative(absolute: number, packetOffset: number): number {
  return absolute === 0 ? 0 : absolute - packetOffset
}
