/** The public contract of a call of two. */
import type { SangamError } from '../errors.ts'
import type { ConnectionInfo, MediaStats } from '../media/media-api.ts'
import type { Emitter, Store } from '../observable.ts'

/** How to ring. */
export interface CallOptions {
  /** Default false: a voice call. */
  readonly video?: boolean
  readonly microphoneDeviceId?: string
  readonly cameraDeviceId?: string
}

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
