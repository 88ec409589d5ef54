/**
 * The public contract of the SDK: every noun an application holds, its events and its snapshots.
 * How each of them is done stands in the folder of the same name.
 */
import type { LossyPayload, ReceivedLossyMessage, Message as WireMessage } from '@sangam/protocol'
import type { SangamError } from './errors.ts'
import type { PeerPlatform } from './peer/peer-connection.ts'
import type { Knock, RoomRulesEvents, RoomRulesSnapshot, RoomTalk } from './rooms/rules-api.ts'

export type { LossyPayload, ReceivedLossyMessage } from '@sangam/protocol'
export type * from './rooms/rules-api.ts'

/** Removes what it was returned for (a listener, a subscription); calling it twice is harmless. */
export type Unsubscribe = () => void

/**
 * A framework-free observable value. `get()` returns the current immutable snapshot: the same object until
 * something changed, a new one afterwards, so that it can be compared by identity.
 * `subscribe()` calls back after each change, without the value; a listener that throws can't stop the others.
 */
export interface Store<T> {
  get(): T
  subscribe(listener: () => void): Unsubscribe
}

/** Typed events over a tuple map: `on` returns its own removal; a listener that throws can't stop the others. */
export interface Emitter<Events extends Record<keyof Events, readonly unknown[]>> {
  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): Unsubscribe
  once<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): Unsubscribe
}

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

/** A conversation as a list shows it. */
export interface ConversationSummary {
  readonly conversationId: string
  readonly kind: 'direct' | 'group'
  /** `open`: for whoever's token grants it; `members`: for its members alone. */
  readonly access: 'open' | 'members'
  /** What to call it: the group's title, or the other person's name. */
  readonly title: string
  readonly members: readonly ConversationMember[]
  readonly lastMessage?: {
    readonly number: number
    readonly senderId: string
    readonly senderName: string
    /** Empty when it was deleted. */
    readonly text: string
    readonly sentAt: number
    readonly deletedAt?: number | undefined
    readonly system?: SystemLine | undefined
  }
  /** Messages by others after the last one that was read. */
  readonly unread: number
  /** Those of them that mention this person. */
  readonly mentioned: number
  /** Milliseconds since 1970; 0: not muted. */
  readonly mutedUntil: number
  readonly archived: boolean
  readonly pinned: boolean
}

/** A member of a conversation. */
export interface ConversationMember {
  readonly identity: string
  readonly name: string
  readonly role: 'owner' | 'moderator' | 'member'
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
  /** The session ended for good; the error is absent when the application closed it. */
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
  /** The whole of a conversation as a file, but a room's: JSON, or a page without anything that could run. */
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
  /** Uploads a file for a message of a conversation, in pieces; it goes on by itself after a break. */
  upload(conversationId: string, file: Blob, options?: UploadOptions): Upload
  /** An address that shows or downloads a file of a message (or its small picture), for about an hour. */
  fileUrl(fileId: string, variant?: 'content' | 'thumbnail'): Promise<string>
  /** Ends the session for good: calls end, rooms are left, messages not yet stored stay in the outbox. */
  close(): Promise<void>
}

/** A group to create. */
export interface NewConversation {
  readonly title: string
  /** Identities of the people to add at once. */
  readonly members?: readonly string[]
}

/** Where to search. */
export interface SearchOptions {
  readonly conversationId?: string
  /** In one conversation: only messages before this number, to page on. */
  readonly before?: number
  readonly limit?: number
}

/** What a search found. */
export interface SearchResult {
  readonly messages: readonly ChatMessage[]
  /** Whether older ones exist. */
  readonly more: boolean
}

/** How to be told by push. */
export interface PushOptions {
  /** Whether notifications hold the words of messages (default false). */
  readonly showText?: boolean
}

/** How a conversation is kept calm and short. */
export interface CareSettings {
  /** Least time between two messages of a member; 0: off. */
  readonly slowModeMs: number
  /** Messages older than this are deleted for everybody; 0: kept. */
  readonly retentionMs: number
}

