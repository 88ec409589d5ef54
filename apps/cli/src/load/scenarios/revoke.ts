import { BotCamera, BotMicrophone, GapMeter, LAYER_BPS, type RoomBot } from '@sangam/testkit/bots'
import { Crowd, seconds, until } from '../crowd.ts'
import type { Figure, Scenario, Stage } from '../scenario.ts'
import { ServerUnderLoad } from '../server-under-load.ts'

const roomId = 'revoke'
/** A host, somebody for each way to lose a right, and one who only watches. */
const people = 9
/** A right that was taken acts on what flows within this time. */
const mostMs = 1000
/** After the answer packets are waited for this long: what still comes then counts. */
const watchedSeconds = 1.5
const loud = -20
const quiet = -90

/**
 * Rights are taken from people who are heard and seen. Bots take no notice: they go on sending to the end, so that what is
 * measured is what the server forwards.
 */
export const revoke: Scenario = {
  name: 'revoke',
  description:
    'rights are taken from people who are heard and seen, connected or not: the last packet that anybody gets of them within 1 s of the request, and none when they come back',
  async run(stage) {
    const { progress, onEnd } = stage
    // Two workers: some of the receivers get everything over a pipe.
    const server = await ServerUnderLoad.start({ ROOM_SPREAD: '5', RECONNECT_GRACE_SECONDS: '60' })
    onEnd(() => server.dispose())
    const crowd = new Crowd(server.url)
    onEnd(() => crowd.close())
    const [host] = await crowd.join([plan()])
    const others = await crowd.join(Array.from({ length: people - 1 }, plan))
    const [muted, stopped, demoted, removed, banned, cut, lost] = others
    if (!host || !muted || !stopped || !demoted || !removed || !banned || !cut || !lost) return nothing
    const room = new WatchedRoom(progress, [host, ...others])
    progress('everybody sees everybody')
    await room.assembled()

    const { participantId: mutedId } = muted
    await room.take('muted', muted, ['audio'], () =>
      host.ask('room.mute', { roomId, participantId: mutedId }),
    )
    await room.take('camera stopped', stopped, ['video'], () =>
      host.ask('room.stopVideo', { roomId, participantId: stopped.participantId, source: 'camera' }),
    )
    await room.take('made a listener', demoted, kinds, () => makeListener(host, demoted))
    await room.take('removed', removed, kinds, () =>
      host.ask('room.remove', { roomId, participantId: removed.participantId }),
    )
    room.leave(removed)
    const identity =
      banned.joined.participants.find(({ participantId }) => participantId === banned.participantId)
        ?.identity ?? ''
    await room.take('banned', banned, kinds, () => host.ask('room.ban', { roomId, identity }))
    room.leave(banned)
    cut.cutSignalling()
    await room.take('made a listener while signalling is lost', cut, kinds, () => makeListener(host, cut))
    await room.comeBack('signalling back', cut)
    lost.cutSignalling()
    lost.cutMedia()
    await makeListener(host, lost)
    await room.comeBack('signalling and media back', lost)
    // The refusal left it without media.
    room.leave(lost)
    await room.take('all muted', stopped, ['audio'], () => host.ask('room.muteAll', { roomId }))
    return { figures: room.figures, plots: [] }
  },
}

const nothing = { figures: [], plots: [] }

const plan = () => {
  const microphone = new BotMicrophone()
  microphone.levelDbov = quiet
  return { roomId, microphone, camera: new BotCamera({ layerBps: LAYER_BPS.slice(0, 1) }) }
}

const makeListener = (host: RoomBot, { participantId }: RoomBot): Promise<unknown> =>
  host.ask('room.setRole', { roomId, participantId, role: 'listener' })

const kinds = ['audio', 'video'] as const
type Kind = (typeof kinds)[number]

/** Everybody in the room, and what is found about those from whom rights are taken. */
class WatchedRoom {
  readonly figures: Figure[] = []
  readonly #progress: Stage['progress']
  readonly #bots: Set<RoomBot>

  constructor(progress: Stage['progress'], bots: readonly RoomBot[]) {
    this.#progress = progress
    this.#bots = new Set(bots)
  }

  /** Somebody is out: they are no receiver any more. */
  leave(bot: RoomBot): void {
    this.#bots.delete(bot)
  }

  /** @returns once everybody sees everybody */
  async assembled(): Promise<void> {
    const bots = [...this.#bots]
    const sees = ({ streams }: RoomBot): number =>
      [...streams.values()].filter(({ consumer, pictures }) => consumer.kind === 'video' && pictures > 0)
        .length
    await until(() => bots.every((bot) => sees(bot) === bots.length - 1), 30)
  }

  /** Takes a right from somebody while all hear and see them. @param kinds of what flows because of it */
  async take(
    name: string,
    bot: RoomBot,
    kinds: readonly Kind[],
    request: () => Promise<unknown>,
  ): Promise<void> {
    this.#progress(name)
    const { microphone, participantId } = bot
    if (microphone !== undefined) microphone.levelDbov = loud
    const names = kinds.map((kind) => `${kind} of ${participantId}`)
    const meters = this.#meters(bot)
    const lasts = (): (number | undefined)[] => meters.flatMap((meter) => names.map((of) => meter.last(of)))
    const waitedMs = await until(() => lasts().every((last) => last !== undefined), 5)
    const startMs = performance.now()
    await request()
    const answeredMs = performance.now() - startMs
    await seconds(watchedSeconds)
    // What never reached somebody shows nothing.
    const lastMs = Number.isFinite(waitedMs)
      ? Math.max(0, ...lasts().map((last = 0) => last - startMs))
      : Number.NaN
    this.figures.push(
      { name: `${name}: last packet after the request`, value: lastMs, unit: 'ms', limit: { most: mostMs } },
      { name: `${name}: request answered after`, value: answeredMs, unit: 'ms' },
    )
    if (microphone !== undefined) microphone.levelDbov = quiet
  }

  /** Somebody who was made a listener meanwhile is back, and sends as before. */
  async comeBack(name: string, bot: RoomBot): Promise<void> {
    this.#progress(name)
    const meters = this.#meters(bot)
    const back = new Promise<void>((resolve) => {
      bot.once('returned', () => resolve())
      // Its new media begins with sound and picture, which is refused.
      bot.once('refused', () => resolve())
    })
    bot.restoreSignalling()
    await back
    const answer = await bot.publishMicrophone().then(
      () => 'taken',
      (error: Error) => error.message,
    )
    await seconds(watchedSeconds)
    const reached = meters.filter((meter) =>
      kinds.some((kind) => meter.last(`${kind} of ${bot.participantId}`) !== undefined),
    )
    this.figures.push(
      {
        name: `${name}: people whom a packet of theirs reaches`,
        value: reached.length,
        unit: '',
        limit: { most: 0 },
      },
      {
        name: `${name}: publishing is refused as forbidden`,
        value: answer.startsWith('room.publish: forbidden') ? 1 : 0,
        unit: '',
        limit: { least: 1 },
      },
    )
  }

  /** New meters of everybody else. */
  #meters(bot: RoomBot): GapMeter[] {
    return [...this.#bots].flatMap((other) => {
      if (other === bot) return []
      other.gaps = new GapMeter()
      return [other.gaps]
    })
  }
}
