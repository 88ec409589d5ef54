/**
 * The seam between the SDK's nouns and the wire: what chat, calls and rooms need of a connection. `Connection` is
 * the real one; tests bring their own.
 */
import type { ClientEventName, PayloadOf, ReplyOf, RequestOf, ServerEventName } from '@sangam/protocol'
import type { ConnectionSnapshot, Store, Unsubscribe } from '../api.ts'

/** How a request meets a connection that is down. */
export interface RequestOptions {
  /** Whether the server takes the same request twice without harm: then it is repeated when its answer was lost. */
  readonly idempotent?: boolean
  /** While offline: `wait` (default) for the connection up to the timeout, or `fail` at once with `offline`. */
  readonly offline?: 'wait' | 'fail'
  /** Over all attempts; default: the session's. */
  readonly timeoutMs?: number
}

/** Requests out, events in. */
export interface Signalling {
  readonly state: Store<ConnectionSnapshot>
  /** Whether the server has greeted this connection, so that requests go out at once. */
  readonly online: boolean
  /** Resolves with the acknowledged value; throws `SangamError`: the server's code, or one of this side. */
  request<Name extends ClientEventName>(
    event: Name,
    payload: RequestOf<Name>,
    options?: RequestOptions,
  ): Promise<ReplyOf<Name>>
  on<Name extends ServerEventName>(event: Name, listener: (payload: PayloadOf<Name>) => void): Unsubscribe
  /** Calls back each time a connection was made, the first included. */
  onOnline(listener: () => void): Unsubscribe
}