/** What this device knows of a file that it uploads. */
export interface UploadOptions {
  /** Default: the file's own name. */
  readonly name?: string
  /** Media type; default: the file's own. */
  readonly type?: string
  /** Pixels of a picture or a film, as it is shown. */
  readonly width?: number
  readonly height?: number
  readonly durationMs?: number
  /** Loudness of a voice note over its time: up to 100 whole numbers from 0 to 100. */
  readonly waveform?: readonly number[]
  /** A small picture of it: PNG, JPEG or WebP, at most 128 KiB. */
  readonly thumbnail?: Blob
}

/** `waiting`: the connection broke, it goes on by itself; `failed`: refused for good, or until `retry()`. */
export type UploadStatus = 'uploading' | 'waiting' | 'done' | 'failed' | 'cancelled'

/** An upload at one moment. */
export interface UploadSnapshot {
  readonly status: UploadStatus
  /** Bytes that the server holds. */
  readonly sentBytes: number
  readonly totalBytes: number
  readonly error?: SangamError
}

/** A file on its way to the server. */
export interface Upload {
  readonly state: Store<UploadSnapshot>
  /** The file, for `send()`; rejects when it is refused or cancelled. After `retry()` a new promise. */
  readonly done: Promise<Attachment>
  /** Tries a failed one again, from where it came to. */
  retry(): void
  /** Gives it up; the server forgets what it holds of it. */
  cancel(): Promise<void>
}

/** How to ring. */
export interface CallOptions {
  /** Default false: a voice call. */
  readonly video?: boolean
  readonly microphoneDeviceId?: string
  readonly cameraDeviceId?: string
}

/** How to join. */
export interface JoinOptions {
  /** The name of a room that this join creates. */
  readonly name?: string
  /** An invite: its role is given, and no admission is needed. */
  readonly invite?: string
  /**
   * Whether the server is told which videos are on the screen, and how large, so that it sends no more (default true).
   * Switch it off if you render `mediaStreamTrack` yourself instead of calling `attach()`.
   */
  readonly adaptiveStream?: boolean
}

/** What this device wants to receive; see `Room.setReceiving()`. */
export interface ReceiveWishes {
  /** `trackId`s that come before others, whoever speaks. */
  readonly pinned?: readonly string[]
  /** At most so many videos; default: as the server decides. */
  readonly maxVideos?: number
  /** No video at all. */
  readonly audioOnly?: boolean
}

// ---------------------------------------------------------------------------------------------------------- chat

/** `sending` until the server stored it, `failed` when it refused it for good. */
export type MessageState = 'sending' | 'sent' | 'failed'

/** What is told of a call or of members by the server itself; see `SystemLine` in the protocol. */
export type SystemLine = NonNullable<WireMessage['system']>

/** One message, immutable; a change of state is a new object with the same `key`. */
export interface ChatMessage {
  /** Unique in its conversation, the same while sending and once sent: fit for a list's key. */
  readonly key: string
  readonly conversationId: string
  /** 1, 2, 3… without a gap; absent until stored. */
  readonly number?: number
  readonly clientMessageId: string
  readonly senderId: string
  readonly senderName: string
  /** Empty when it was deleted. */
  readonly text: string
  /** Milliseconds since 1970: the server's clock once stored, this device's before. */
  readonly sentAt: number
  /** Whether the session's own person wrote it (from any device). */
  readonly own: boolean
  readonly state: MessageState
  /** Why it failed. */
  readonly error?: SangamError
  /** The conversation's change that made it as it is; absent when it never changed. */
  readonly revision?: number | undefined
  readonly editedAt?: number | undefined
  readonly deletedAt?: number | undefined
  readonly pinnedAt?: number | undefined
  /** What it answers, in short. */
  readonly replyTo?: WireMessage['replyTo']
  /** Number of the message that begins the thread it belongs to. */
  readonly thread?: number | undefined
  /** Of a message that begins a thread. */
  readonly replies?: WireMessage['replies']
  /** Identities that the text names as `<@identity>`. */
  readonly mentions?: readonly string[] | undefined
  readonly reactions?: readonly MessageReaction[] | undefined
  readonly preview?: WireMessage['preview']
  readonly attachments?: readonly Attachment[] | undefined
  /** A line of the server's own; `text` says the same in English. */
  readonly system?: SystemLine | undefined
}

