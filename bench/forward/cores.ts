import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Before this process is pinned: afterwards it would see one. */
const CORES = availableParallelism()

/**
 * Gives what is measured a core of its own, the last, and everything at the other ends the first. Otherwise the system puts
 * a sender and whom it wakes on one core, and each finds its caches full of the other's: now the one, now the other way
 * round, so that two runs can't be compared. Clients of a real server have caches of their own.
 * @returns whether it could: there is a second core, and `taskset` (util-linux)
 */
export function giveOwnCore(measured: readonly number[], ends: readonly number[]): boolean {
  if (CORES < 2) return false
  const last = String(CORES - 1)
  return measured.every((pid) => pin(pid, last)) && ends.every((pid) => pin(pid, '0'))
}

/** All threads of the process, and those that they will start. */
function pin(pid: number, core: string): boolean {
  return spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', core, String(pid)]).status === 0
}
