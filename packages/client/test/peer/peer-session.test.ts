import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FakePeerPlatform, fakeTrack } from '../../src/peer/fake-peer-connection.ts'
import { PeerSession } from '../../src/peer/peer-session.ts'
import { setHighestLayer } from '../../src/peer/sender-parameters.ts'
import { encodingPlan } from '../../src/rooms/encodings.ts'
import { consumer, roomCapabilities, transport } from './fixtures.ts'

let platform: FakePeerPlatform
let session: PeerSession
beforeEach(() => {
  platform = new FakePeerPlatform()
  session = new PeerSession(platform, transport, roomCapabilities)
})
afterEach(() => session.close())

const browser = () => {
  const [connection] = platform.connections
  if (connection === undefined) throw new Error('no connection')
  return connection
}
const camera = () => ({
  track: fakeTrack('video', 'cam'),
  ...encodingPlan('camera', { width: 1280, height: 720 }),
})
const microphone = () => ({ track: fakeTrack('audio', 'mic'), ...encodingPlan('microphone', {}) })

describe('a session', () => {
  test('takes from the room what the browser knows, under the numbers of the room', () => {
    const { codecs, headerExtensions } = session.receiveCapabilities
    const numbers = new Map(roomCapabilities.codecs?.map((one) => [one.preferredPayloadType, one.mimeType]))
    expect(codecs?.map(({ mimeType }) => mimeType)).toEqual(['audio/opus', 'video/VP8', 'video/rtx'])
    for (const codec of codecs ?? []) expect(numbers.get(codec.preferredPayloadType)).toBe(codec.mimeType)
    expect(headerExtensions?.some(({ uri }) => uri.includes('dependency-descriptor'))).toBe(false)
  })

  test('opens with all that is sent in one pass', async () => {
    const [dtls, sendingVideo, sendingAudio] = await Promise.all([
      session.open(),
      session.send(camera()),
      session.send(microphone()),
    ])
    expect(browser().offers).toHaveLength(1)
    expect(dtls).toMatchObject({ role: 'client', fingerprints: [{ algorithm: 'sha-256' }] })
    expect(sendingVideo.rtpParameters).toMatchObject({
      codecs: [{ mimeType: 'video/VP8' }, { mimeType: 'video/rtx' }],
      encodings: [{ rid: 'l' }, { rid: 'm' }, { rid: 'h' }],
    })
    expect(sendingAudio.rtpParameters.encodings?.[0]?.ssrc).toBeGreaterThan(0)
  })

  test('sends a camera with the smallest layer alone until more is wanted', async () => {
    const { sender } = await session.send(camera())
    const active = () => sender.getParameters().encodings.map((encoding) => encoding.active)
    expect(active()).toEqual([true, false, false])
    await Promise.all([setHighestLayer(sender, 2), setHighestLayer(sender, 1)])
    expect(active()).toEqual([true, true, false])
    await setHighestLayer(sender, -1)
    expect(active()).toEqual([false, false, false])
    expect(
      sender.getParameters().encodings.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy),
    ).toEqual([4, 2, 1])
  })

  test('sets a hundred streams up in one pass, and drops them in one', async () => {
    await session.open()
    const consumers = Array.from({ length: 100 }, (_, index) => consumer(index))
    const halves = [consumers.slice(0, 50), consumers.slice(50)]
    const [first, second] = await Promise.all(halves.map((half) => session.receive(half)))
    expect(browser().offers).toHaveLength(2)
    expect((first?.size ?? 0) + (second?.size ?? 0)).toBe(100)
    expect(first?.get('k7')?.track.id).toBe('k7')
    await session.drop(consumers.map(({ consumerId }) => consumerId))
    expect(browser().offers).toHaveLength(3)
    expect(browser().getTransceivers()).toEqual([])
  })

  test('uses the sections of what went for what comes', async () => {
    await session.receive([consumer(0), consumer(1, 'audio')])
    await session.drop(['k0'])
    await session.receive([consumer(2)])
    const mids = (browser().offers.at(-1) ?? '').match(/a=mid:\S+/g)
    expect(mids).toEqual(['a=mid:data', 'a=mid:2', 'a=mid:1'])
  })

  test('goes on with the sections it had after ICE restarts, under the new credentials', async () => {
    await session.receive([consumer(0)])
    await session.restartIce({ usernameFragment: 'second', password: 'another-password-here', iceLite: true })
    const offer = browser().offers.at(-1) ?? ''
    expect(offer).toContain('a=ice-ufrag:second')
    expect(offer).toContain('a=mid:0')
  })

  test('a stream that is stopped leaves its section, and the track to its owner', async () => {
    const plan = camera()
    const sending = await session.send(plan)
    await session.stop(sending)
    expect(browser().getTransceivers()).toEqual([])
    expect(plan.track.readyState).toBe('live')
  })

  test('a room without a codec that the browser sends refuses a track', async () => {
    const audioOnly = { ...roomCapabilities, codecs: (roomCapabilities.codecs ?? []).slice(0, 1) }
    const other = new PeerSession(platform, transport, audioOnly)
    expect(other.canSend('video')).toBe(false)
    await expect(other.send(camera())).rejects.toThrow('no codec')
    other.close()
  })

  test('what waits when it closes is refused', async () => {
    const opening = session.open()
    session.close()
    await expect(opening).rejects.toThrow('closed')
    await expect(session.receive([consumer(0)])).rejects.toThrow('closed')
  })

  test('a description that the browser refuses fails what asked for it, not what comes after', async () => {
    await session.open()
    const refused = browser()
    const setRemoteDescription = refused.setRemoteDescription.bind(refused)
    refused.setRemoteDescription = () => Promise.reject(new Error('not like this'))
    await expect(session.send(camera())).rejects.toThrow('not like this')
    refused.setRemoteDescription = setRemoteDescription
    await expect(session.send(microphone())).resolves.toBeDefined()
    expect(
      browser()
        .getTransceivers()
        .map(({ kind }) => kind),
    ).toEqual(['audio'])
  })
})
