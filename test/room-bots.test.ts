import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type Sangam, type ServerOptions } from '@sangam/server'
import { PeerPort } from '@sangam/testkit'
import { BotCamera, BotMicrophone, guestToken, MediaLoop, RoomBot } from '@sangam/testkit/bots'
import { afterEach, describe, expect, test } from 'vitest'

const roomId = 'load'
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A server with real media workers, and people without browsers who come to it. */
class Stage {
  readonly sangam: Sangam
  readonly url: string
  readonly port = new PeerPort()
  readonly loop = new MediaLoop()
  readonly bots: RoomBot[] = []

  private constructor(sangam: Sangam, url: string) {
    this.sangam = sangam
    this.url = url
  }

  static async open(options: ServerOptions): Promise<Stage> {
    const dataDir = mkdtempSync(join(tmpdir(), 'sangam-bots-'))
    cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }))
    const sangam = await createServer({
      env: {},
      configFile: false,
      port: 0,
      httpsPort: 'off',
      mediaPort: 0,
      rateLimitFactor: 1000,
      logLevel: 'error',
      network: { lan: [], loopback: ['127.0.0.1'] },
      dataDir,
      ...options,
    })
    cleanups.push(() => sangam.close())
    const { localUrl } = await sangam.listen()
    const stage = new Stage(sangam, localUrl.replace('localhost', '127.0.0.1'))
    cleanups.push(() => stage.#close())
    return stage
  }

  async join(media: { camera?: boolean; levelDbov?: number } = {}): Promise<RoomBot> {
    const microphone = new BotMicrophone()
    microphone.levelDbov = media.levelDbov ?? -70
    const bot = await RoomBot.join({
      url: this.url,
      token: await guestToken(this.url, `Bot ${this.bots.length}`),
      roomId,
      port: this.port,
      microphone,
      camera: media.camera === true ? new BotCamera() : undefined,
      givesFeedback: true,
    })
    this.bots.push(bot)
    this.loop.add(bot)
    return bot
  }

  async metrics(...names: string[]): Promise<number[]> {
    const text = await this.sangam.metrics.metrics()
    return names.map((name) => Number(new RegExp(`^sangam_${name} (.+)$`, 'm').exec(text)?.[1] ?? Number.NaN))
  }

  #close(): void {
    this.loop.close()
    for (const bot of this.bots) bot.close()
    this.port.close()
  }
}

/** How many of a bot's videos show pictures. */
const seen = (bot: RoomBot): number => [...bot.streams.values()].filter(({ pictures }) => pictures > 5).length
/** Participants whose sound a bot gets. */
const heard = (bot: RoomBot): string[] =>
  [...bot.streams.values()]
    .filter(({ consumer, packets }) => consumer.kind === 'audio' && packets > 5)
    .map(({ consumer }) => consumer.participantId)
const patience = { timeout: 20_000 }

