/**
 * The public contract of a room's rules: roles and rights, the lobby, moderation, reactions, messages and methods.
 */
import type {
  BannedPerson,
  Moderator,
  PolicyReason,
  Reaction,
  RoomInvite,
  RoomPermission,
  RoomSender,
  RoomSettings,
  WaitingPerson,
} from '@sangam/protocol'
import type { Emitter, Store, Unsubscribe } from '../observable.ts'

export type {
  BannedPerson,
  Moderator,
  PolicyReason,
  Reaction,
  RoomInvite,
  RoomPermission,
  RoomSender,
  RoomSettings,
  WaitingPerson,
} from '@sangam/protocol'

/** The rules of a room as they are for this person now. */
export interface RoomRulesSnapshot {
  /** `host`, `cohost`, `speaker`, `listener`, or a role of the application's own. */
  readonly role: string
  /** What this person may do: what the token grants, as far as the role has it. */
  readonly permissions: readonly RoomPermission[]
  readonly settings: RoomSettings
  /** Milliseconds since 1970 when the room ends by its length; undefined: it does not. */
  readonly endsAt: number | undefined
  /** Who waits in the lobby, the longest first; empty for those who may not moderate. */
  readonly waiting: readonly WaitingPerson[]
  /** Set while a moderator's offer of the stage is open; answer with `answerStage()`. */
  readonly stageInvitation: Moderator | undefined
  /** Set while the microphone is muted by a moderator. */
  readonly mutedBy: MutedBy | undefined
}

/** Who muted one's microphone. */
export interface MutedBy {
  readonly by: Moderator
  /** Whether one may unmute oneself. */
  readonly mayUnmute: boolean
}

/** Events of a room's rules; they are events of the `Room`. */
export interface RoomRulesEvents {
  /** One's own role or rights changed. What one may no longer publish has ended. */
  roleChanged: [change: { readonly role: string; readonly permissions: readonly RoomPermission[] }]
  settingsChanged: [settings: RoomSettings]
  /** Who waits in the lobby changed; for those who may moderate. */
  lobbyChanged: [waiting: readonly WaitingPerson[]]
  /** A moderator muted one's microphone, or ended one's camera or screen share. */
  muted: [
    muting: {
      readonly source: 'microphone' | 'camera' | 'screen' | 'screenAudio'
      readonly by: Moderator
      readonly mayUnmute: boolean
    },
  ]
  /** A moderator asks one to unmute oneself. */
  unmuteAllowed: [by: Moderator]
  /** A moderator offers one the role of a speaker. */
  stageInvited: [by: Moderator]
  /** The room ends soon by its length: 5 minutes and 1 minute before. */
  endingSoon: [endsAt: number]
  reaction: [reaction: { readonly participantId: string; readonly reaction: Reaction }]
  /** A message of the application, by a participant or its backend (then without `participantId`). */
  message: [message: { readonly from: RoomSender; readonly topic: string; readonly payload: unknown }]
}

/** An invite as it was made: the only moment when its secret is known. */
export interface NewRoomInvite extends RoomInvite {
  /** The secret for a link, to be given to `join()` as `invite`. */
  readonly invite: string
}

/** What moderators may do. Each rejects with `forbidden` (see `policyReasonOf()`) where the policy says no. */
export interface RoomModeration {
  admit(identity: string): Promise<void>
  admitAll(): Promise<void>
  refuse(identity: string): Promise<void>
  mute(participantId: string): Promise<void>
  /** Mutes everybody of lower rank; resolves with how many microphones were open. */
  muteAll(): Promise<number>
  /** Lets somebody unmute themselves who was muted, and asks them to. */
  allowUnmute(participantId: string): Promise<void>
  stopCamera(participantId: string): Promise<void>
  stopScreenShare(participantId: string): Promise<void>
  lowerHand(participantId: string): Promise<void>
  inviteToStage(participantId: string): Promise<void>
  setRole(participantId: string, role: string): Promise<void>
  /** Makes somebody the host and oneself a co-host. */
  transferHost(participantId: string): Promise<void>
  remove(participantId: string): Promise<void>
  ban(identity: string): Promise<void>
  unban(identity: string): Promise<void>
  bans(): Promise<readonly BannedPerson[]>
  changeSettings(settings: Partial<RoomSettings>, name?: string): Promise<void>
  /** @param options role (default: that of newcomers), and how long it is valid in seconds (default one day) */
  createInvite(options?: { readonly role?: string; readonly ttlSeconds?: number }): Promise<NewRoomInvite>
  invites(): Promise<readonly RoomInvite[]>
  revokeInvite(inviteId: string): Promise<void>
  /** Ends the room for everybody. */
  end(): Promise<void>
}

/** Handles a method that others call here. What it returns must be JSON; what it throws is told by its message. */
export type RoomMethodHandler = (payload: unknown, from: RoomSender) => unknown

/** What everybody in a room may say besides media; part of the `Room`. */
export interface RoomTalk {
  readonly moderation: RoomModeration
  setHandRaised(raised: boolean): Promise<void>
  /** Accepts or declines a moderator's offer of the stage. */
  answerStage(accept: boolean): Promise<void>
  /** Shows a reaction to everybody, oneself included. */
  react(reaction: Reaction): Promise<void>
  /**
   * Sends a value (JSON, at most 16 KiB of text) to others in the room, in order; not stored.
   * @param to participant ids, or `server` for the application's backend; default: everybody else
   * @returns how many it was sent to
   */
  sendMessage(topic: string, payload: unknown, options?: { readonly to?: readonly string[] }): Promise<number>
  /**
   * Calls a method of a participant, or of the application's backend (`server`), and resolves with its result. Rejects
   * with `methodFailed`, `notFound` (no such method), or `unavailable` (no answer in time).
   */
  invoke(
    to: string,
    method: string,
    payload?: unknown,
    options?: { readonly timeoutMs?: number },
  ): Promise<unknown>
  /** Handles a method that others call here; a second handler of the same method replaces the first. */
  handle(method: string, handler: RoomMethodHandler): Unsubscribe
}

/** `open`: join now, `waiting`: in the queue, `turnedAway` and `left` are final. */
export type KnockState = 'waiting' | 'open' | 'turnedAway' | 'left'

/** A knock at one moment. */
export interface KnockSnapshot {
  readonly state: KnockState
  /** Title of the room. */
  readonly name: string
  /** Place in the queue when one knocked, 1 is next; 0 when open. */
  readonly position: number
  /** Why one was turned away. */
  readonly reason?: 'refused' | 'banned' | 'ended' | PolicyReason
}

/** Events of a knock. */
export interface KnockEvents {
  /** Let in: join now. */
  admitted: []
  turnedAway: [reason: 'refused' | 'banned' | 'ended' | PolicyReason]
}

/** Waits in the lobby of a room, also over reconnects. */
export interface Knock extends Emitter<KnockEvents> {
  readonly roomId: string
  readonly state: Store<KnockSnapshot>
  /** Gives up waiting. */
  leave(): Promise<void>
}
