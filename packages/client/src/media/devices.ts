import type { MediaDeviceEntry, MediaDevicesSnapshot, Store } from '../api.ts'
import { errors, isSangamError, type SangamError } from '../errors.ts'
import { WritableStore } from '../store.ts'

/** Which device to open: the default one, or this one. */
export type DeviceWish = boolean | { readonly deviceId?: string | undefined }

/** Which devices to open. */
export interface DevicesWish {
  readonly audio?: DeviceWish
  readonly video?: DeviceWish
}

/** Microphone and camera that could be opened, and why another could not. */
export interface OpenedDevices {
  readonly stream: MediaStream
  readonly errors: readonly SangamError[]
}

/** Processing that people expect of a call; a browser without one of them ignores it. */
const MICROPHONE: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
}

const CAMERA: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
}

/**
 * Opens microphone and camera in one question to the person; when that fails, each by itself, so that a missing
 * camera does not cost the microphone. Never rejects: what failed stands in `errors` (`mediaPermissionDenied`,
 * `mediaNotFound`, `mediaBusy`, `mediaUnsupported`, `mediaFailed`).
 */
export async function openDevices(wish: DevicesWish): Promise<OpenedDevices> {
  const { tracks, errors: troubles } = await openTracks(wish)
  return { stream: new MediaStream([...tracks]), errors: troubles }
}

/** `openDevices` without the stream, which Node has not. */
export async function openTracks(
  wish: DevicesWish,
): Promise<{ readonly tracks: readonly MediaStreamTrack[]; readonly errors: readonly SangamError[] }> {
  const audio = constraintsOf(wish.audio, MICROPHONE)
  const video = constraintsOf(wish.video, CAMERA)
  if (audio && video) {
    const both = await getUserMedia({ audio, video }, 'microphone and camera')
    if (!isSangamError(both)) return { tracks: both.getTracks(), errors: [] }
  }
  const troubles: SangamError[] = []
  const tracks: MediaStreamTrack[] = []
  for (const [constraints, device] of [
    [audio && { audio }, 'microphone'],
    [video && { video }, 'camera'],
  ] as const) {
    if (!constraints) continue
    const opened = await getUserMedia(constraints, device)
    if (isSangamError(opened)) troubles.push(opened)
    else tracks.push(...opened.getTracks())
  }
  return { tracks, errors: troubles }
}

/** Opens one device; rejects with one of the media codes. */
export async function openDevice(
  kind: 'microphone' | 'camera',
  wish: DeviceWish = true,
): Promise<MediaStreamTrack> {
  const constraints =
    kind === 'microphone'
      ? { audio: constraintsOf(wish, MICROPHONE) }
      : { video: constraintsOf(wish, CAMERA) }
  const opened = await getUserMedia(constraints, kind)
  if (isSangamError(opened)) throw opened
  const track = opened.getTracks()[0]
  if (!track) throw errors.mediaNotFound(kind)
  return track
}

/** Asks for a screen, window or tab; with its sound where the browser gives it. */
export async function openScreen(): Promise<MediaStream> {
  const devices = globalThis.navigator?.mediaDevices
  if (typeof devices?.getDisplayMedia !== 'function') throw errors.mediaUnsupported('screen sharing')
  try {
    return await devices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } }, audio: true })
  } catch (caught) {
    throw mediaError(caught, 'screen')
  }
}

/** What the browser's refusal means. The names are those of the Media Capture and Streams specification, section 10.2. */
export function mediaError(caught: unknown, device: string): SangamError {
  const name = caught instanceof Error || caught instanceof DOMException ? caught.name : ''
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return errors.mediaPermissionDenied(device, caught)
    case 'NotFoundError':
    case 'OverconstrainedError':
      return errors.mediaNotFound(device, caught)
    case 'NotReadableError':
    case 'AbortError':
      return errors.mediaBusy(device, caught)
    default:
      return errors.mediaFailed(`opening the ${device}`, caught)
  }
}

let knownDevices: WritableStore<MediaDevicesSnapshot> | undefined

/** The devices of this machine, kept up to date while they are plugged and unplugged; one store per page. */
export function mediaDevices(): Store<MediaDevicesSnapshot> {
  if (knownDevices === undefined) {
    knownDevices = new WritableStore<MediaDevicesSnapshot>({ microphones: [], cameras: [], speakers: [] })
    globalThis.navigator?.mediaDevices?.addEventListener?.('devicechange', () => void refreshDevices())
    void refreshDevices()
  }
  return knownDevices
}

/** Lists the devices again: labels appear only after the person gave a permission. */
export async function refreshDevices(): Promise<void> {
  const devices = globalThis.navigator?.mediaDevices
  if (knownDevices === undefined || typeof devices?.enumerateDevices !== 'function') return
  const all = await devices.enumerateDevices().catch(() => [])
  const ofKind = (kind: MediaDeviceKind): readonly MediaDeviceEntry[] =>
    all.filter((device) => device.kind === kind).map(({ deviceId, label }) => ({ deviceId, label }))
  knownDevices.set({
    microphones: ofKind('audioinput'),
    cameras: ofKind('videoinput'),
    speakers: ofKind('audiooutput'),
  })
}

function constraintsOf(
  wish: DeviceWish | undefined,
  base: MediaTrackConstraints,
): MediaTrackConstraints | false {
  if (wish === undefined || wish === false) return false
  if (wish === true || wish.deviceId === undefined) return base
  return { ...base, deviceId: { exact: wish.deviceId } }
}

async function getUserMedia(
  constraints: MediaStreamConstraints,
  device: string,
): Promise<MediaStream | SangamError> {
  const devices = globalThis.navigator?.mediaDevices
  if (typeof devices?.getUserMedia !== 'function') return errors.mediaUnsupported(`the ${device}`)
  try {
    const stream = await devices.getUserMedia(constraints)
    void refreshDevices()
    return stream
  } catch (caught) {
    return mediaError(caught, device)
  }
}
