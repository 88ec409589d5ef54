import type { DeviceOptions } from '../api.ts'
import { errors } from '../errors.ts'
import { openDevice, openScreen } from '../media/devices.ts'
import type { Publications } from './publications.ts'

/** Switches microphone, camera and screen of one room on and off; changes of one device run one after another. */
export class LocalDevices {
  readonly #roomId: string
  readonly #publications: Publications

  constructor(roomId: string, publications: Publications) {
    this.#roomId = roomId
    this.#publications = publications
  }

  /** Off only pauses, so that unmuting is instant. */
  setMicrophone(enabled: boolean, options: DeviceOptions): Promise<void> {
    const publications = this.#publications
    return publications.inTurn('microphone', async () => {
      if (!enabled) return publications.setMuted('microphone', true)
      if (publications.has('microphone') && !asksForAnother(options)) {
        return publications.setMuted('microphone', false)
      }
      await this.#publish('microphone', options)
    })
  }

  /** Off releases the camera: its light goes out. */
  setCamera(enabled: boolean, options: DeviceOptions): Promise<void> {
    const publications = this.#publications
    return publications.inTurn('camera', async () => {
      if (!enabled) return publications.unpublish('camera')
      if (publications.has('camera') && !asksForAnother(options)) return
      await this.#publish('camera', options)
    })
  }

  /** On asks the person what to share; its sound comes along where the browser gives it. */
  setScreenShare(enabled: boolean): Promise<void> {
    const publications = this.#publications
    return publications.inTurn('screen', async () => {
      if (!enabled) {
        await Promise.all([publications.unpublish('screen'), publications.unpublish('screenAudio')])
        return
      }
      if (publications.has('screen')) return
      const stream = await openScreen()
      const [video, audio] = [stream.getVideoTracks()[0], stream.getAudioTracks()[0]]
      this.#refuseIfClosed(stream.getTracks())
      if (video) await publications.publish('screen', video)
      if (audio) await publications.publish('screenAudio', audio)
    })
  }

  async #publish(source: 'microphone' | 'camera', options: DeviceOptions): Promise<void> {
    const track = options.mediaStreamTrack ?? (await openDevice(source, { deviceId: options.deviceId }))
    this.#refuseIfClosed([track])
    await this.#publications.publish(source, track)
  }

  /** The room was left while the person was asked. */
  #refuseIfClosed(tracks: readonly MediaStreamTrack[]): void {
    if (!this.#publications.closed) return
    for (const track of tracks) track.stop()
    throw errors.roomClosed(this.#roomId)
  }
}

function asksForAnother(options: DeviceOptions): boolean {
  return options.deviceId !== undefined || options.mediaStreamTrack !== undefined
}
