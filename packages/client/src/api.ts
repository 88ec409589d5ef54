/**
 * The public contract of the SDK: every noun an application holds, its events and its snapshots. Each stands in the folder
 * of the same name, beside how it is done.
 */
export type * from './calls/call-api.ts'
export type * from './chat/chat-api.ts'
export type * from './chat/device-stores-api.ts'
export type * from './chat/message-api.ts'
export type * from './connection/connection-api.ts'
export type * from './files/files-api.ts'
export type * from './media/media-api.ts'
export type * from './observable.ts'
export type * from './rooms/room-api.ts'
export type * from './rooms/rules-api.ts'
export type * from './session/session-api.ts'
