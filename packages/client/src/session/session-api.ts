/** The public contract of a session: one person on this device, and all that they can reach. */
import type { Call, CallOptions } from '../calls/call-api.ts'
import type {
  Conversation,
  ConversationSummary,
  NewConversation,
  SearchOptions,
  SearchResult,
} from '../chat/chat-api.ts'
import type { ChatMessage } from '../chat/message-api.ts'
import type { ConnectionSnapshot } from '../connection/connection-api.ts'
import type { SangamError } from '../errors.ts'
import type { Upload, UploadOptions } from '../files/files-api.ts'
import type { Emitter, Store } from '../observable.ts'
import type { JoinOptions, Room } from '../rooms/room-api.ts'
import type { Knock } from '../rooms/rules-api.ts'

/** What a person may set; `inCall` is the server's own finding. */
export type SettablePresence = 'online' | 'away'

/** Over all devices of a person. */
export type PresenceStatus = 'online' | 'away' | 'inCall' | 'offline'

/** Somebody known to the server. */
export interface Person {
  readonly identity: string
  readonly name: string
  readonly presence: PresenceStatus
  /** Of somebody offline, where it is known: milliseconds since 1970. */
  readonly lastSeenAt?: number | undefined
  /** Whether it is the session's own person. */
  readonly self: boolean
}

/** A room as a list shows it. */
export interface RoomSummary {
  readonly roomId: string
  readonly name: string
  /** How many people are in it. */
  readonly participants: number
}

/** Events of a session. */
export interface SessionEvents {
  /** Somebody rings; answer with `accept()` or `reject()`. The same call stands in `session.calls`. */
  incomingCall: [call: Call]
  /** A message by anybody, in any conversation that this session has opened. */
  message: [message: ChatMessage]
  /** The server is about to stop; the session reconnects by itself when it is back. */
  serverStopping: []
  /** The session ended for good; the error is absent when the application closed it. `erased`: the person is no more. */
  closed: [error: SangamError | undefined]
}

/** One person, connected from this device. */
export interface Session extends Emitter<SessionEvents> {
  readonly identity: string
  readonly name: string
  readonly connection: Store<ConnectionSnapshot>
  /** Everybody known, the session's own person included, ordered by name. */
  readonly people: Store<readonly Person[]>
  /** The conversations this person is in, newest first. */
  readonly conversationList: Store<readonly ConversationSummary[]>
  /** The rooms this person may join. */
  readonly rooms: Store<readonly RoomSummary[]>
  /** Every call that has not ended, the oldest first. */
  readonly calls: Store<readonly Call[]>
  /** Opens a conversation by its id, or the direct one with a person; the same object each time. */
  conversation(target: string | { readonly with: string }): Promise<Conversation>
  /** Asks the server for the list afresh; `conversationList` holds it too. */
  conversations(): Promise<readonly ConversationSummary[]>
  /** Creates a group of named members, oneself as its owner; nobody else may read it. */
  createConversation(options: NewConversation): Promise<Conversation>
  /** Searches the messages of every conversation this person is a member of, or of one; the newest first. */
  search(query: string, options?: SearchOptions): Promise<SearchResult>
  /** The whole of a conversation as a file: JSON, or a page without anything that could run. */
  exportConversation(conversationId: string, format: 'json' | 'html'): Promise<Blob>
  /** Rings every device of a person; resolves once it rings (see `Call`). Microphone always asked for, camera with `video`. */
  call(identity: string, options?: CallOptions): Promise<Call>
  /**
   * Joins a room, creating it where the person may; resolves once joined. One object per room until it is left. Where the
   * policy says no it rejects with `forbidden` and the reason (`policyReasonOf(error)`): after `waitInLobby`, `knock()`.
   */
  join(roomId: string, options?: JoinOptions): Promise<Room>
  /** Waits in the lobby of a room; after `admitted`, `join()`. Rejects where the policy lets one not even wait. */
  knock(roomId: string, options?: { readonly invite?: string }): Promise<Knock>
  setStatus(status: SettablePresence): Promise<void>
  /**
   * Has this browser told of messages and calls while no page is open: subscribes it with its service worker. The
   * browser asks the person; rejects when they refuse.
   */
  enablePush(registration: ServiceWorkerRegistration, options?: PushOptions): Promise<void>
  /** Ends that for this browser. */
  disablePush(registration: ServiceWorkerRegistration): Promise<void>
  /** Refuses a person's direct messages and calls, or ends that. They are not told. */
  block(identity: string, on: boolean): Promise<void>
  /** Identities of whom this person has blocked. */
  blocked(): Promise<readonly string[]>
  /** Brings a person before whoever runs the server. They are not told. */
  report(identity: string, reason: string): Promise<void>
  /** Uploads a file for a message of a conversation, in pieces; it goes on by itself after a break. */
  upload(conversationId: string, file: Blob, options?: UploadOptions): Upload
  /** An address that shows or downloads a file of a message (or its small picture), for about an hour. */
  fileUrl(fileId: string, variant?: 'content' | 'thumbnail'): Promise<string>
  /** All that the server keeps of this person, as a file of JSON: name, own messages, files, subscriptions, blocks. */
  exportOwnData(): Promise<Blob>
  /**
   * Erases this person on the server with all they wrote, and what this device holds of them; the session ends with
   * `erased`. It can't be undone. Rejects with `forbidden` where the server has nobody erase themselves.
   */
  eraseOwnData(): Promise<void>
  /**
   * Ends the session for good: calls end, rooms are left, messages not yet stored stay in the outbox. With `forget` nothing
   * of this person stays on this device: outbox, cache, a guest's credentials.
   */
  close(options?: { readonly forget?: boolean }): Promise<void>
}

/** How to be told by push. */
export interface PushOptions {
  /** Whether notifications hold the words of messages (default false). */
  readonly showText?: boolean
}