/** One emoji under a message. */
export interface MessageReaction {
  readonly emoji: string
  /** Identities, in the order in which they reacted. */
  readonly by: readonly string[]
}

/** A file of a message. */
export type Attachment = NonNullable<WireMessage['attachments']>[number]

/** What to send besides text. */
export interface SendOptions {
  /** Files that were uploaded for this conversation: what `Upload.done` gave. With them the text may be empty. */
  readonly attachments?: readonly Attachment[]
  /** Number of the message that this one answers. */
  readonly replyTo?: number
  /** Number of the message whose thread this one belongs to. */
  readonly thread?: number
  /** What this device knows of a link in the text. Others are shown it as text; nobody fetches the link for it. */
  readonly preview?: { readonly url: string; readonly title: string; readonly description?: string }
}

/** Somebody who writes now. */
export interface Typist {
  readonly identity: string
  readonly name: string
}

/** A conversation as it is shown. */
export interface ConversationSnapshot {
  readonly conversationId: string
  readonly kind: 'direct' | 'group'
  readonly access: 'open' | 'members'
  readonly title: string
  /** Owner and moderators first. */
  readonly members: readonly ConversationMember[]
  /** By number, without gap or double; own messages not yet stored stand last, in the order they were sent. */
  readonly messages: readonly ChatMessage[]
  /** Whether `loadEarlier()` would find more. */
  readonly hasEarlier: boolean
  /** The number of the newest stored message that is known. */
  readonly lastNumber: number
  /** The newest number each person has read. */
  readonly read: ReadonlyMap<string, number>
  /** The newest number that a device of each person holds; kept in conversations of up to 50 members. */
  readonly delivered: ReadonlyMap<string, number>
  /** Messages by others after the newest that this person has read. */
  readonly unread: number
  /** Those of them that are held and mention this person. */
  readonly mentioned: number
  /** The others who write now. */
  readonly typing: readonly Typist[]
  /** The pinned messages, the one pinned last first; empty until `loadPinned()`. */
  readonly pinned: readonly ChatMessage[]
  /** False while it is shown as this device kept it, and the server was not asked yet. */
  readonly caughtUp: boolean
  /** Why this person is no longer in it. */
  readonly gone?: 'left' | 'removed'
}

/** Events of a conversation. */
export interface ConversationEvents {
  /** A stored message, once each, in the order of numbers (own ones too), from the moment it was opened. */
  message: [message: ChatMessage]
  /** A message stands differently: edited, deleted, pinned or reacted to. Each state once, never an older one after a newer. */
  changed: [message: ChatMessage]
  /** Somebody has come farther. */
  receipt: [receipt: { readonly identity: string; readonly read: number; readonly delivered: number }]
  /** An own message was refused for good. */
  sendFailed: [message: ChatMessage]
}

/** A part of a conversation apart from its end: around a message, a date, or one thread. */
export interface HistoryView {
  readonly state: Store<HistorySnapshot>
  /** Resolves whether there is still more. */
  loadEarlier(limit?: number): Promise<boolean>
  loadLater(limit?: number): Promise<boolean>
  /** Lets go of the conversation. */
  close(): void
}

/** Such a part at one moment. */
export interface HistorySnapshot {
  /** By number; kept up to date with changes and, at the end of the conversation, with new messages. */
  readonly messages: readonly ChatMessage[]
  readonly hasEarlier: boolean
  readonly hasLater: boolean
}

