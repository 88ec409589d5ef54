/** The public contract of a room; its rules stand in rules-api.ts. */
import type { LossyPayload, ReceivedLossyMessage } from '@sangam/protocol'
import type { SangamError } from '../errors.ts'
import type { DeviceOptions, MediaStats, Track, TrackSource } from '../media/media-api.ts'
import type { Emitter, Store } from '../observable.ts'
import type { RoomRulesEvents, RoomRulesSnapshot, RoomTalk } from './rules-api.ts'

export type { LossyPayload, ReceivedLossyMessage } from '@sangam/protocol'

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
