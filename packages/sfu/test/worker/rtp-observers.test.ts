import { HeaderExtensionUri, writeRtpPacket } from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
import { DominantSpeaker } from '../../src/worker/observer/dominant-speaker.ts'
import type { WebRtcTransport } from '../../src/worker/transport/webrtc-transport.ts'
import { EngineFixture } from './engine-fixture.ts'

const AUDIO_LEVEL_ID = 10
const SPEECH = -30
const SILENCE = -127

/** A router with audio producers `p0`, `p1` …, each on a transport of its own, and the packets that they send. */
class AudioRoom {
  readonly fixture = new EngineFixture()
  readonly #senders: { transport: WebRtcTransport; sequence: number }[] = []

  constructor(count: number) {
    for (let i = 0; i < count; i++) {
      const transport = this.fixture.connected(`t${i}`, 41000 + i)
      this.#senders.push({ transport, sequence: 65500 + i })
      this.fixture.engine.produce({
        transportId: `t${i}`,
        producerId: `p${i}`,
        kind: 'audio',
        rtpParameters: {
          mid: '0',
          codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48000, channels: 2 }],
          headerExtensions: [{ uri: HeaderExtensionUri.audioLevel, id: AUDIO_LEVEL_ID }],
          encodings: [{ ssrc: 1000 + i }],
        },
        rtpMapping: { codecs: [{ payloadType: 111, mappedPayloadType: 100 }], encodings: [] },
        keyFrameRequestDelay: 0,
        paused: false,
      })
    }
  }

  /** `ms` milliseconds pass, a packet every 20 ms of each; `levels` in dBov by producer, undefined: sends nothing. */
  pass(ms: number, levels: readonly (number | undefined)[]): void {
    for (let elapsed = 0; elapsed < ms; elapsed += 20) {
      levels.forEach((level, i) => {
        if (level !== undefined) this.#send(i, level)
      })
      this.fixture.run()
      this.fixture.tick(20)
    }
  }

  /** What the observer told since the last call. */
  take(observerId = 'observer'): unknown[] {
    return this.fixture.events
      .splice(0)
      .filter(({ target }) => target === observerId)
      .map(({ event, data }) => {
        if (event === 'rtpObserver.volumes') return (data as { volumes: unknown }).volumes
        if (event === 'rtpObserver.dominantSpeaker') return (data as { producerId: string }).producerId
        return event.replace('rtpObserver.', '')
      })
  }

  #send(i: number, level: number): void {
    const sender = this.#senders[i]!
    const bytes = new Uint8Array(200)
    const length = writeRtpPacket(bytes, 0, {
      payloadType: 111,
      sequenceNumber: sender.sequence++ & 0xffff,
      timestamp: sender.sequence * 960,
      ssrc: 1000 + i,
      // RFC 6464 section 3: one bit for voice, then the level as -dBov.
      headerExtensions: [{ id: AUDIO_LEVEL_ID, data: Uint8Array.of(0x80 | -level) }],
      payload: new Uint8Array(20),
    })
    this.fixture.port.addRtp(sender.transport.session, bytes.slice(0, length))
  }
}

function audioLevels(room: AudioRoom, options: { maxEntries?: number; thresholdDbov?: number } = {}): void {
  room.fixture.engine.createAudioLevelObserver({
    routerId: 'router',
    rtpObserverId: 'observer',
    maxEntries: options.maxEntries ?? 1,
    thresholdDbov: options.thresholdDbov ?? -80,
    intervalMs: 1000,
  })
}

function observe(room: AudioRoom, ...producers: string[]): void {
  for (const producer of producers) room.fixture.engine.observeProducer('observer', producer)
}

