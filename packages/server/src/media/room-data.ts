import { addSender, isLossyFrame } from '@sangam/protocol'
import { type Bucket, fullBucket, take } from '../socket/rate-limit.ts'
import type { EngineDataProducer, EngineDirectTransport, EngineTransport } from './engine.ts'
import type { RoomPlace } from './room-routers.ts'

/** What {@link RoomData} needs. */
export type RoomDataOptions = {
  /** Whether a participant may send now. */
  readonly maySend: (participantId: string) => boolean
  readonly now: () => number
}

/** The SCTP streams of a participant's messages: where the client sends, and where it receives. */
export type DataStreams = { readonly sendStreamId: number; readonly receiveStreamId: number }

/** Where the server meets the messages of one worker: it hears each sender, and says everything once for all. */
type Hub = { readonly direct: EngineDirectTransport; readonly outbox: EngineDataProducer }

/** A cursor moves at the rate of a screen; more than that is dropped, like whatever gets lost. */
const messageLimits = { capacity: 120, perSecond: 60 } as const
const sendStreamId = 0
const unreliable = { ordered: false, maxRetransmits: 0 } as const
/** Subchannels are 16 bits wide (mediasoup v3, `DataConsumerOptions.subchannels`). */
const subchannelCount = 65_536

/**
 * Messages that may get lost, from each participant to all others, over their transports. They pass through this process:
 * here a message gets the name of its sender, whoever may not send is stopped, and what is too much is dropped.
 */
export class RoomData {
  readonly #options: RoomDataOptions
  readonly #hubs = new Map<RoomPlace, Promise<Hub>>()
  readonly #buckets = new Map<string, Bucket>()
  #lastSubchannel = 0

  constructor(options: RoomDataOptions) {
    this.#options = options
  }

  /** Connects a participant's transport. Gives its streams; undefined where the transport carries no data. */
  async join(
    participantId: string,
    place: RoomPlace,
    transport: EngineTransport,
  ): Promise<DataStreams | undefined> {
    if (transport.sctpParameters === undefined) return undefined
    const { direct, outbox } = await this.#hub(place)
    this.#lastSubchannel = (this.#lastSubchannel + 1) % subchannelCount
    const subchannel = this.#lastSubchannel
    const producer = await transport.produceData({
      sctpStreamParameters: { streamId: sendStreamId, ...unreliable },
      label: 'lossy',
    })
    const inbox = await direct.consumeData({ dataProducerId: producer.id })
    inbox.on('message', (message) => {
      if (message instanceof Uint8Array) this.#relay(participantId, message, subchannel)
    })
    // The own words come back to nobody: they are sent past the subchannel of who said them.
    const consumer = await transport.consumeData({
      dataProducerId: outbox.id,
      subchannels: [subchannel],
      ...unreliable,
    })
    const receiveStreamId = consumer.sctpStreamParameters?.streamId
    return receiveStreamId === undefined ? undefined : { sendStreamId, receiveStreamId }
  }

  /** Somebody left; their streams went with their transport. */
  left(participantId: string): void {
    this.#buckets.delete(participantId)
  }

  /** A place is gone with what was there. */
  placeGone(place: RoomPlace): void {
    this.#hubs.delete(place)
  }

  #relay(participantId: string, frame: Uint8Array, subchannel: number): void {
    if (!isLossyFrame(frame) || !this.#options.maySend(participantId)) return
    const bucket = this.#buckets.get(participantId) ?? fullBucket
    const taken = take(bucket, messageLimits, this.#options.now())
    this.#buckets.set(participantId, taken.bucket)
    if (taken.retryAfterMs > 0) return
    const message = Buffer.from(addSender(participantId, frame).buffer)
    for (const hub of this.#hubs.values()) {
      // A hub whose worker is gone has nobody to tell.
      hub.then(
        ({ outbox }) => {
          if (!outbox.closed) outbox.send(message, undefined, undefined, undefined, subchannel)
        },
        () => undefined,
      )
    }
  }

  #hub(place: RoomPlace): Promise<Hub> {
    let hub = this.#hubs.get(place)
    if (hub === undefined) {
      hub = this.#makeHub(place)
      this.#hubs.set(place, hub)
      hub.catch(() => this.#hubs.delete(place))
    }
    return hub
  }

  async #makeHub({ router }: RoomPlace): Promise<Hub> {
    const direct = await router.createDirectTransport()
    return { direct, outbox: await direct.produceData({ label: 'lossy' }) }
  }
}
