import type { StreamReason } from '@sangam/protocol'
import * as z from 'zod'
import type { EngineTransport } from './engine.ts'
import type { Forwardable, StreamDecision } from './forwarded-stream.ts'
import { type Distress, dueAtMs, nextDistress, noDistress, withPicture } from './forwarding/distress.ts'
import { lowersAtMs, nextWantedLayer, nobody, untold, type WantedLayer } from './forwarding/layers-wanted.ts'
import { RecentSpeakers } from './forwarding/recent-speakers.ts'
import { selectVideos, type VideoStream } from './forwarding/video-selection.ts'
import { decideVoice } from './forwarding/voice-states.ts'
import { PlaceVoices } from './place-voices.ts'
import type { Receiver, Receivers } from './receivers.ts'
import type { RoomPlace } from './room-routers.ts'

/** What a room's forwarding needs. */
export type RoomForwardingOptions = {
  readonly receivers: () => Receivers
  /** All that is published, in the order of publication. */
  readonly streams: () => readonly Forwardable[]
  readonly now: () => number
  /** Most voices, and most videos, that a receiver gets at a time. */
  readonly maxVoices: number
  readonly maxVideos: number
  /** The highest layer of a stream that anybody wants changed; -1: nobody wants any of it. */
  readonly onLayersWanted: (participantId: string, producerId: string, spatialLayer: number) => void
}

/** `trace` of a transport, type `bwe`: what the peer's network carries, bits per second. */
const estimateSchema = z.object({ type: z.literal('bwe'), info: z.object({ availableBitrate: z.number() }) })

/**
 * The shell around a room's forwarding decisions (docs/forwarding.md): gathers what they go by, asks for them when something
 * changed, and has them carried out. Whatever changes within one turn is decided once.
 */
export class RoomForwarding {
  readonly #options: RoomForwardingOptions
  readonly #voices = new Map<RoomPlace, PlaceVoices>()
  readonly #speakers = new RecentSpeakers()
  readonly #distress = new Map<string, Distress & { estimateBps: number | undefined }>()
  readonly #watched = new Map<string, EngineTransport>()
  readonly #wanted = new Map<string, WantedLayer>()
  readonly #dirty = new Set<string>()
  #isScheduled = false
  #timer: NodeJS.Timeout | undefined
  #wakesAtMs = Number.POSITIVE_INFINITY
  #closed = false

  constructor(options: RoomForwardingOptions) {
    this.#options = options
  }

  /** A stream is at a place, published there or piped to it. */
  streamAt(place: RoomPlace, { producer, streamId, source }: Forwardable): void {
    if (source === 'microphone') this.#voicesAt(place).add(producer.id, streamId)
    this.allChanged()
  }

