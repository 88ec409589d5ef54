import { addSender } from '@sangam/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../../server/test/support/test-server.ts'
import type { ConnectOptions, Participant, Room, Session, Track } from '../src/api.ts'
import { connect } from '../src/index.ts'
import { storeReaches } from '../src/store.ts'
import { type FakePeerConnection, FakePeerPlatform, fakeTrack } from '../src/testing.ts'
import { CuttableLink } from './support/cuttable-link.ts'

// The whole way from SDK to server, with stand-ins for the browser's media and for the engine.

const sessions: Session[] = []
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close()
})

interface Guest {
  readonly session: Session
  readonly room: Room
  readonly platform: FakePeerPlatform
  /** The connection in use. */
  readonly connection: () => FakePeerConnection
}

const enter = async (url: string, name: string, options: Partial<ConnectOptions> = {}): Promise<Guest> => {
  const platform = new FakePeerPlatform()
  const who = options.token === undefined ? { guest: { name, storage: null } } : {}
  const session = await connect(url, { ...who, peerPlatform: platform, ...options })
  sessions.push(session)
  const room = await session.join('standup')
  const connection = (): FakePeerConnection => {
    const last = platform.connections.at(-1)
    if (last === undefined) throw new Error('no connection was made')
    return last
  }
  return { session, room, platform, connection }
}

const subscribed = (room: Room, source: Track['source'] = 'microphone'): Promise<Track> =>
  new Promise((resolve) => {
    const here = room.participants
      .get()
      .flatMap(({ tracks }) => tracks)
      .find((track) => !track.local && track.source === source && track.state.get().mediaStreamTrack)
    if (here) resolve(here)
    else room.on('trackSubscribed', (track) => track.source === source && resolve(track))
  })

const speak = (guest: Guest): Promise<void> =>
  guest.room.setMicrophoneEnabled(true, { mediaStreamTrack: fakeTrack('audio', 'mic') })
const show = (guest: Guest): Promise<void> =>
  guest.room.setCameraEnabled(true, { mediaStreamTrack: fakeTrack('video', 'cam') })
const others = (room: Room): readonly Participant[] => room.participants.get().filter(({ local }) => !local)
const engineProducers = (server: TestServer) =>
  server.engine.routers.flatMap((router) => [...router.producers.values()])

describe('media of a room', () => {
  test('goes both ways over one connection', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await enter(server.url, 'Asha'), await enter(server.url, 'Ravi')]
    await speak(asha)
    await speak(ravi)
    const heard = await subscribed(ravi.room)
    expect(heard.participantId).toBe(asha.room.participantId)
    expect(heard.state.get().mediaStreamTrack?.readyState).toBe('live')
    await subscribed(asha.room)
    expect([asha, ravi].map(({ platform }) => platform.connections.length)).toEqual([1, 1])
    expect(await server.metric('sangam_transports')).toBe(2)
  })

  test('somebody who comes later, and publishes at once, sets all of it up in two passes', async () => {
    const server = await startTestServer()
    const early = await Promise.all(['A', 'B', 'C', 'D'].map((name) => enter(server.url, name)))
    for (const guest of early) await Promise.all([speak(guest), show(guest)])
    const late = await enter(server.url, 'Late')
    await expect.poll(() => others(late.room).flatMap(({ tracks }) => tracks).length).toBe(8)
    const missing = () =>
      others(late.room)
        .flatMap(({ tracks }) => tracks)
        .filter((track) => track.state.get().mediaStreamTrack === undefined)
    await expect.poll(missing).toEqual([])
    expect(late.connection().offers).toHaveLength(2)
  })

  test('muting stops the track here and at the server, and goes on where it was', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await enter(server.url, 'Asha'), await enter(server.url, 'Ravi')]
    const track = fakeTrack('audio', 'mic')
    await asha.room.setMicrophoneEnabled(true, { mediaStreamTrack: track })
    const heard = await subscribed(ravi.room)
    await asha.room.setMicrophoneEnabled(false)
    await storeReaches(heard.state, ({ muted }) => muted)
    expect(track.enabled).toBe(false)
    expect(engineProducers(server).map(({ paused }) => paused)).toEqual([true])
    await asha.room.setMicrophoneEnabled(true)
    await storeReaches(heard.state, ({ muted }) => !muted)
    expect(track.enabled).toBe(true)
  })

  test('a camera that is switched off and on again takes the section it had', async () => {
    const server = await startTestServer()
    const asha = await enter(server.url, 'Asha')
    for (let round = 0; round < 3; round += 1) {
      await show(asha)
      await asha.room.setCameraEnabled(false)
    }
    await show(asha)
    expect(asha.connection().offers.at(-1)?.match(/^m=/gm)).toHaveLength(2)
    expect(engineProducers(server)).toHaveLength(1)
  })

  test('layers that the server wants are encoded, the others not', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await enter(server.url, 'Asha'), await enter(server.url, 'Ravi')]
    await show(asha)
    const [sender] = asha
      .connection()
      .getTransceivers()
      .map((transceiver) => transceiver.sender)
    const active = () => sender?.encodings.map((encoding) => encoding.active)
    // Ravi renders by himself, so far as the server knows: he may need the whole of it.
    await expect.poll(active).toEqual([true, true, true])
    ravi.room.setReceiving({ audioOnly: true })
    await expect.poll(active, { timeout: 30_000 }).toEqual([false, false, false])
    const track = await subscribed(ravi.room, 'camera')
    await storeReaches(track.state, ({ delivery }) => delivery?.reason === 'audioOnly')
    ravi.room.setReceiving({})
    await expect.poll(active).toEqual([true, true, true])
  })
})