describe('a room of people without browsers, on two workers', () => {
  test('has one connection and one upload per person, and everybody sees everybody', async () => {
    const stage = await Stage.open({ mediaWorkers: 2, roomSpread: 5 })
    const people = 10
    for (let i = 0; i < people; i++) await stage.join({ camera: true })
    await expect.poll(() => stage.bots.map(seen), patience).toEqual(Array(people).fill(people - 1))
    expect(await stage.metrics('transports', 'producers', 'media_pipes')).toEqual([
      people,
      2 * people,
      2 * people,
    ])
    expect(stage.sangam.media.workers().map(({ participants }) => participants)).toEqual([5, 5])
    expect(stage.bots.map(({ connections }) => connections)).toEqual(Array(people).fill(1))
    for (const { camera } of stage.bots) expect(camera?.wantedLayer).toBe(2)
  }, 60_000)

  test('goes on when a worker is killed: nobody joins again, everybody is who they were', async () => {
    const stage = await Stage.open({ mediaWorkers: 2, roomSpread: 3 })
    for (let i = 0; i < 6; i++) await stage.join({ camera: true })
    await expect.poll(() => stage.bots.map(seen), patience).toEqual(Array(6).fill(5))
    const ids = stage.bots.map(({ participantId }) => participantId)
    const there = stage.bots.slice(0, 3)
    const moved = there.map((bot) => once(bot, 'moved'))
    process.kill(stage.sangam.media.workers()[0]?.pid ?? 0, 'SIGKILL')
    expect(await Promise.all(moved)).toEqual(Array(3).fill(['workerDied']))
    const sees = (): string[][] =>
      stage.bots.map(({ streams }) =>
        [...streams.values()]
          .filter(({ pictures }) => pictures > 5)
          .map(({ consumer }) => consumer.participantId)
          .sort(),
      )
    await expect.poll(sees, patience).toEqual(ids.map((id) => ids.filter((other) => other !== id).sort()))
    expect(stage.bots.map(({ connections }) => connections)).toEqual([2, 2, 2, 1, 1, 1])
    expect(await stage.metrics('participants', 'transports', 'producers')).toEqual([6, 6, 12])
  }, 60_000)

  test('hears the three who speak, of any number of open microphones, on either worker', async () => {
    const stage = await Stage.open({ mediaWorkers: 2, roomSpread: 4 })
    for (let i = 0; i < 8; i++) await stage.join({ levelDbov: i < 3 ? -30 : -75 })
    const speakers = stage.bots.slice(0, 3).map(({ participantId }) => participantId)
    await expect
      .poll(() => stage.bots.slice(3).map((bot) => speakers.every((id) => heard(bot).includes(id))), patience)
      .toEqual(Array(5).fill(true))
    const reasonsOf = (bot: RoomBot, reason: string): number =>
      [...bot.states.values()].filter((state) => state.reason === reason).length
    await expect
      .poll(
        () => stage.bots.slice(3).map((bot) => [reasonsOf(bot, 'speaking'), reasonsOf(bot, 'quiet')]),
        patience,
      )
      .toEqual(Array(5).fill([3, 4]))
    // Somebody quiet begins to speak while somebody else stops.
    const [fourth, first] = [stage.bots[5] as RoomBot, stage.bots[0] as RoomBot]
    if (fourth.microphone !== undefined) fourth.microphone.levelDbov = -30
    if (first.microphone !== undefined) first.microphone.levelDbov = -75
    await expect.poll(() => heard(stage.bots[7] as RoomBot), patience).toContain(fourth.participantId)
  }, 60_000)

  test('moves away from a worker that is drained, and back in when it takes people again', async () => {
    const stage = await Stage.open({ mediaWorkers: 2 })
    for (let i = 0; i < 3; i++) await stage.join({ camera: true })
    await expect.poll(() => stage.bots.map(seen), patience).toEqual(Array(3).fill(2))
    const older = stage.bots.map(({ streams }) => new Set(streams.keys()))
    const moved = stage.bots.map((bot) => once(bot, 'moved'))
    // Nothing is broken before it goes on: who leaves a connection hears everybody by the newer ones.
    const heardOnLeaving = stage.bots.map(async (bot, index) => {
      await once(bot, 'left')
      return [...bot.streams.values()].filter(
        ({ consumer, packets }) =>
          consumer.kind === 'audio' && packets > 0 && older[index]?.has(consumer.consumerId) === false,
      ).length
    })
    stage.sangam.media.drain(0)
    expect(await Promise.all(moved)).toEqual(Array(3).fill(['drained']))
    expect(await Promise.all(heardOnLeaving)).toEqual([2, 2, 2])
    expect(stage.bots.map(({ connections }) => connections)).toEqual([2, 2, 2])
    expect(await stage.metrics('transports', 'producers')).toEqual([3, 6])
    await expect.poll(() => stage.bots.map(seen), patience).toEqual(Array(3).fill(2))
    expect(stage.sangam.media.workers().map(({ participants }) => participants)).toEqual([0, 3])
  }, 60_000)

  test('is heard while the signalling is gone, and goes on as it was when it is back', async () => {
    const stage = await Stage.open({ mediaWorkers: 1 })
    const [asha, ravi] = [await stage.join({ levelDbov: -30 }), await stage.join({ levelDbov: -30 })]
    await expect.poll(() => heard(ravi), patience).toEqual([asha.participantId])
    ravi.cutSignalling()
    await expect.poll(() => stage.metrics('connections'), patience).toEqual([1])
    const [stream] = ravi.streams.values()
    const before = stream?.packets ?? 0
    await expect.poll(() => stream?.packets ?? 0, patience).toBeGreaterThan(before + 20)
    const returned = once(ravi, 'returned')
    ravi.restoreSignalling()
    expect(await returned).toEqual([true])
    expect(ravi.connections).toBe(1)
    expect([...ravi.streams.values()]).toEqual([stream])
  }, 60_000)

  test('leaves nothing behind after people came and went a hundred times', async () => {
    const stage = await Stage.open({ mediaWorkers: 2, roomSpread: 2 })
    const bots = [await stage.join(), await stage.join(), await stage.join(), await stage.join()]
    await Promise.all(
      bots.map(async (bot) => {
        for (let i = 0; i < 25; i++) await bot.cycle()
      }),
    )
    expect(await stage.metrics('participants', 'transports', 'producers')).toEqual([4, 4, 4])
    for (const bot of bots) await bot.leave()
    await expect
      .poll(
        () => stage.metrics('rooms', 'participants', 'transports', 'producers', 'consumers', 'media_pipes'),
        patience,
      )
      .toEqual([0, 0, 0, 0, 0, 0])
    expect(stage.sangam.media.workers().map(({ participants }) => participants)).toEqual([0, 0])
  }, 60_000)
})
