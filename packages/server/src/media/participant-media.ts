import type { RtpCapabilities } from '@sangam/protocol'
import type { EngineTransport } from './engine.ts'
import type { Forwardable } from './forwarded-stream.ts'
import type { RoomPlace } from './room-routers.ts'

/** One transport of a participant, for both directions, and what is published over it. */
export class MediaConnection {
  readonly transport: EngineTransport
  /** Where it is. */
  readonly place: RoomPlace
  /** The client gave its half, and was offered all that it may receive. */
  isSetUp = false
  /** What the client of a connected transport can receive. */
  rtpCapabilities: RtpCapabilities | undefined
  /** By the id that clients know. */
  readonly streams = new Map<string, Forwardable>()

  constructor(transport: EngineTransport, place: RoomPlace) {
    this.transport = transport
    this.place = place
  }
}

/** What a participant owns in a room's media: a connection, and while they move to another place the one before as well. */
export class ParticipantMedia {
  /** Whether they may receive. */
  receives: boolean
  connection: MediaConnection | undefined
  /** Carries on until the newer one does. */
  older: MediaConnection | undefined

  constructor(receives: boolean) {
    this.receives = receives
  }

  /** The connections that there are, the newer first. */
  get connections(): readonly MediaConnection[] {
    return [this.connection, this.older].filter((one) => one !== undefined)
  }

  /** What they publish, each stream once: by the newer connection where that carries it. */
  get streams(): readonly Forwardable[] {
    const byId = new Map<string, Forwardable>()
    for (const { streams } of [...this.connections].reverse())
      for (const [streamId, stream] of streams) byId.set(streamId, stream)
    return [...byId.values()]
  }

  /** Whether a stream is published over any connection. */
  publishes(streamId: string): boolean {
    return this.connections.some(({ streams }) => streams.has(streamId))
  }
}

/**
 * Whether all who move have moved: connected, and publishing again all that they did. Once everybody who receives is set up
 * for it, the older connections carry nothing that anybody needs. Pure.
 */
export const haveMoved = (participants: readonly ParticipantMedia[]): boolean =>
  participants.every(({ connection, older }) => {
    if (older === undefined) return true
    if (connection === undefined || !connection.isSetUp) return false
    return [...older.streams.keys()].every((streamId) => connection.streams.has(streamId))
  })