describe('AudioLevelObserver', () => {
  test('tells the mean level of the interval, the loudest first, as many as asked for', () => {
    const room = new AudioRoom(4)
    audioLevels(room, { maxEntries: 2 })
    observe(room, 'p0', 'p1', 'p2', 'p3')
    room.pass(500, [-40, -20, -60, undefined])
    room.pass(500, [-20, -20, -60, undefined])
    expect(room.take()).toEqual([
      [
        { producerId: 'p1', volume: -20 },
        { producerId: 'p0', volume: -30 },
      ],
    ])
  })

  test('counts who reaches the threshold, exactly too', () => {
    const room = new AudioRoom(2)
    audioLevels(room, { maxEntries: 9, thresholdDbov: -50 })
    observe(room, 'p0', 'p1')
    room.pass(1000, [-50, -51])
    expect(room.take()).toEqual([[{ producerId: 'p0', volume: -50 }]])
  })

  test('tells silence once, and only after somebody was heard', () => {
    const room = new AudioRoom(1)
    audioLevels(room)
    observe(room, 'p0')
    room.pass(2000, [SILENCE])
    expect(room.take()).toEqual([])
    room.pass(1000, [SPEECH])
    room.pass(3000, [undefined])
    expect(room.take()).toEqual([[{ producerId: 'p0', volume: SPEECH }], 'silence'])
    room.pass(1000, [SPEECH])
    expect(room.take()).toHaveLength(1)
  })

  test('tells nothing while paused but silence once, and starts anew when resumed', () => {
    const room = new AudioRoom(1)
    audioLevels(room)
    observe(room, 'p0')
    room.pass(1000, [SPEECH])
    room.pass(500, [-5])
    room.take()
    const observer = room.fixture.engine.rtpObservers.get('observer')!
    observer.pause()
    room.pass(1500, [-5])
    expect(room.take()).toEqual(['silence'])
    observer.resume()
    room.pass(1000, [SPEECH])
    expect(room.take()).toEqual([[{ producerId: 'p0', volume: SPEECH }]])
  })

  test('does not hear a paused producer, nor one that was removed or closed', () => {
    const room = new AudioRoom(3)
    audioLevels(room, { maxEntries: 9 })
    observe(room, 'p0', 'p1', 'p2')
    room.fixture.engine.producers.get('p0')!.pause()
    room.fixture.engine.rtpObservers.get('observer')!.removeProducer('p1')
    room.pass(1000, [SPEECH, SPEECH, SPEECH])
    expect(room.take()).toEqual([[{ producerId: 'p2', volume: SPEECH }]])
    room.fixture.engine.closeProducer('p2')
    room.pass(1000, [SPEECH, SPEECH, undefined])
    expect(room.take()).toEqual(['silence'])
  })

  test('two observers of one producer do not disturb each other; closing one leaves the other', () => {
    const room = new AudioRoom(1)
    audioLevels(room)
    observe(room, 'p0')
    room.fixture.engine.createAudioLevelObserver({
      routerId: 'router',
      rtpObserverId: 'fast',
      maxEntries: 1,
      thresholdDbov: -80,
      intervalMs: 250,
    })
    room.fixture.engine.observeProducer('fast', 'p0')
    room.pass(980, [SPEECH])
    room.fixture.engine.closeRtpObserver('fast')
    room.pass(20, [SPEECH])
    expect(room.take()).toEqual([[{ producerId: 'p0', volume: SPEECH }]])
    expect(room.fixture.engine.producers.get('p0')!.streams[0]!.levelMeters).toHaveLength(1)
  })

  test('goes with its router; refuses video and producers of other routers', () => {
    const room = new AudioRoom(1)
    audioLevels(room)
    const { engine } = room.fixture
    engine.createRouter('other')
    engine.createAudioLevelObserver({
      routerId: 'other',
      rtpObserverId: 'elsewhere',
      maxEntries: 1,
      thresholdDbov: -80,
      intervalMs: 1000,
    })
    expect(() => engine.observeProducer('elsewhere', 'p0')).toThrow(/producer p0 does not exist/)
    const publisher = room.fixture.connected('video', 42000)
    room.fixture.produceVideo(publisher)
    expect(() => engine.observeProducer('observer', 'producer')).toThrow(/no audio/)
    engine.closeRouter('other')
    expect([...engine.rtpObservers.keys()]).toEqual(['observer'])
    expect(engine.routers.get('router')!.dump()).toMatchObject({ rtpObserverIds: ['observer'] })
  })
})

function activeSpeaker(room: AudioRoom): void {
  room.fixture.engine.createActiveSpeakerObserver({
    routerId: 'router',
    rtpObserverId: 'observer',
    intervalMs: 300,
  })
}

describe('ActiveSpeakerObserver', () => {
  test('tells who has the floor: nobody at first, the first to speak, then who takes over', () => {
    const room = new AudioRoom(3)
    activeSpeaker(room)
    observe(room, 'p0', 'p1', 'p2')
    room.pass(1000, [SILENCE, SILENCE, undefined])
    expect(room.take()).toEqual([])
    room.pass(1000, [SILENCE, SPEECH, undefined])
    expect(room.take()).toEqual(['p1'])
    room.pass(1500, [SPEECH, SILENCE, undefined])
    expect(room.take()).toEqual(['p0'])
  })

  test('a paused observer tells nothing, and a removed speaker makes room', () => {
    const room = new AudioRoom(2)
    activeSpeaker(room)
    observe(room, 'p0', 'p1')
    const observer = room.fixture.engine.rtpObservers.get('observer')!
    observer.pause()
    room.pass(1000, [SPEECH, SILENCE])
    expect(room.take()).toEqual([])
    observer.resume()
    room.pass(1000, [SPEECH, SILENCE])
    expect(room.take()).toEqual(['p0'])
    room.fixture.engine.closeProducer('p0')
    room.pass(1000, [undefined, SPEECH])
    expect(room.take()).toEqual(['p1'])
  })

  test('60 ms packets sound like speech, not like pauses', () => {
    const room = new AudioRoom(1)
    activeSpeaker(room)
    observe(room, 'p0')
    for (let i = 0; i < 15; i++) {
      room.pass(20, [SPEECH])
      room.pass(40, [undefined])
    }
    expect(room.take()).toEqual(['p0'])
  })
})