/** An append-only log of messages. */
export interface Conversation extends Emitter<ConversationEvents> {
  readonly conversationId: string
  readonly state: Store<ConversationSnapshot>
  /**
   * Sends a text. Resolves with the stored message; while offline it waits in the outbox and goes out after the
   * reconnect, in order, also after a refresh of the page. Rejects when the server refuses it for good.
   */
  send(text: string, options?: SendOptions): Promise<ChatMessage>
  /** Sends a failed message again, as the same message. */
  retry(clientMessageId: string): Promise<ChatMessage>
  /** Brings a message before whoever runs the server. */
  report(number: number, reason: string): Promise<void>
  /** How it is kept calm and short. */
  care(): Promise<CareSettings>
  /** Changes that (moderators and owners); what is left out stays. */
  setCare(settings: Partial<CareSettings>): Promise<CareSettings>
  /** Gives a failed message up. */
  discard(clientMessageId: string): Promise<void>
  /** Loads an earlier page into the snapshot (default 50); resolves whether there is still more. */
  loadEarlier(limit?: number): Promise<boolean>
  /** Tells that everything up to `number` (default: the newest) was read. Never goes backwards. */
  markRead(number?: number): Promise<void>
  /** Replaces the text of an own message. */
  edit(number: number, text: string): Promise<void>
  /** Takes a message away for everybody: an own one, or any for moderators and owners. */
  delete(number: number): Promise<void>
  /** Puts an own emoji under a message, or takes it away. */
  react(number: number, emoji: string, on: boolean): Promise<void>
  pin(number: number, on: boolean): Promise<void>
  /** What a message said before it was edited, the oldest first. */
  versions(number: number): Promise<readonly { readonly text: string; readonly at: number }[]>
  /** Fills `pinned` in the snapshot; from then on it is kept up to date. */
  loadPinned(): Promise<void>
  /** Tells the others that this person writes; call it at each key. It is sent at most every 3 seconds. */
  setTyping(typing: boolean): void
  /** A part around a message or a moment (milliseconds since 1970), or a thread from its newest answers on. */
  history(
    at: { readonly around: number } | { readonly at: number } | { readonly thread: number },
  ): Promise<HistoryView>
  /** Gives a group another title (moderators and owners). */
  rename(title: string): Promise<void>
  invite(identities: readonly string[]): Promise<void>
  remove(identity: string): Promise<void>
  leave(): Promise<void>
  setRole(identity: string, role: ConversationMember['role']): Promise<void>
  /** How this person wants it listed; what is left out stays. `mutedUntil` 0: not muted. */
  setPreferences(preferences: {
    readonly mutedUntil?: number
    readonly archived?: boolean
    readonly pinned?: boolean
  }): Promise<void>
}

/** A message that waits for its acknowledgement. */
export interface OutboxEntry {
  readonly conversationId: string
  readonly clientMessageId: string
  readonly senderId: string
  readonly text: string
  readonly options?: SendOptions
  /** Milliseconds since 1970, this device's clock. */
  readonly createdAt: number
  /** The order of sending on this device. */
  readonly order: number
  /** Set when the server refused it for good: kept to be shown and retried. */
  readonly failed?: { readonly code: string; readonly message: string }
}

/** Where unacknowledged messages wait. `put` resolves once the entry would survive a refresh. */
export interface OutboxStore {
  /** Every entry of this sender, in order. */
  list(senderId: string): Promise<readonly OutboxEntry[]>
  put(entry: OutboxEntry): Promise<void>
  remove(senderId: string, clientMessageId: string): Promise<void>
  close(): Promise<void>
}

/** Where plain JSON values rest under a key. An entry that is lost costs time, never a message. */
export interface CacheStore {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<void>
  remove(key: string): Promise<void>
  close(): Promise<void>
}

// --------------------------------------------------------------------------------------------------------- media

