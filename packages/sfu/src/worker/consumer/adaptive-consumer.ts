import type { ConsumerLayers } from '../../channel/messages.ts'
import type { AvailableLayer } from '../congestion/bitrate-allocation.ts'
import { type LayerDemand, NO_LAYERS } from '../congestion/layer-allocation.ts'
import { chooseLayers, type LayerGrant, type LayerPair } from '../layers/layer-choice.ts'
import { LayerForwarder, Verdict } from '../layers/layer-forwarder.ts'
import { LayeredPacket, readLayers } from '../layers/layered-packet.ts'
import {
  PlanFlag,
  PlanWord,
  RECORD_WORDS,
  RecordWord,
  RING_SLOTS,
  SLOT_BYTES,
} from '../packet-port/packet-port.ts'
import type { AdaptiveMember } from '../producer/adaptive-fanout.ts'
import type { Producer } from '../producer/producer.ts'
import type { ReceiveStream } from '../producer/receive-stream.ts'
import { TRACED_PACKETS } from '../trace.ts'
import type { Transport } from '../transport/transport.ts'
import { Consumer, type ConsumerOptions } from './consumer.ts'
import { deliverRewritten } from './direct-delivery.ts'
import { createLayerFilter } from './layer-filters.ts'

const NO_SINK = -1
/** In dumps: none. */
const NO_LAYER = -1
/** For packets that are looked at again when they are retransmitted. */
const again = new LayeredPacket()

/**
 * A consumer that does not get every packet of its producer: it chooses among the layers of simulcast and SVC, or leaves
 * out silence. What it gets bears continuous numbers and times.
 */
export class AdaptiveConsumer extends Consumer implements AdaptiveMember {
  readonly #forwarder: LayerForwarder
  #preferred: LayerPair
  #grant: LayerGrant = 'unlimited'
  #told: ConsumerLayers | undefined