/** Frames of `ms` milliseconds for each speaker, without a decision. */
function say(speakers: DominantSpeaker<string>, ms: number, levels: Record<string, number>): void {
  for (let frame = 0; frame < ms / 20; frame++) {
    for (const [id, dbov] of Object.entries(levels)) speakers.push(id, dbov)
  }
}

/** Frames of `ms` milliseconds for each speaker, decided every 300 ms. @returns who became dominant, in order */
function floor(speakers: DominantSpeaker<string>, ms: number, levels: Record<string, number>): string[] {
  const told: string[] = []
  for (let frame = 0; frame < ms / 20; frame++) {
    for (const [id, dbov] of Object.entries(levels)) speakers.push(id, dbov)
    if (frame % 15 === 14 && speakers.decide()) told.push(speakers.dominant as string)
  }
  return told
}

describe('DominantSpeaker', () => {
  function conversation(...ids: string[]): DominantSpeaker<string> {
    const speakers = new DominantSpeaker<string>()
    for (const id of ids) speakers.add(id)
    return speakers
  }

  test('a cough does not take the floor', () => {
    const speakers = conversation('talker', 'cougher')
    expect(floor(speakers, 2000, { talker: SPEECH, cougher: SILENCE })).toEqual(['talker'])
    expect(floor(speakers, 100, { talker: SPEECH, cougher: -10 })).toEqual([])
    expect(floor(speakers, 2000, { talker: SPEECH, cougher: SILENCE })).toEqual([])
  })

  test('a cough in a pause of the speaker does not take the floor either: the last second counts', () => {
    const speakers = conversation('talker', 'cougher')
    say(speakers, 1000, { talker: SPEECH, cougher: SILENCE })
    speakers.decide()
    say(speakers, 120, { talker: SILENCE, cougher: -10 })
    expect(speakers.decide()).toBe(false)
  })

  test('a gap between two words gives nothing away to who speaks at the same time: the last moments count', () => {
    const speakers = conversation('talker', 'other')
    say(speakers, 1000, { talker: SPEECH, other: SILENCE })
    speakers.decide()
    for (let i = 0; i < 10; i++) {
      say(speakers, 60, { talker: SPEECH, other: SPEECH })
      say(speakers, 40, { talker: SILENCE, other: SPEECH })
    }
    expect(speakers.decide()).toBe(false)
  })

  test('who is silent at the moment of the decision does not take the floor', () => {
    const speakers = conversation('talker', 'other')
    say(speakers, 1000, { talker: SPEECH, other: SILENCE })
    speakers.decide()
    say(speakers, 900, { talker: SILENCE, other: SPEECH })
    say(speakers, 40, { talker: SILENCE, other: SILENCE })
    expect(speakers.decide()).toBe(false)
    say(speakers, 20, { talker: SILENCE, other: SPEECH })
    expect(speakers.decide()).toBe(true)
  })

  test('who is louder while the other goes on speaking does not take the floor', () => {
    const speakers = conversation('talker', 'shouter')
    floor(speakers, 1500, { talker: SPEECH, shouter: SILENCE })
    expect(floor(speakers, 1500, { talker: SPEECH, shouter: -10 })).toEqual([])
  })

  test('a short pause of the speaker gives nothing away while nobody speaks', () => {
    const speakers = conversation('talker', 'listener')
    floor(speakers, 1500, { talker: SPEECH, listener: SILENCE })
    expect(floor(speakers, 5000, { talker: SILENCE, listener: SILENCE })).toEqual([])
    expect(speakers.dominant).toBe('talker')
  })

  test('who takes over when the speaker falls silent has the floor within a second', () => {
    const speakers = conversation('a', 'b')
    floor(speakers, 3000, { a: SPEECH, b: SILENCE })
    expect(floor(speakers, 1000, { a: SILENCE, b: SPEECH })).toEqual(['b'])
  })

  test('a steady background noise neither has nor takes the floor', () => {
    const speakers = conversation('fan', 'talker')
    floor(speakers, 20_000, { fan: -45, talker: SILENCE })
    expect(floor(speakers, 1500, { fan: -45, talker: SPEECH })).toEqual(['talker'])
    expect(floor(speakers, 10_000, { fan: -45, talker: SILENCE })).toEqual([])
  })

  test('of several the one who spoke most becomes the first', () => {
    const speakers = conversation('late', 'early')
    floor(speakers, 280, { late: SILENCE, early: SPEECH })
    expect(floor(speakers, 300, { late: SPEECH, early: SPEECH })).toEqual(['early'])
  })

  test('who leaves is dominant no more', () => {
    const speakers = conversation('a')
    floor(speakers, 600, { a: SPEECH })
    speakers.remove('a')
    expect(speakers.dominant).toBeUndefined()
    expect(floor(speakers, 600, { a: SPEECH })).toEqual([])
  })
})
