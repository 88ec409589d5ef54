import type { ClientEventName, ReplyOf, RequestOf } from '@sangam/protocol'

/** Events that a joined participant sends; each carries the room's id. */
export type RoomEventName = Exclude<
  Extract<ClientEventName, `room.${string}`>,
  'room.list' | 'room.join' | 'room.knock' | 'room.stopWaiting'
>

/** What a room request needs to be given beside the room's id. */
export type RoomRequestOf<Name extends RoomEventName> = Omit<RequestOf<Name>, 'roomId'>

/**
 * A request as a participant of a room: waits while the room is being joined again, then goes out. One whose answer
 * was lost is repeated when `idempotent`, else it rejects with `offline`.
 */
export type RoomRequest = <Name extends RoomEventName>(
  event: Name,
  payload: RoomRequestOf<Name>,
  options?: { readonly idempotent?: boolean; readonly timeoutMs?: number },
) => Promise<ReplyOf<Name>>
