import * as z from 'zod'
import type { EngineRtpObserver } from './engine.ts'
import type { RoomPlace } from './room-routers.ts'

/** How the loudest are told where the engine can't select them itself: the least interval of the mediasoup v3 API. */
const levelIntervalMs = 250
const levelThresholdDbov = -60

/** What voices tell. */
export type PlaceVoiceEvents = {
  /** Who is forwarded changed. */
  readonly onVoices: () => void
  /** Somebody's stream became the dominant one. */
  readonly onDominant: (producerId: string) => void
}

const producersSchema = z.array(z.object({ id: z.string() }))
const volumesSchema = z.array(z.object({ producer: z.object({ id: z.string() }) }))
const dominantSchema = z.object({ producer: z.object({ id: z.string() }) })

/**
 * The microphones at one place of a room: while there are more than `maxVoices` of them, the engine forwards the loudest.
 * An engine without a selector tells levels instead, and consumers are paused and resumed by those.
 */
export class PlaceVoices {
  readonly #place: RoomPlace
  readonly #maxVoices: number
  readonly #events: PlaceVoiceEvents
  /** Ids that clients know, by producer: while somebody moves, two carry one voice. */
  readonly #microphones = new Map<string, string>()
  #selector: Promise<EngineRtpObserver> | undefined
  #speakers: Promise<EngineRtpObserver> | undefined
  #voices: ReadonlySet<string> | undefined

  constructor(place: RoomPlace, maxVoices: number, events: PlaceVoiceEvents) {
    this.#place = place
    this.#maxVoices = maxVoices
    this.#events = events
  }

  /** Whether the engine itself holds back who is not among the loudest. */
  get byEngine(): boolean {
    return this.#place.router.createAudioSelector !== undefined
  }

  /** Producers of the voices that are forwarded; undefined while everybody is. */
  get voices(): ReadonlySet<string> | undefined {
    return this.#selector === undefined ? undefined : (this.#voices ?? new Set())
  }

  /** A microphone's stream is at this place. */
  add(producerId: string, streamId: string): void {
    this.#microphones.set(producerId, streamId)
    this.#watch(this.#speakers, [producerId])
    if (this.#selector !== undefined) this.#watch(this.#selector, [producerId])
    else if (new Set(this.#microphones.values()).size > this.#maxVoices) this.#select()
  }

  /** It no longer is. The engine forgets a closed producer by itself. */
  remove(producerId: string): void {
    this.#microphones.delete(producerId)
  }

  /** Tells from now on who is the dominant speaker. */
  watchSpeakers(): void {
    if (this.#speakers !== undefined) return
    this.#speakers = this.#place.router.createActiveSpeakerObserver()
    this.#speakers.then(
      (observer) =>
        observer.on('dominantspeaker', (value) => {
          const told = dominantSchema.safeParse(value)
          if (told.success) this.#events.onDominant(told.data.producer.id)
        }),
      () => undefined,
    )
    this.#watch(this.#speakers, [...this.#microphones.keys()])
  }

  #select(): void {
    const { router } = this.#place
    const maxVoices = this.#maxVoices
    this.#selector =
      router.createAudioSelector?.({ maxVoices }) ??
      router.createAudioLevelObserver({
        maxEntries: maxVoices,
        threshold: levelThresholdDbov,
        interval: levelIntervalMs,
      })
    this.#selector.then(
      (observer) => {
        observer.on('voices', (value) =>
          this.#heard(producersSchema.safeParse(value).data?.map(({ id }) => id)),
        )
        observer.on('volumes', (value) =>
          this.#heard(volumesSchema.safeParse(value).data?.map(({ producer }) => producer.id)),
        )
      },
      () => undefined,
    )
    this.#watch(this.#selector, [...this.#microphones.keys()])
    this.#events.onVoices()
  }

  #heard(producerIds: readonly string[] | undefined): void {
    if (producerIds === undefined) return
    this.#voices = new Set(producerIds)
    this.#events.onVoices()
  }

  #watch(observer: Promise<EngineRtpObserver> | undefined, producerIds: readonly string[]): void {
    observer?.then(
      (made) => {
        // What fails does so because the producer or the router closed.
        for (const producerId of producerIds) {
          const voiceId = this.#microphones.get(producerId)
          if (voiceId !== undefined) made.addProducer({ producerId, voiceId }).catch(() => undefined)
        }
      },
      () => undefined,
    )
  }
}
