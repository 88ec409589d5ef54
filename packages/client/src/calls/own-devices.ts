import type { CallOptions, CallSnapshot } from '../api.ts'
import type { SangamError } from '../errors.ts'
import type { openDevice, openTracks } from '../media/devices.ts'

/** How devices are opened; tests bring their own. */
export interface DeviceOpeners {
  readonly openTracks: typeof openTracks
  readonly openDevice: typeof openDevice
}

/** A microphone or a camera, by what comes out of it. */
export type Kind = 'audio' | 'video'

/** The part of a call's snapshot that is about the own devices. */
export type OwnMedia = Pick<
  CallSnapshot,
  'microphoneEnabled' | 'cameraEnabled' | 'mediaErrors' | 'localStream'
>

/** Microphone and camera of one call: at most one track each. */
export class OwnDevices {
  readonly #openers: DeviceOpeners
  readonly #tracks = new Map<Kind, MediaStreamTrack>()
  #errors: readonly SangamError[] = []
  #stream: MediaStream | undefined
  #stopped = false

  constructor(openers: DeviceOpeners) {
    this.#openers = openers
  }

  get tracks(): ReadonlyMap<Kind, MediaStreamTrack> {
    return this.#tracks
  }

  /** Opens what is wanted; what can't be had is remembered as an error, and the call goes on without. */
  async open(options: CallOptions): Promise<void> {
    const opened = await this.#openers.openTracks({
      audio: { deviceId: options.microphoneDeviceId },
      video: options.video === true && { deviceId: options.cameraDeviceId },
    })
    this.#errors = opened.errors
    for (const track of opened.tracks) this.#put(track.kind === 'video' ? 'video' : 'audio', track)
  }

  /** Opens one device in the place of another of its kind; its track, unless the call ended meanwhile. */
  async use(kind: Kind, deviceId: string | undefined): Promise<MediaStreamTrack | undefined> {
    const device = kind === 'audio' ? 'microphone' : 'camera'
    this.#put(kind, await this.#openers.openDevice(device, { deviceId }))
    return this.#tracks.get(kind)
  }

  /** Releases one device: the light of a camera goes out. */
  release(kind: Kind): void {
    this.#tracks.get(kind)?.stop()
    this.#tracks.delete(kind)
  }

  /** Releases all for good; what is still being opened is released as it comes. */
  stop(): void {
    this.#stopped = true
    for (const kind of [...this.#tracks.keys()]) this.release(kind)
  }

  /** What the snapshot shows; the same stream while its tracks are the same. */
  view(): OwnMedia {
    const tracks = [...this.#tracks.values()]
    const held = this.#stream?.getTracks() ?? []
    const same = held.length === tracks.length && tracks.every((track) => held.includes(track))
    if ((!same || !this.#stream) && !this.#stopped && typeof MediaStream !== 'undefined') {
      this.#stream = new MediaStream(tracks)
    }
    return {
      microphoneEnabled: this.#tracks.get('audio')?.enabled ?? false,
      cameraEnabled: this.#tracks.has('video'),
      mediaErrors: this.#errors,
      ...(this.#stream === undefined ? {} : { localStream: this.#stream }),
    }
  }

  #put(kind: Kind, track: MediaStreamTrack): void {
    if (this.#stopped) {
      track.stop()
      return
    }
    this.release(kind)
    this.#tracks.set(kind, track)
  }
}
