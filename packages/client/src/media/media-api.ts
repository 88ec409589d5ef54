/** The public contract of tracks, devices and what is measured of media. */
import type { Emitter, Store } from '../observable.ts'

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
 * device; `bandwidth` the network carries no more; `distress` it is so bad that one small picture beside sound has to do.
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

/** How to open a device. */
export interface DeviceOptions {
  readonly deviceId?: string
  /** A track of the application's own (a preview's, a canvas's) instead of a device; stopped when switched off. */
  readonly mediaStreamTrack?: MediaStreamTrack
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
