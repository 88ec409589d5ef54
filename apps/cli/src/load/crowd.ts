import { PeerPort } from '@sangam/testkit'
import { guestToken, MediaLoop, RoomBot, type RoomBotOptions } from '@sangam/testkit/bots'

/** Bots that join at the same time. */
const AT_ONCE = 32

/** What a scenario says of one bot. */
export type BotPlan = Pick<
  RoomBotOptions,
  'roomId' | 'microphone' | 'camera' | 'receives' | 'givesFeedback' | 'via'
>

/** Many bots in one process. */
export class Crowd {
  readonly bots: RoomBot[] = []
  readonly #url: string
  readonly #ports: PeerPort[] = []
  readonly #loop = new MediaLoop()
  #seats = 0
  #closed = false

  constructor(url: string) {
    this.#url = url
  }

  /** Has them all join. @returns them in the order of the plans */
  async join(plans: readonly BotPlan[]): Promise<RoomBot[]> {
    const joined: RoomBot[] = []
    const next = plans.entries()
    const joining = async (): Promise<void> => {
      for (const [index, plan] of next) joined[index] = await this.#joinOne(plan)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, joining))
    this.bots.push(...joined)
    this.#loop.add(...joined)
    return joined
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#loop.close()
    for (const bot of this.bots) bot.close()
    for (const port of this.#ports) port.close()
  }

  async #joinOne(plan: BotPlan): Promise<RoomBot> {
    const seat = this.#seats++
    const index = Math.floor(seat / PeerPort.maxPeers)
    this.#ports[index] ??= new PeerPort()
    const token = await guestToken(this.#url, `Bot ${seat}`)
    return RoomBot.join({ givesFeedback: true, ...plan, url: this.#url, token, port: this.#ports[index] })
  }
}

/** Waits. */
export const seconds = (count: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, count * 1000))

/** Waits until a condition holds. @returns milliseconds, or Infinity when it did not within the limit */
export const until = async (holds: () => boolean, limitSeconds: number): Promise<number> => {
  const startMs = performance.now()
  while (!holds()) {
    if (performance.now() - startMs > limitSeconds * 1000) return Number.POSITIVE_INFINITY
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return performance.now() - startMs
}
