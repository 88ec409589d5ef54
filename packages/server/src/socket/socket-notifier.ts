import type { ClientToServerEvents, ServerToClientEvents } from '@sangam/protocol'
import type { Server, Socket } from 'socket.io'
import type { Notifier, Session } from '../ports.ts'

/** What the server keeps at a socket. */
export type SocketData = { session: Session }
/** The typed Socket.IO server. */
export type SangamIo = Server<ClientToServerEvents, ServerToClientEvents, Record<never, never>, SocketData>
/** A typed socket. */
export type SangamSocket = Socket<
  ClientToServerEvents,
  ServerToClientEvents,
  Record<never, never>,
  SocketData
>

// Names of Socket.IO rooms. An identity holds no line feed, so no two names meet.
const personRoom = (identity: string): string => `person\n${identity}`
const deviceRoom = (identity: string, deviceId: string): string => `device\n${identity}\n${deviceId}`
const conversationPrefix = 'conversation\n'
const conversationRoom = (conversationId: string): string => `${conversationPrefix}${conversationId}`

/** The Socket.IO rooms that a session's socket belongs to from the start. */
export const roomsOf = ({ identity, deviceId }: Session): string[] => [
  personRoom(identity),
  deviceRoom(identity, deviceId),
]

/** Whether a device has a connection. */
export const isDeviceConnected = (io: SangamIo, { identity, deviceId }: Session): boolean =>
  (io.sockets.adapter.rooms.get(deviceRoom(identity, deviceId))?.size ?? 0) > 0

/** Delivers notices through Socket.IO. */
export const createSocketNotifier = (io: SangamIo): Notifier => {
  // Socket.IO types the arguments of emit() by the event's name; for a name that is a type parameter it cannot.
  const emit = (target: object, event: string, payload: unknown): void => {
    const emitter = target as { emit: (event: string, payload: unknown) => unknown }
    emitter.emit(event, payload)
  }
  return {
    toConnection: (connectionId, event, payload) => {
      const socket = io.sockets.sockets.get(connectionId)
      if (socket !== undefined) emit(socket, event, payload)
    },
    toDevice: ({ identity, deviceId }, event, payload) =>
      emit(io.to(deviceRoom(identity, deviceId)), event, payload),
    toPerson: ({ identity, exceptDeviceId }, event, payload) => {
      const person = io.to(personRoom(identity))
      emit(
        exceptDeviceId === undefined ? person : person.except(deviceRoom(identity, exceptDeviceId)),
        event,
        payload,
      )
    },
    toConversation: (conversationId, event, payload) => {
      const room = conversationRoom(conversationId)
      // Encoding for nobody costs as much as for one.
      if (io.sockets.adapter.rooms.has(room)) emit(io.to(room), event, payload)
    },
    toPersonOutside: (identity, conversationId, event, payload) =>
      emit(io.to(personRoom(identity)).except(conversationRoom(conversationId)), event, payload),
    toSessions: (passes, event, payload) => {
      const connectionIds: string[] = []
      for (const { id, data } of io.sockets.sockets.values()) if (passes(data.session)) connectionIds.push(id)
      // One broadcast encodes once, however many are told.
      if (connectionIds.length > 0) emit(io.to(connectionIds), event, payload)
      return connectionIds.length
    },
    isOutside: (identity, conversationId) => {
      const { rooms } = io.sockets.adapter
      const inside = rooms.get(conversationRoom(conversationId))
      for (const connectionId of rooms.get(personRoom(identity)) ?? []) {
        if (inside?.has(connectionId) !== true) return true
      }
      return false
    },
    isConnected: (identity) => (io.sockets.adapter.rooms.get(personRoom(identity))?.size ?? 0) > 0,
    subscriptions: (connectionId) =>
      [...(io.sockets.adapter.sids.get(connectionId) ?? [])]
        .filter((room) => room.startsWith(conversationPrefix))
        .map((room) => room.slice(conversationPrefix.length)),
    unsubscribe: (connectionId, conversationId) => {
      void io.sockets.sockets.get(connectionId)?.leave(conversationRoom(conversationId))
    },
    unsubscribePerson: (identity, conversationId) =>
      io.in(personRoom(identity)).socketsLeave(conversationRoom(conversationId)),
    subscribe: (connectionId, conversationId) => {
      void io.sockets.sockets.get(connectionId)?.join(conversationRoom(conversationId))
    },
  }
}
