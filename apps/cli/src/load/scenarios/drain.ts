import { BotCamera, BotMicrophone, GapMeter, LAYER_BPS, type RoomBot } from '@sangam/testkit/bots'
import { Crowd, seconds, until } from '../crowd.ts'
import type { Figure, Scenario } from '../scenario.ts'
import { ServerUnderLoad } from '../server-under-load.ts'

const people = 10
/** As many as are forwarded at a time. */
const speakers = 3
/** Without an event, to compare with. */
const calmSeconds = 3
/** Three packets of sound: what a jitter buffer hides. */
const inaudibleGapMs = 60

/** A worker is emptied under ten people. */
export const drain: Scenario = {
  name: 'drain',
  description:
    'a worker is drained under 10 people: everybody on it moves, the same participants, without a gap that anyone hears (60 ms at most, or what the machine stalls for with nothing happening)',
  async run({ progress, onEnd }) {
    const server = await ServerUnderLoad.start({ ROOM_SPREAD: '5' })
    onEnd(() => server.dispose())
    const crowd = new Crowd(server.url)
    onEnd(() => crowd.close())
    const bots = await crowd.join(
      Array.from({ length: people }, (_, index) => {
        const microphone = new BotMicrophone()
        microphone.levelDbov = index < speakers ? -30 : -90
        return { roomId: 'drain', microphone, camera: new BotCamera({ layerBps: LAYER_BPS.slice(0, 2) }) }
      }),
    )
    progress('everybody sees everybody')
    await until(() => bots.every((bot) => picturesSeen(bot) === people - 1), 30)
    await seconds(calmSeconds)
    const calm = await gapsDuring(bots, () => seconds(calmSeconds))
    const identities = bots.map(({ participantId }) => participantId).join()
    const connections = bots.map((bot) => bot.connections)
    progress('the first worker is drained')
    let movedMs = Number.NaN
    const moving = await gapsDuring(bots, async () => {
      const startMs = performance.now()
      await server.drain(0)
      await until(() => bots.some((bot, index) => bot.connections > (connections[index] ?? 0)), 10)
      await until(() => bots.every((bot) => !bot.isMoving), 15)
      movedMs = performance.now() - startMs
      await seconds(1)
    })
    const moved = bots.filter((bot, index) => bot.connections > (connections[index] ?? 0)).length
    const isSame = bots.map(({ participantId }) => participantId).join() === identities
    const figures: Figure[] = [
      { name: 'people whose media moved', value: moved, unit: '', limit: { least: people / 2 } },
      { name: 'the same participants', value: isSame ? 1 : 0, unit: '', limit: { least: 1 } },
      { name: 'all moved after', value: movedMs / 1000, unit: 's', limit: { most: 5 } },
      { name: 'longest gap in a voice, nothing happening', value: calm.audioMs, unit: 'ms' },
      {
        name: 'longest gap in a voice while they move',
        value: moving.audioMs,
        unit: 'ms',
        // On a machine that itself stalls for longer there is nothing to tell apart.
        limit: { most: Math.max(inaudibleGapMs, calm.audioMs) },
      },
      { name: 'longest gap in a picture, nothing happening', value: calm.videoMs, unit: 'ms' },
      { name: 'longest gap in a picture while they move', value: moving.videoMs, unit: 'ms' },
    ]
    return { figures, plots: [] }
  },
}

const picturesSeen = (bot: RoomBot): number =>
  [...bot.streams.values()].filter(({ consumer, pictures }) => consumer.kind === 'video' && pictures > 0)
    .length

/** The longest time without a packet of any stream that anybody received, while something happens. */
const gapsDuring = async (
  bots: readonly RoomBot[],
  event: () => Promise<void>,
): Promise<{ audioMs: number; videoMs: number }> => {
  const meters = bots.map((bot) => {
    bot.gaps = new GapMeter()
    return bot.gaps
  })
  await event()
  const nowMs = performance.now()
  const longest = (stream: string): number =>
    Math.max(...meters.flatMap((meter) => meter.longest(stream, nowMs)))
  // Whoever is silent may be forwarded, or not.
  const voices = bots.slice(0, speakers).map(({ participantId }) => longest(`audio of ${participantId}`))
  return { audioMs: Math.max(...voices), videoMs: longest('video of ') }
}