  constructor(transport: Transport, producer: Producer, options: ConsumerOptions) {
    super(transport, producer, options)
    this.#forwarder = new LayerForwarder(
      createLayerFilter(producer, options.ignoreDtx),
      this.clockRate,
      this.nextSequence,
    )
    this.#preferred = this.#clamped(options.preferredLayers)
    this.stream = undefined
  }

  override get isSending(): boolean {
    return this.#forwarder.current >= 0
  }

  override get timestampShift(): number {
    return this.#forwarder.timestampShift
  }

  override get preferredLayers(): ConsumerLayers | undefined {
    return this.type === 'simple' ? undefined : this.#preferred
  }

  /** The layers that it gets now; undefined while it gets none. */
  override get currentLayers(): ConsumerLayers | undefined {
    return this.#told
  }

  /** Limits what it gets; layers that the producer lacks mean its highest ones. */
  override setPreferredLayers(layers: ConsumerLayers): ConsumerLayers | undefined {
    this.#preferred = this.#clamped(layers)
    this.update()
    return this.preferredLayers
  }

  override layerDemand(): LayerDemand {
    if (this.type === 'simple') return NO_LAYERS
    const { spatialLayer, temporalLayer } = this.#preferred
    return {
      layers: liveLayers(this.producer),
      preferred: { spatial: spatialLayer, temporal: temporalLayer },
    }
  }

  /** What an allocator of bandwidth grants it, beside what it prefers. */
  override setTargetLayers(grant: LayerGrant): void {
    if (isSameGrant(this.#grant, grant)) return
    this.#grant = grant
    this.update()
  }

  override update(): void {
    const layers = this.wanted
      ? chooseLayers(this.producer.offeredLayers(), this.#preferred, this.#grant)
      : undefined
    const target = layers === undefined ? undefined : this.producer.streamOfLayer(layers.spatialLayer)
    if (layers === undefined || target === undefined) {
      // While nothing is live whatever comes first shall find it here, unless it is not to get anything.
      if (!this.wanted || this.#grant === 'none') this.leave()
      return
    }
    this.#forwarder.aim(target.index, layers.spatialLayer, layers.temporalLayer)
    for (const stream of this.producer.streams) {
      if (stream === target || stream.index === this.#forwarder.current) stream.adaptive.join(this)
      else stream.adaptive.leave(this)
    }
    this.stream ??= target
    this.#askForKeyFrame()
    this.#tellLayers()
  }

  override streamAppeared(): void {
    this.update()
  }

  override layersOffered(): void {
    this.update()
  }

  offer(stream: ReceiveStream, packet: LayeredPacket): void {
    const forwarder = this.#forwarder
    const before = forwarder.current
    const verdict = forwarder.offer(stream, packet)
    if (forwarder.current !== before) this.#switched(stream)
    const told = this.#told
    if (told?.temporalLayer !== forwarder.temporalLayer || told.spatialLayer !== this.#spatialLayer)
      this.#tellLayers()
    if (verdict === Verdict.drop) return
    if ((this.traced & TRACED_PACKETS) !== 0 && verdict === Verdict.forward)
      this.#traceOffered(stream, packet)
    if (this.transport.session < 0) {
      if (verdict === Verdict.forward) this.#deliver(stream, packet)
      return
    }
    const sink = packet.otherPayloadType < 0 ? this.sink : this.sinkOf(packet.otherPayloadType)
    if (sink === NO_SINK) return
    const isPadding = verdict === Verdict.fill
    this.#write(sink, packet.packetId, isPadding)
    if (isPadding) return
    this.packetsSent++
    this.bytesSent += packet.payloadLength
  }

  override dump(): Readonly<Record<string, unknown>> {
    if (this.type === 'simple') return super.dump()
    const current = this.#told
    const granted = typeof this.#grant === 'string' ? this.#preferred : this.#grant
    const isAiming = this.#grant !== 'none' && this.#forwarder.target >= 0
    return {
      ...super.dump(),
      preferredSpatialLayer: this.#preferred.spatialLayer,
      targetSpatialLayer: isAiming ? granted.spatialLayer : NO_LAYER,
      currentSpatialLayer: current?.spatialLayer ?? NO_LAYER,
      preferredTemporalLayer: this.#preferred.temporalLayer,
      targetTemporalLayer: isAiming ? granted.temporalLayer : NO_LAYER,
      currentTemporalLayer: current?.temporalLayer ?? NO_LAYER,
    }
  }

  /** It looks at each packet anyway: it needs no list that shows them to it. */
  protected override updateTracing(): void {}

  override requestKeyFrame(): void {
    if (!this.wanted) return
    // Whichever comes first helps: the stream that it has, or the one that it waits for.
    this.#requestKeyFrameOf(this.#forwarder.current)
    if (this.#forwarder.target !== this.#forwarder.current) this.#requestKeyFrameOf(this.#forwarder.target)
  }

  override retransmit(sequenceNumber: number, nowUs: number): boolean {
    const forwarder = this.#forwarder
    const incoming = forwarder.find(sequenceNumber)
    const stream = incoming < 0 ? undefined : this.producer.streams[forwarder.foundSource]
    const row = stream?.history.find(incoming) ?? -1
    if (stream === undefined || row < 0) return false
    const packetId = stream.history.packetId(row)
    if (!this.rtx.mayRepeat(forwarder.outgoing, packetId, nowUs)) return false
    again.reset()
    again.timestamp = stream.history.timestamp(row)
    this.#lookAgain(stream, packetId)
    forwarder.rewriteFound(again)
    this.rtx.repeat(packetId, forwarder.outgoing, forwarder.timestamp, forwarder.marker, forwarder.vp8Patch)
    return true
  }

  override sample(elapsedMs: number): void {
    super.sample(elapsedMs)
    // A request may have been lost, or a sender may have ignored it.
    this.#askForKeyFrame()
  }

  protected override leave(): void {
    this.#forwarder.stop()
    for (const stream of this.producer.streams) stream.adaptive.leave(this)
    this.#tellLayers()
  }

  get #spatialLayer(): number {
    const { current } = this.#forwarder
    if (this.type !== 'simulcast') return this.#forwarder.spatialLayer
    return this.producer.streams[current]?.encodingIndex ?? 0
  }

  #traceOffered(stream: ReceiveStream, packet: LayeredPacket): void {
    const isMain = packet.otherPayloadType < 0
    this.tracePacket(
      {
        payloadType: isMain ? stream.codec.mappedPayloadType : packet.otherPayloadType,
        sequence: packet.sequence,
        timestamp: packet.timestamp,
        marker: this.#forwarder.marker,
        isKeyFrame: packet.keyFrame,
        payloadBytes: packet.payloadLength,
        spatialLayer: this.#spatialLayer,
        temporalLayer: packet.temporalLayer,
      },
      this.#forwarder.outgoing,
      this.#forwarder.timestamp,
    )
  }

  #askForKeyFrame(): void {
    if (this.kind !== 'video' || !this.wanted || !this.#forwarder.needsKeyFrame) return
    this.#requestKeyFrameOf(this.#forwarder.target)
  }

  #requestKeyFrameOf(streamIndex: number): void {
    const stream = this.producer.streams[streamIndex]
    if (stream !== undefined) this.producer.transport.requestKeyFrame(stream)
  }

  #switched(stream: ReceiveStream): void {
    this.stream = stream
    for (const other of this.producer.streams) if (other !== stream) other.adaptive.leave(this)
    this.transport.context.emit('consumer.score', this.id, { score: this.currentScore() })
  }

  #tellLayers(): void {
    if (this.type === 'simple') return
    const spatialLayer = this.#spatialLayer
    const { temporalLayer } = this.#forwarder
    const layers = this.isSending ? { spatialLayer, temporalLayer } : undefined
    if (
      layers?.spatialLayer === this.#told?.spatialLayer &&
      layers?.temporalLayer === this.#told?.temporalLayer
    )
      return
    this.#told = layers
    this.transport.context.emit('consumer.layers', this.id, { layers })
  }

  #write(sink: number, packetId: number, isPadding: boolean): void {
    const { plan, transportSequences } = this.transport.context
    const forwarder = this.#forwarder
    const at = plan.reserve()
    const { words } = plan
    const transportSequence = transportSequences[this.transportIndex] as number
    transportSequences[this.transportIndex] = transportSequence + 1
    const patch = forwarder.vp8Patch
    const flags = isPadding
      ? PlanFlag.padding
      : (forwarder.marker ? PlanFlag.marker : 0) | (patch < 0 ? 0 : PlanFlag.vp8Patch)
    words[at + PlanWord.sink] = sink
    words[at + PlanWord.packetId] = packetId
    words[at + PlanWord.sequenceNumber] = forwarder.outgoing
    words[at + PlanWord.timestamp] = forwarder.timestamp
    words[at + PlanWord.flags] = (transportSequence << 16) | flags
    words[at + PlanWord.vp8Patch] = Math.max(0, patch)
    words[at + PlanWord.extra] = isPadding ? 1 : 0
    words[at + PlanWord.reserved] = 0
  }

  /** Reads the layers of a packet that is still in the ring; the packet port skips one that no longer is. */
  #lookAgain(stream: ReceiveStream, packetId: number): void {
    const { memory, records } = this.transport.context.port
    const slot = packetId & (RING_SLOTS - 1)
    const record = slot * RECORD_WORDS
    const start = slot * SLOT_BYTES + (records[record + RecordWord.payloadOffset] as number)
    const length = records[record + RecordWord.payloadLength] as number
    if (stream.layers?.format === 'vp8') readLayers('vp8', memory, start, length, 0, 0, undefined, again)
  }

  #deliver(stream: ReceiveStream, packet: LayeredPacket): void {
    const { memory, records } = this.transport.context.port
    const slot = packet.packetId & (RING_SLOTS - 1)
    const offset = slot * SLOT_BYTES + (records[slot * RECORD_WORDS + RecordWord.payloadOffset] as number)
    const { outgoing, timestamp, marker, vp8Patch } = this.#forwarder
    const payloadType = packet.otherPayloadType < 0 ? stream.codec.mappedPayloadType : packet.otherPayloadType
    const payload = memory.slice(offset, offset + packet.payloadLength)
    deliverRewritten(this, { payloadType, sequenceNumber: outgoing, timestamp, marker, payload }, vp8Patch)
  }

  #clamped(layers: ConsumerLayers | undefined): LayerPair {
    const offered = this.producer.offeredLayers()
    const highest = Math.max(0, offered.length - 1)
    const spatialLayer = Math.min(layers?.spatialLayer ?? highest, highest)
    const highestTemporal = (offered[spatialLayer]?.temporalLayers ?? 1) - 1
    return {
      spatialLayer,
      temporalLayer: Math.min(layers?.temporalLayer ?? highestTemporal, highestTemporal),
    }
  }
}

/** What a producer sends now, lowest first, and what each quality costs. */
function liveLayers(producer: Producer): AvailableLayer[] {
  return producer.offeredLayers().flatMap(({ isLive, temporalLayers }, spatial) => {
    const reception = producer.streamOfLayer(spatial)?.layers
    if (!isLive || reception === undefined) return []
    // In simulcast each spatial layer is a stream of its own, with one in it.
    const withinStream = reception.spatialLayers === 1 ? 0 : spatial
    const layers: AvailableLayer[] = []
    for (let temporal = 0; temporal < temporalLayers; temporal++) {
      const bitrateBps = reception.bitrateBps(withinStream, temporal)
      // A rate is known after a second; until then nothing is refused for what it might cost.
      if (bitrateBps > 0) layers.push({ spatial, temporal, bitrateBps })
    }
    return layers
  })
}

function isSameGrant(a: LayerGrant, b: LayerGrant): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  return a.spatialLayer === b.spatialLayer && a.temporalLayer === b.temporalLayer
}