/** Where a track comes from. */
export type TrackSource = 'microphone' | 'camera' | 'screen' | 'screenAudio'

/** A track at one moment. */
export interface TrackSnapshot {
  /** Not sending: muted by its owner. */
  readonly muted: boolean
  readonly ended: boolean
  /** The browser's own track; absent until media was negotiated. */
  readonly mediaStreamTrack?: MediaStreamTrack
  /** Loudness 0..1 of an audio track (linear, RFC 6464 scale as the browser reports it); 0 for video. */
  readonly audioLevel: number
  /** Whether the server sends a remote track to this device, and why; absent until it said so. */
  readonly delivery?: Delivery
}

/**
 * Why a track is sent to this device (`wanted`, `pinned`, `speaking`, `screenShare`) or held back: `notVisible` no
 * element shows it; `lastN` others spoke later; `quiet` not among the loudest voices; `audioOnly` asked for by this
 * device; `bandwidth` the network carries no more; `distress` it is so bad that only sound is left.
 */
export type DeliveryReason =
  | 'wanted'
  | 'pinned'
  | 'speaking'
  | 'screenShare'
  | 'notVisible'
  | 'lastN'
  | 'quiet'
  | 'audioOnly'
  | 'bandwidth'
  | 'distress'

/** What the server makes of a remote track for this device. */
export interface Delivery {
  readonly forwarded: boolean
  readonly reason: DeliveryReason
  /** Of simulcast, 0 the smallest. */
  readonly spatialLayer?: number | undefined
  readonly temporalLayer?: number | undefined
}

/** Events of a track. */
export interface TrackEvents {
  /** The browser will not play sound before a person touches the page; then call `room.resumePlayback()`. */
  playbackBlocked: [element: HTMLMediaElement]
  ended: []
}

/** One audio or video stream of one participant. */
export interface Track extends Emitter<TrackEvents> {
  /** Unique in its room. */
  readonly trackId: string
  readonly participantId: string
  readonly kind: 'audio' | 'video'
  readonly source: TrackSource
  readonly local: boolean
  readonly state: Store<TrackSnapshot>
  /** Plays the track in an element: the one given, or a new `<audio>` or `<video>`. Own tracks are attached silent. */
  attach(element?: HTMLMediaElement): HTMLMediaElement
  /** Takes the track off one element, or off all; returns those. */
  detach(element?: HTMLMediaElement): readonly HTMLMediaElement[]
}

/** How media flows between two devices. */
export interface ConnectionInfo {
  /** `direct`: between the two devices; `relayed`: through a TURN server; `unknown`: not yet connected. */
  readonly path: 'direct' | 'relayed' | 'unknown'
  /** One sentence for a person. */
  readonly description: string
  readonly protocol?: 'udp' | 'tcp'
  readonly local?: CandidateInfo
  readonly remote?: CandidateInfo
  readonly rttMs?: number
}

/** One end of the selected candidate pair (RFC 8445 section 5.1.1 types). */
export interface CandidateInfo {
  readonly type: 'host' | 'srflx' | 'prflx' | 'relay'
  readonly address?: string
  readonly port?: number
}

/** What flows now; measured each second over the last second. */
export interface MediaStats {
  readonly uploadBps: number
  readonly downloadBps: number
  /** Round-trip time of the selected candidate pair. */
  readonly rttMs?: number
  /** Video and audio streams that this device sends now. */
  readonly uploadedStreams: number
  readonly downloadedStreams: number
  readonly tracks: readonly TrackStats[]
}

/** One track's share. */
export interface TrackStats {
  /** `trackId` in a room; the browser's track id in a call. */
  readonly trackId: string
  readonly participantId?: string
  readonly kind: 'audio' | 'video'
  readonly direction: 'upload' | 'download'
  readonly bitrateBps: number
  /** Since the track began; video downloads only. */
  readonly framesDecoded?: number
  readonly framesPerSecond?: number
  readonly width?: number
  readonly height?: number
  readonly packetsLost?: number
  readonly jitterMs?: number
}

