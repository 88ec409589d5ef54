import type { PayloadOf, ServerEventName } from '@sangam/protocol'
import type { Grants } from './access/grants.ts'

/** Tells clients what happened. The cores name whom; a shell over Socket.IO delivers, in order per connection. */
export type Notifier = {
  /** One connection. */
  readonly toConnection: <Name extends ServerEventName>(
    connectionId: string,
    event: Name,
    payload: PayloadOf<Name>,
  ) => void
  /** Every connection of one device of a person. */
  readonly toDevice: <Name extends ServerEventName>(
    device: DeviceRef,
    event: Name,
    payload: PayloadOf<Name>,
  ) => void
  /** Every device of a person, but `exceptDeviceId`. */
  readonly toPerson: <Name extends ServerEventName>(
    person: { readonly identity: string; readonly exceptDeviceId?: string | undefined },
    event: Name,
    payload: PayloadOf<Name>,
  ) => void
  /** Every connection that opened a conversation. */
  readonly toConversation: <Name extends ServerEventName>(
    conversationId: string,
    event: Name,
    payload: PayloadOf<Name>,
  ) => void
  /** Every connection of a person that did not open a conversation. */
  readonly toPersonOutside: <Name extends ServerEventName>(
    identity: string,
    conversationId: string,
    event: Name,
    payload: PayloadOf<Name>,
  ) => void
  /** Every connection whose session passes. @returns how many */
  readonly toSessions: <Name extends ServerEventName>(
    passes: (session: Session) => boolean,
    event: Name,
    payload: PayloadOf<Name>,
  ) => number
  /** Whether a person has a connection that did not open a conversation. */
  readonly isOutside: (identity: string, conversationId: string) => boolean
  /** Whether a person has a connection. */
  readonly isConnected: (identity: string) => boolean
  /** Subscribes a connection to a conversation. */
  readonly subscribe: (connectionId: string, conversationId: string) => void
  /** Ends such a subscription. */
  readonly unsubscribe: (connectionId: string, conversationId: string) => void
  /** Ends such subscriptions on every connection of a person. */
  readonly unsubscribePerson: (identity: string, conversationId: string) => void
  /** Conversations that a connection is subscribed to. */
  readonly subscriptions: (connectionId: string) => string[]
}

/** One device of one person. */
export type DeviceRef = { readonly identity: string; readonly deviceId: string }

/** Who a connection belongs to and what its token allows. `grants`, `name` and `expiresAtMs` change when it renews its token. */
export type Session = {
  readonly connectionId: string
  readonly identity: string
  readonly deviceId: string
  readonly client: string
  /** False once the connection is gone. */
  connected: boolean
  name: string
  grants: Grants
  expiresAtMs: number
}

/** A clock: milliseconds since 1970. */
export type Clock = () => number
