import type { ReplyOf, RequestOf, TrackSource } from '@sangam/protocol'
import type { types } from 'mediasoup-client'
import { errors } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import type { StatsSource } from '../media/stats-poller.ts'
import { encodingPlan } from './encodings.ts'
import { IceKeeper } from './ice-keeper.ts'
import type { RoomRequest } from './room-requests.ts'

type Direction = 'send' | 'receive'

interface RoomMediaEvents {
  /** The transports can't be had back: join again. */
  lost: []
  /** Media began (or ceased) to flow on a transport. */
  connectionChanged: [connected: boolean]
}

/** The media half of one participation: a device and at most one transport each way, made when first needed. */
export class RoomMedia extends TypedEmitter<RoomMediaEvents> {
  readonly #device: types.Device
  readonly #request: RoomRequest
  readonly #transports = new Map<Direction, Promise<types.Transport>>()
  readonly #open = new Map<Direction, types.Transport>()
  #closed = false

  private constructor(device: types.Device, request: RoomRequest) {
    super()
    this.#device = device
    this.#request = request
  }

  /** Loads the media library only now, so that chat alone never pays for it. Throws `mediaUnsupported`. */
  static async load(
    request: RoomRequest,
    routerRtpCapabilities: ReplyOf<'room.join'>['routerRtpCapabilities'],
  ): Promise<RoomMedia> {
    const { Device } = await import('mediasoup-client')
    let device: types.Device
    try {
      device = await Device.factory()
    } catch {
      throw errors.mediaUnsupported('rooms')
    }
    await device.load({ routerRtpCapabilities: routerRtpCapabilities as types.RtpCapabilities })
    return new RoomMedia(device, request)
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Publishes a track; the caller keeps owning it. */
  async produce(source: TrackSource, track: MediaStreamTrack, paused: boolean): Promise<types.Producer> {
    if (!this.#device.canProduce(track.kind as types.MediaKind)) {
      throw errors.mediaUnsupported(`sending ${track.kind} to this room`)
    }
    const transport = await this.#transport('send')
    const { encodings, codecOptions } = encodingPlan(source)
    const producer = await transport.produce({
      track,
      codecOptions,
      stopTracks: false,
      ...(encodings.length === 0 ? {} : { encodings }),
      appData: { source, paused },
    })
    if (paused) producer.pause()
    return producer
  }

  /** Receives a track; it flows only after `room.resumeConsumer`. */
  async consume(producerId: string): Promise<types.Consumer> {
    const transport = await this.#transport('receive')
    const reply = await this.#request('room.consume', {
      transportId: transport.id,
      producerId,
      rtpCapabilities: this.#device.recvRtpCapabilities as RequestOf<'room.consume'>['rtpCapabilities'],
    })
    return transport.consume({
      id: reply.consumerId,
      producerId: reply.producerId,
      kind: reply.kind,
      rtpParameters: reply.rtpParameters as types.RtpParameters,
    })
  }

  /** The open transports' statistics. */
  statsSources(): readonly StatsSource[] {
    return [...this.#open].map(([direction, transport]) => ({
      prefix: `${direction}:`,
      getStats: () => transport.getStats(),
    }))
  }

  close(): void {
    this.#closed = true
    this.removeAll()
    for (const transport of this.#open.values()) transport.close()
    this.#open.clear()
  }

  #transport(direction: Direction): Promise<types.Transport> {
    const known = this.#transports.get(direction)
    if (known) return known
    const created = this.#createTransport(direction)
    this.#transports.set(direction, created)
    created.catch(() => this.#transports.delete(direction))
    return created
  }

  async #createTransport(direction: Direction): Promise<types.Transport> {
    const reply = await this.#request('room.createTransport', { direction })
    if (this.#closed) throw errors.offline('media')
    const options = {
      id: reply.transportId,
      iceParameters: reply.iceParameters as types.IceParameters,
      iceCandidates: reply.iceCandidates as types.IceCandidate[],
      dtlsParameters: reply.dtlsParameters as types.DtlsParameters,
      iceServers: reply.iceServers as RTCIceServer[],
    }
    const transport =
      direction === 'send'
        ? this.#device.createSendTransport(options)
        : this.#device.createRecvTransport(options)
    this.#wire(transport)
    this.#open.set(direction, transport)
    return transport
  }

  #wire(transport: types.Transport): void {
    const transportId = transport.id
    transport.on('connect', ({ dtlsParameters }, done, failed) => {
      this.#request('room.connectTransport', { transportId, dtlsParameters }).then(() => done(), failed)
    })
    transport.on('produce', ({ kind, rtpParameters, appData }, done, failed) => {
      this.#request('room.produce', {
        transportId,
        kind,
        rtpParameters: rtpParameters as RequestOf<'room.produce'>['rtpParameters'],
        source: appData.source as TrackSource,
        paused: appData.paused === true,
      }).then(({ producerId }) => done({ id: producerId }), failed)
    })
    new IceKeeper(transport, {
      restart: async () => {
        const { iceParameters } = await this.#request(
          'room.restartIce',
          { transportId },
          { idempotent: true },
        )
        await transport.restartIce({ iceParameters: iceParameters as types.IceParameters })
      },
      lost: () => this.emit('lost'),
      changed: (connected) => this.emit('connectionChanged', connected),
    })
  }
}