describe('messages that may get lost', () => {
  test('leave over the data channel and arrive as an event', async () => {
    const server = await startTestServer()
    const asha = await enter(server.url, 'Asha')
    const [channel] = asha.connection().dataChannels
    expect(channel?.options).toMatchObject({ negotiated: true, id: 0, ordered: false, maxRetransmits: 0 })
    expect(asha.room.sendLossy('cursor', { x: 3 })).toBe(true)
    const [frame] = channel?.sent ?? []
    const arrived = Promise.withResolvers<unknown>()
    asha.room.on('data', arrived.resolve)
    channel?.deliver(Uint8Array.of(1, 2, 3))
    channel?.deliver(addSender('p7', frame ?? new Uint8Array()))
    expect(await arrived.promise).toEqual({ participantId: 'p7', topic: 'cursor', payload: { x: 3 } })
  })

  test('are not sent while there is no way or too much waits, and refused when too long', async () => {
    const server = await startTestServer()
    const asha = await enter(server.url, 'Asha')
    const [channel] = asha.connection().dataChannels
    if (channel === undefined) throw new Error('no channel')
    channel.bufferedAmount = 1_000_000
    expect(asha.room.sendLossy('cursor', 1)).toBe(false)
    channel.readyState = 'closed'
    channel.bufferedAmount = 0
    expect(asha.room.sendLossy('cursor', 1)).toBe(false)
    expect(() => asha.room.sendLossy('', 1)).toThrow(RangeError)
    expect(() => asha.room.sendLossy('cursor', 'x'.repeat(1000))).toThrow(RangeError)
    expect(channel.sent).toEqual([])
  })
})