  /** A stream comes by this producer no more. */
  streamGone({ producer, streamId }: Forwardable): void {
    for (const voices of this.#voices.values()) voices.remove(producer.id)
    if (!this.#options.streams().some((stream) => stream.streamId === streamId)) this.#wanted.delete(streamId)
    this.allChanged()
  }

  /** A place is gone. */
  placeGone(place: RoomPlace): void {
    this.#voices.delete(place)
    this.allChanged()
  }

  /** A participant left. */
  left(participantId: string): void {
    this.#speakers.forget(participantId)
    this.#distress.delete(participantId)
    this.#watched.delete(participantId)
  }

  /** What a participant's network carried when it was last told, bits per second. */
  estimateOf(participantId: string): number | undefined {
    return this.#distress.get(participantId)?.estimateBps
  }

  /** A transport can be asked what its peer's network carries. */
  watchBandwidth(participantId: string, transport: EngineTransport): void {
    this.#distress.set(participantId, { ...noDistress, estimateBps: this.estimateOf(participantId) })
    this.#watched.set(participantId, transport)
    transport.on('trace', (value) => {
      const trace = estimateSchema.safeParse(value)
      // While somebody moves, the newer transport alone says how they are.
      if (trace.success && !transport.closed && this.#watched.get(participantId) === transport)
        this.#estimated(participantId, trace.data.info.availableBitrate)
    })
    // Without it nobody is ever in distress; the engine still shares what it estimates.
    transport.enableTraceEvent(['bwe']).catch(() => undefined)
  }

  /** Something about one receiver changed. */
  changed({ participantId }: Pick<Receiver, 'participantId'>): void {
    this.#dirty.add(participantId)
    this.#schedule()
  }

  /** Something about the room changed. */
  allChanged(): void {
    for (const { participantId } of this.#options.receivers().all) this.#dirty.add(participantId)
    this.#schedule()
  }

  /** How many streams are forwarded, or not, for which reason. */
  countReasons(): Map<StreamReason, number> {
    const counts = new Map<StreamReason, number>()
    for (const { consumers } of this.#options.receivers().all)
      for (const forwarded of consumers.values()) {
        const { reason } = forwarded.state()
        counts.set(reason, (counts.get(reason) ?? 0) + 1)
      }
    return counts
  }

  /** Nothing is decided any more. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #voicesAt(place: RoomPlace): PlaceVoices {
    let voices = this.#voices.get(place)
    if (voices === undefined) {
      voices = new PlaceVoices(place, this.#options.maxVoices, {
        onVoices: () => this.#voicesChanged(place),
        onDominant: (producerId) => this.#dominant(producerId),
      })
      this.#voices.set(place, voices)
    }
    return voices
  }

  #voicesChanged(place: RoomPlace): void {
    for (const receiver of this.#options.receivers().all) if (receiver.place === place) this.changed(receiver)
  }

  #dominant(producerId: string): void {
    const stream = this.#options.streams().find(({ producer }) => producer.id === producerId)
    if (stream !== undefined && this.#speakers.spoke(stream.participantId)) this.allChanged()
  }

  #estimated(participantId: string, estimateBps: number): void {
    const before = this.#distress.get(participantId) ?? noDistress
    const after = nextDistress(before, estimateBps, this.#options.now())
    this.#distress.set(participantId, { ...after, estimateBps })
    if (after.inDistress !== before.inDistress) this.changed({ participantId })
    this.#wakeAt(dueAtMs(after))
  }

  #schedule(): void {
    if (this.#isScheduled || this.#closed) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (!this.#closed) this.#decide()
    })
  }

  #decide(): void {
    const receivers = this.#options.receivers()
    const streams = this.#options.streams()
    const videos = streams.flatMap((stream) => videoOf(stream) ?? [])
    this.#watchSpeakersIfNeeded(videos.length)
    for (const participantId of this.#dirty) {
      const receiver = receivers.of(participantId)
      if (receiver !== undefined) receivers.apply(receiver, this.#decisionsFor(receiver, streams, videos))
    }
    this.#dirty.clear()
    this.#tellLayers(videos)
  }

  #decisionsFor(
    receiver: Receiver,
    streams: readonly Forwardable[],
    videos: readonly VideoStream[],
  ): Map<string, StreamDecision> {
    const { participantId, place, view } = receiver
    const decisions = new Map<string, StreamDecision>()
    const voices = this.#voices.get(place)
    for (const { producer, streamId, source } of streams) {
      if (source !== 'microphone') continue
      const decision = decideVoice(producer.id, voices?.voices)
      decisions.set(streamId, { ...decision, byEngine: voices?.byEngine ?? false })
    }
    const ofOthers = videos.filter((video) => video.participantId !== participantId)
    const distress = this.#distress.get(participantId)
    const chosen = selectVideos({
      streams: ofOthers,
      view,
      speakers: this.#speakers.order,
      maxVideos: this.#options.maxVideos,
      inDistress: distress?.inDistress ?? false,
    })
    if (distress?.inDistress === true && chosen.some(({ forwarded }) => forwarded))
      this.#distress.set(participantId, { ...distress, ...withPicture(distress) })
    for (const { producerId, ...decision } of chosen) decisions.set(producerId, decision)
    return decisions
  }

  /** Who speaks matters only where not everybody can be seen. */
  #watchSpeakersIfNeeded(videos: number): void {
    const least = this.#options
      .receivers()
      .all.reduce((limit, { view }) => Math.min(limit, view?.maxVideos ?? limit), this.#options.maxVideos)
    if (videos <= least) return
    const [first] = [...this.#voices].sort(([a], [b]) => a.index - b.index)
    first?.[1].watchSpeakers()
  }

  #tellLayers(videos: readonly VideoStream[]): void {
    const highest = new Map<string, number>()
    for (const { consumers } of this.#options.receivers().all)
      for (const { stream, decision } of consumers.values()) {
        const { forwarded, spatialLayer = nobody } = decision
        if (forwarded)
          highest.set(stream.streamId, Math.max(spatialLayer, highest.get(stream.streamId) ?? nobody))
      }
    for (const { producerId, participantId } of videos) {
      const before = this.#wanted.get(producerId) ?? untold
      const after = nextWantedLayer(before, highest.get(producerId) ?? nobody, this.#options.now())
      this.#wanted.set(producerId, after)
      if (after.told !== before.told) this.#options.onLayersWanted(participantId, producerId, after.told)
      this.#wakeAt(lowersAtMs(after))
    }
  }

  /** Looks again when time alone may change something: one timer, for the earliest. */
  #wakeAt(atMs: number | undefined): void {
    if (atMs === undefined || atMs >= this.#wakesAtMs || this.#closed) return
    clearTimeout(this.#timer)
    this.#wakesAtMs = atMs
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, atMs - this.#options.now()) + 1)
    this.#timer.unref()
  }

  #wake(): void {
    this.#wakesAtMs = Number.POSITIVE_INFINITY
    for (const [participantId, { estimateBps }] of this.#distress)
      if (estimateBps !== undefined) this.#estimated(participantId, estimateBps)
    this.#schedule()
  }
}

const videoOf = ({ streamId, participantId, source, layerHeights }: Forwardable): VideoStream | undefined =>
  source === 'camera' || source === 'screen'
    ? { producerId: streamId, participantId, source, layerHeights }
    : undefined
