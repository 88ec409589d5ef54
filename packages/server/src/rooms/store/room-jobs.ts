import type { RoomChange } from './room-store.ts'

/** One request of a room store on its way to the database. */
export type RoomJob =
  | { readonly type: 'load'; readonly roomId: string }
  | { readonly type: 'write'; readonly roomId: string; readonly changes: readonly RoomChange[] }
  | { readonly type: 'rooms'; readonly limit: number }
  | { readonly type: 'forgetBefore'; readonly ms: number }
  | { readonly type: 'forgetPerson'; readonly identity: string }
  /** Outside a transaction. */
  | { readonly type: 'scrub' }

/** What became of one job. */
export type RoomJobResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string }

/** To the database's thread: jobs in order, or the order to close. */
export type ToRoomThread =
  | { readonly type: 'batch'; readonly jobs: readonly RoomJob[] }
  | { readonly type: 'close' }

/** From the database's thread: results in the order of the jobs. */
export type FromRoomThread =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'results'; readonly results: readonly RoomJobResult[] }
