import { AUDIO_INTERVAL_MS, VIDEO_INTERVAL_MS } from './bot-streams.ts'
import type { RoomBot } from './room-bot.ts'

/** After a standstill this much is made up for; the rest of the time is lost, as it is to a real microphone. */
const MOST_BEHIND_MS = 100

/** Has bots speak and show themselves in real time, all by one timer. */
export class MediaLoop {
  readonly #bots = new Set<RoomBot>()
  readonly #timer: NodeJS.Timeout
  #audioMs = performance.now()
  #videoMs = performance.now()

  constructor() {
    this.#timer = setInterval(() => this.#run(performance.now()), AUDIO_INTERVAL_MS / 2)
  }

  add(...bots: readonly RoomBot[]): void {
    for (const bot of bots) this.#bots.add(bot)
  }

  remove(bot: RoomBot): void {
    this.#bots.delete(bot)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #run(nowMs: number): void {
    this.#audioMs = Math.max(this.#audioMs, nowMs - MOST_BEHIND_MS)
    this.#videoMs = Math.max(this.#videoMs, nowMs - MOST_BEHIND_MS)
    for (; this.#audioMs <= nowMs; this.#audioMs += AUDIO_INTERVAL_MS)
      for (const bot of this.#bots) bot.sendAudio()
    for (; this.#videoMs <= nowMs; this.#videoMs += VIDEO_INTERVAL_MS)
      for (const bot of this.#bots) bot.sendVideo(nowMs)
    for (const bot of this.#bots) bot.tick(nowMs)
  }
}
