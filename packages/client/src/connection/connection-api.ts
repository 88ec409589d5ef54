/** The public contract of the connection: how to make one, and how it stands. */
import type { CacheStore, OutboxStore } from '../chat/device-stores-api.ts'
import type { SangamError } from '../errors.ts'
import type { PeerPlatform } from '../peer/peer-connection.ts'

/** What `connect()` takes beside the address: exactly one way to prove who is connecting, and the tunables. */
export interface ConnectOptions {
  /** Returns a signed token from the application's backend; called at each connection and before the old one expires. */
  readonly token?: () => Promise<string>
  /** Enters as a guest under this name, where the server lets guests in. */
  readonly guest?: GuestOptions
  /** How long the first connection may take before `connect()` rejects with `serverUnreachable` (default 15000). */
  readonly connectTimeoutMs?: number
  /** How long a request may wait for its acknowledgement, offline time included (default 10000). */
  readonly requestTimeoutMs?: number
  /** Where unacknowledged messages wait. Default: IndexedDB in browsers, memory elsewhere. */
  readonly outbox?: OutboxStore
  /** Where rooms' peer connections come from. Default: the browser; in Node there is none, and rooms go without media. */
  readonly peerPlatform?: PeerPlatform
  /** What this device keeps of conversations, to show before the server answers. Default: IndexedDB in browsers, nothing elsewhere. */
  readonly cache?: CacheStore
  /**
   * Who the session is of when the server can't be reached at the start: then it begins with what the cache and the
   * outbox hold, and connects when it can. Without it `connect()` rejects with `serverUnreachable`.
   */
  readonly offline?: { readonly identity: string; readonly name: string }
  /** A name for the kind of client in the server's log (default `web` in browsers, `node` elsewhere). */
  readonly client?: string
  /** A name for this device, stable over reconnects (default: a random one per session). */
  readonly deviceId?: string
}

/** How a guest enters. */
export interface GuestOptions {
  /** The name that others see. */
  readonly name: string
  /** Where the guest's credentials rest between visits. Default: localStorage in browsers, nowhere elsewhere; `null`: nowhere. */
  readonly storage?: GuestStorage | null
}

/** A guest's signed token and what it says. */
export interface GuestCredentials {
  readonly token: string
  readonly identity: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** A place for one server's guest credentials. */
export interface GuestStorage {
  load(): GuestCredentials | undefined
  save(credentials: GuestCredentials): void
  clear(): void
}

/** What a server says about itself before anybody connects. */
export interface ServerInfo {
  readonly protocolVersion: number
  /** Whether people may enter with a name alone. */
  readonly guests: boolean
  readonly name: string
}

/** `connecting` only before the first success; `closed` is final. */
export type ConnectionState = 'connecting' | 'online' | 'reconnecting' | 'closed'

/** The connection as a person may be told about it. */
export interface ConnectionSnapshot {
  readonly state: ConnectionState
  /** While reconnecting: how many attempts failed so far. */
  readonly attempt: number
  /** While reconnecting: why; when closed: what ended it (absent when the application closed it). */
  readonly error?: SangamError
}