describe('when something breaks', () => {
  test('without signalling media goes on, and what happened meanwhile is made up for', async () => {
    const server = await startTestServer()
    await using link = await CuttableLink.before(server.url)
    const [asha, ravi] = [await enter(server.url, 'Asha'), await enter(link.url, 'Ravi')]
    await speak(asha)
    const heard = await subscribed(ravi.room)
    const states: string[] = []
    ravi.room.on('stateChanged', (state) => states.push(state))
    const { participantId } = ravi.room
    link.cut()
    await storeReaches(ravi.session.connection, ({ state }) => state === 'reconnecting')
    expect(ravi.room.state.get().state).toBe('joined')
    expect(ravi.connection().connectionState).toBe('connected')
    await show(asha)
    link.mend()
    const seen = await subscribed(ravi.room, 'camera')
    expect(seen.participantId).toBe(asha.room.participantId)
    expect(ravi.room.participantId).toBe(participantId)
    expect(heard.state.get().ended).toBe(false)
    expect(ravi.platform.connections).toHaveLength(1)
    expect(states).toEqual([])
  })

  test('what went away without signalling is gone when it is back', async () => {
    const server = await startTestServer()
    await using link = await CuttableLink.before(server.url)
    const [asha, ravi] = [await enter(server.url, 'Asha'), await enter(link.url, 'Ravi')]
    await show(asha)
    const seen = await subscribed(ravi.room, 'camera')
    link.cut()
    await storeReaches(ravi.session.connection, ({ state }) => state === 'reconnecting')
    await asha.room.setCameraEnabled(false)
    link.mend()
    await storeReaches(seen.state, ({ ended }) => ended)
    await expect.poll(() => ravi.connection().getTransceivers()).toEqual([])
  })

  /** Ravi, in a room where only moderators unmute, behind a link; Asha moderates. Both send sound and picture. */
  const moderated = async (link: CuttableLink, server: TestServer, mayUnmute: boolean) => {
    const [asha, ravi] = [await enter(server.url, 'Asha'), await enter(link.url, 'Ravi')]
    await asha.room.moderation.changeSettings({ mayUnmute })
    await Promise.all([speak(ravi), show(ravi)])
    await subscribed(asha.room)
    await subscribed(asha.room, 'camera')
    const muteAway = async (): Promise<void> => {
      link.cut()
      await storeReaches(ravi.session.connection, ({ state }) => state === 'reconnecting')
      await asha.room.moderation.mute(ravi.room.participantId)
    }
    return { asha, ravi, muteAway }
  }
  const own = (guest: Guest): string[] =>
    guest.room.participants
      .get()
      .filter(({ local }) => local)
      .flatMap(({ tracks }) => tracks)
      .map((track) => `${track.source} ${track.state.get().muted ? 'muted' : 'open'}`)
      .sort()
  const published = (server: TestServer): string[] =>
    engineProducers(server)
      .map(({ kind, paused }) => `${kind} ${paused ? 'paused' : 'open'}`)
      .sort()

  test.each([true, false])(
    'who was muted while the signalling was away stays muted when it is back (mayUnmute: %s)',
    async (mayUnmute) => {
      const server = await startTestServer()
      await using link = await CuttableLink.before(server.url)
      const { ravi, muteAway } = await moderated(link, server, mayUnmute)
      await muteAway()
      link.mend()
      await expect.poll(() => own(ravi)).toEqual(['camera open', 'microphone muted'])
      expect(published(server)).toEqual(['audio paused', 'video open'])
      expect(ravi.platform.connections).toHaveLength(1)
    },
  )

  test('who was muted while signalling and media were lost comes back muted, with the camera', async () => {
    const server = await startTestServer({ mediaWorkers: 2 })
    await using link = await CuttableLink.before(server.url)
    const { asha, ravi, muteAway } = await moderated(link, server, false)
    await muteAway()
    server.engine.workers.find((worker) => worker.routers.size > 0)?.die()
    await storeReaches(asha.room.state, ({ state }) => state === 'joined')
    link.mend()
    await expect.poll(() => ravi.platform.connections.length).toBe(2)
    await expect.poll(() => published(server)).toEqual(['audio paused', 'video open'])
    expect(own(ravi)).toEqual(['camera open', 'microphone muted'])
  })

  test('who was muted on another device and comes back as somebody new is refused the microphone alone', async () => {
    const server = await startTestServer({ reconnectGraceSeconds: 0 })
    await using link = await CuttableLink.before(server.url)
    const token = (): Promise<string> =>
      server.sangam.tokens.issue({
        identity: 'ravi',
        name: 'Ravi',
        rooms: { standup: { publish: true } },
      })
    const asha = await enter(server.url, 'Asha')
    await asha.room.moderation.changeSettings({ mayUnmute: false })
    const [laptop, phone] = [
      await enter(server.url, 'Ravi', { token }),
      await enter(link.url, 'Ravi', { token }),
    ]
    await speak(laptop)
    await Promise.all([speak(phone), show(phone)])
    await asha.room.moderation.mute(laptop.room.participantId)
    expect(own(phone)).toEqual(['camera open', 'microphone open'])
    const gone = new Promise((resolve) => asha.room.on('participantLeft', resolve))
    link.cut()
    await gone
    link.mend()
    await expect.poll(() => published(server)).toEqual(['audio paused', 'audio paused', 'video open'])
    expect(own(phone)).toEqual(['camera open', 'microphone muted'])
  })

  test('lost media comes back by an ICE restart', async () => {
    const server = await startTestServer()
    const asha = await enter(server.url, 'Asha')
    const before = asha
      .connection()
      .offers.at(-1)
      ?.match(/a=ice-ufrag:\S+/)?.[0]
    asha.connection().become('failed')
    await storeReaches(asha.room.state, ({ state }) => state === 'reconnecting')
    await expect
      .poll(
        () =>
          asha
            .connection()
            .offers.at(-1)
            ?.match(/a=ice-ufrag:\S+/)?.[0],
      )
      .not.toBe(before)
    asha.connection().become('connected')
    await storeReaches(asha.room.state, ({ state }) => state === 'joined')
    expect(asha.platform.connections).toHaveLength(1)
  })

  test('a worker that dies costs a new connection, and nothing else', async () => {
    const server = await startTestServer({ mediaWorkers: 2 })
    const [asha, ravi] = [await enter(server.url, 'Asha'), await enter(server.url, 'Ravi')]
    await Promise.all([speak(asha), show(asha)])
    const tracks = await Promise.all([subscribed(ravi.room), subscribed(ravi.room, 'camera')])
    const left: string[] = []
    ravi.room.on('participantLeft', ({ name }) => left.push(name))
    ravi.room.on('trackUnsubscribed', ({ source }) => left.push(source))
    const participantIds = [asha, ravi].map(({ room }) => room.participantId)
    const shownBefore = tracks.map((track) => track.state.get().mediaStreamTrack)
    server.engine.workers.find((worker) => worker.routers.size > 0)?.die()
    await expect
      .poll(() => tracks.map((track, index) => track.state.get().mediaStreamTrack !== shownBefore[index]))
      .toEqual([true, true])
    await storeReaches(ravi.room.state, ({ state }) => state === 'joined')
    expect([asha, ravi].map(({ room }) => room.participantId)).toEqual(participantIds)
    expect([asha, ravi].map(({ platform }) => platform.connections.length)).toEqual([2, 2])
    expect(tracks.map((track) => track.state.get().ended)).toEqual([false, false])
    expect(left).toEqual([])
    expect(await server.metric('sangam_transports')).toBe(2)
  })

  test('a worker that is drained is left unnoticed, by a connection beside the older one', async () => {
    const server = await startTestServer({ mediaWorkers: 2 })
    const [asha, ravi] = [await enter(server.url, 'Asha'), await enter(server.url, 'Ravi')]
    await Promise.all([speak(asha), show(asha)])
    const tracks = await Promise.all([subscribed(ravi.room), subscribed(ravi.room, 'camera')])
    const noticed: string[] = []
    for (const { room } of [asha, ravi]) {
      room.on('stateChanged', (state) => noticed.push(state))
      room.on('participantLeft', ({ name }) => noticed.push(name))
      room.on('trackUnsubscribed', ({ source }) => noticed.push(source))
    }
    const older = [asha, ravi].map((guest) => guest.connection())
    const openAtOnce: number[] = []
    for (const { platform } of [asha, ravi]) {
      const make = platform.connect.bind(platform)
      platform.connect = () => {
        const made = make()
        openAtOnce.push(
          platform.connections.filter(({ connectionState }) => connectionState !== 'closed').length,
        )
        return made
      }
    }
    server.sangam.media.drain(server.engine.workers.findIndex((worker) => worker.routers.size > 0))
    await expect.poll(() => older.map(({ connectionState }) => connectionState)).toEqual(['closed', 'closed'])
    expect(openAtOnce).toEqual([2, 2])
    expect([asha, ravi].map(({ platform }) => platform.connections.length)).toEqual([2, 2])
    const shown = tracks.map((track) => track.state.get())
    expect(shown.map(({ ended, mediaStreamTrack }) => [ended, mediaStreamTrack?.readyState])).toEqual([
      [false, 'live'],
      [false, 'live'],
    ])
    expect(noticed).toEqual([])
    expect(published(server)).toEqual(['audio open', 'video open'])
    expect(await server.metric('sangam_transports')).toBe(2)
  })

  test('without a browser a room has its people, and publishing is refused', async () => {
    const server = await startTestServer()
    const session = await connect(server.url, { guest: { name: 'Bot', storage: null } })
    sessions.push(session)
    const room = await session.join('standup')
    expect(room.state.get().state).toBe('joined')
    const track = fakeTrack('audio', 'mic')
    await expect(room.setMicrophoneEnabled(true, { mediaStreamTrack: track })).rejects.toMatchObject({
      code: 'mediaUnsupported',
    })
    expect(await server.metric('sangam_transports')).toBe(0)
  })
})
