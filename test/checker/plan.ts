import { between, type Random } from './random.ts'

/** Where in the life of a message the server's process ends, by SIGKILL. */
export type KillPoint =
  /** Some milliseconds after an append was asked for: before its commit, in it, or after it. */
  | { readonly at: 'storing'; readonly appends: number; readonly delayMs: number }
  /** Once an append is committed and `hops` turns of the microtask queue have passed: before, in or after fan-out and answer. */
  | { readonly at: 'stored'; readonly appends: number; readonly hops: number }

/**
 * What happens to the files of the dead server. `none`: nothing. `torn`: the last write to the write-ahead log is cut or
 * spoiled somewhere. `unsynced`: every write since the last that was answered is thrown away.
 */
export type FileFault = 'none' | 'torn' | 'unsynced'

/** One life of the server. */
export interface Round {
  readonly kill: KillPoint
  readonly files: FileFault
  /** How far the server's clock jumps before the kill, ms; 0: it doesn't. */
  readonly clockJumpMs: number
  /** How many clients lose their connection in the middle. */
  readonly disconnects: number
  /** How many clients have their page loaded anew in the middle. */
  readonly refreshes: number
}

/** What a plan is made for. */
export interface PlanOptions {
  readonly random: Random
  readonly kills: number
  /** Appends between two kills, about. */
  readonly appendsPerKill: number
  /** Only a store in files of its own can have its files spoiled. */
  readonly hasFiles: boolean
}

// Fan-out and answer follow a commit within about ten turns of the microtask queue.
const mostHops = 16
const mostDelayMs = 12
const mostJumpMs = 3_600_000

/** Makes the lives of a server: the same for the same seed. */
export function planRounds({ random, kills, appendsPerKill, hasFiles }: PlanOptions): Round[] {
  return Array.from({ length: kills }, (_, index): Round => {
    const appends = between(random, 1, Math.max(1, appendsPerKill))
    const kill: KillPoint =
      random() < 0.5
        ? { at: 'storing', appends, delayMs: between(random, 0, mostDelayMs) }
        : { at: 'stored', appends, hops: between(random, 0, mostHops) }
    // In turn, so that a short plan has each of them too.
    const files: FileFault = !hasFiles ? 'none' : (['none', 'torn', 'unsynced'] as const)[index % 3]!
    return {
      kill,
      files,
      clockJumpMs: random() < 0.5 ? between(random, -mostJumpMs, mostJumpMs) : 0,
      disconnects: between(random, 0, 3),
      refreshes: between(random, 0, 2),
    }
  })
}