// --------------------------------------------------------------------------------------------------------- calls

/** `outgoing` and `incoming` ring; `reconnecting` has been connected before; `ended` is final. */
export type CallState = 'outgoing' | 'incoming' | 'connecting' | 'connected' | 'reconnecting' | 'ended'

/** Why a call ended. `failed`: it could not be set up or kept (see the error). */
export type CallEndReason =
  | 'rejected'
  | 'cancelled'
  | 'busy'
  | 'timeout'
  | 'hangup'
  | 'disconnected'
  | 'answeredElsewhere'
  | 'serverStopped'
  | 'failed'

/** A call at one moment. */
export interface CallSnapshot {
  readonly state: CallState
  /** Absent until the server gave one. */
  readonly callId?: string
  readonly direction: 'outgoing' | 'incoming'
  readonly peer: { readonly identity: string; readonly name: string }
  /** What was asked for when it rang. */
  readonly media: { readonly audio: boolean; readonly video: boolean }
  readonly microphoneEnabled: boolean
  readonly cameraEnabled: boolean
  readonly localStream?: MediaStream
  readonly remoteStream?: MediaStream
  /** Whether the other side sends picture or sound now. */
  readonly remoteVideo: boolean
  readonly remoteAudio: boolean
  /** Device troubles that the call goes on without (permission denied, no camera…). */
  readonly mediaErrors: readonly SangamError[]
  /** Milliseconds since 1970, when media first flowed. */
  readonly connectedAt?: number
  readonly endReason?: CallEndReason
  /** Who ended it, when somebody did. */
  readonly endedBy?: string
  readonly error?: SangamError
}

/** Events of a call. */
export interface CallEvents {
  stateChanged: [state: CallState]
  ended: [reason: CallEndReason]
}

/** A call between two people, media directly between their devices. */
export interface Call extends Emitter<CallEvents> {
  readonly state: Store<CallSnapshot>
  /** Zeros until connected. */
  readonly stats: Store<MediaStats>
  /** Answers an incoming call; default: with what the caller asked for. */
  accept(options?: CallOptions): Promise<void>
  /** Declines an incoming call. */
  reject(reason?: 'declined' | 'busy'): Promise<void>
  /** Ends the call from any state: cancels while it rings outward, declines while it rings here. */
  hangUp(): Promise<void>
  /** Mutes or opens the microphone; asks for it first where the call goes without. */
  setMicrophoneEnabled(enabled: boolean, options?: { readonly deviceId?: string }): Promise<void>
  /** Switches the camera off (its light goes out) or on. */
  setCameraEnabled(enabled: boolean, options?: { readonly deviceId?: string }): Promise<void>
  /** The selected candidate pair, in words. */
  connectionInfo(): Promise<ConnectionInfo>
}

// --------------------------------------------------------------------------------------------------------- rooms

/** `reconnecting`: media is being restored (or, in a room without media, the signalling); `closed` is final. */
export type RoomState = 'joined' | 'reconnecting' | 'closed'

/**
 * Why a room object closed. `removed`, `banned`: by a moderator; `ended`: by a host; `tooLong`: its length is over;
 * `revoked`: the token no longer grants it; `replaced`: another connection goes on as this participant.
 */
export type RoomCloseReason =
  | 'left'
  | 'sessionClosed'
  | 'removed'
  | 'banned'
  | 'ended'
  | 'tooLong'
  | 'revoked'
  | 'replaced'
  | 'rejoinFailed'

/** How media flows in a room. */
export type Topology = 'mesh' | 'sfu' | 'mcu'

/** Somebody in a room; a new object after each change. */
export interface Participant {
  readonly participantId: string
  readonly identity: string
  readonly name: string
  /** `host`, `cohost`, `speaker`, `listener`, or a role of the application's own. */
  readonly role: string
  /** Since when the hand is raised, milliseconds since 1970; undefined while it is down. */
  readonly handRaisedAt: number | undefined
  readonly local: boolean
  readonly tracks: readonly Track[]
  /** Sending sound and not muted. */
  readonly microphoneEnabled: boolean
  readonly cameraEnabled: boolean
  readonly screenShareEnabled: boolean
  readonly speaking: boolean
}

/** A room at one moment. */
export interface RoomSnapshot extends RoomRulesSnapshot {
  readonly roomId: string
  readonly name: string
  readonly state: RoomState
  readonly topology: Topology
  /** Why this topology, in words. */
  readonly topologyReason: string
  /** The local participant first, then in the order of joining. */
  readonly participants: readonly Participant[]
  /** Ids of those who speak now, the loudest first. */
  readonly activeSpeakers: readonly string[]
  /** The browser refuses to play sound: show a button that calls `resumePlayback()`. */
  readonly playbackBlocked: boolean
  readonly closeReason?: RoomCloseReason
  readonly error?: SangamError
}

/** Events of a room. */
export interface RoomEvents extends RoomRulesEvents {
  stateChanged: [state: RoomState]
  participantJoined: [participant: Participant]
  participantLeft: [participant: Participant]
  /** A remote track's media can be attached. */
  trackSubscribed: [track: Track, participant: Participant]
  trackUnsubscribed: [track: Track, participant: Participant]
  activeSpeakersChanged: [participantIds: readonly string[]]
  /** Somebody sent a message that might have got lost; it comes out of order, too. */
  data: [message: ReceivedLossyMessage]
  topologyChanged: [change: { readonly from: Topology; readonly to: Topology; readonly reason: string }]
  playbackBlocked: []
  /** An own track ended by itself: the device was unplugged, screen sharing stopped in the browser's bar. */
  localTrackEnded: [source: TrackSource]
  closed: [reason: RoomCloseReason]
}

/** How to open a device. */
export interface DeviceOptions {
  readonly deviceId?: string
  /** A track of the application's own (a preview's, a canvas's) instead of a device; stopped when switched off. */
  readonly mediaStreamTrack?: MediaStreamTrack
}

/** A room that this device is in. */
export interface Room extends Emitter<RoomEvents>, RoomTalk {
  readonly roomId: string
  readonly participantId: string
  readonly state: Store<RoomSnapshot>
  readonly participants: Store<readonly Participant[]>
  readonly stats: Store<MediaStats>
  /** Rejects with a media error (`mediaPermissionDenied`, `mediaNotFound`…) and leaves things as they were. */
  setMicrophoneEnabled(enabled: boolean, options?: DeviceOptions): Promise<void>
  setCameraEnabled(enabled: boolean, options?: DeviceOptions): Promise<void>
  setScreenShareEnabled(enabled: boolean): Promise<void>
  /**
   * Sends a message that may get lost (a cursor, a pointer) to everybody in the room, over the media connection. Gives
   * whether it left; false while there is no way, or too much waits. Needs the right `data`, else it is dropped on its
   * way. Throws RangeError: the topic has 1 to 64 bytes, the payload (bytes, or JSON) 1000 at most.
   */
  sendLossy(topic: string, payload: LossyPayload): boolean
  /** Says what this device wants; replaces what was said before. Sizes and visibility are told by themselves. */
  setReceiving(wishes: ReceiveWishes): void
  /** Plays what the browser held back; call it from a click. */
  resumePlayback(): Promise<void>
  leave(): Promise<void>
}

/** The devices of this machine; labels are empty until the person gave a permission. */
export interface MediaDevicesSnapshot {
  readonly microphones: readonly MediaDeviceEntry[]
  readonly cameras: readonly MediaDeviceEntry[]
  readonly speakers: readonly MediaDeviceEntry[]
}

/** One device. */
export interface MediaDeviceEntry {
  readonly deviceId: string
  readonly label: string
}
