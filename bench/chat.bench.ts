/**
 * What durability, fan-out and idle connections cost beside bare Socket.IO that stores nothing: the same clients, payloads
 * and machine, in turns. Clients run in this process, each server in one of its own.
 */
import { parseArgs } from 'node:util'
import { compareAcks } from './chat/acks.ts'
import { compareFanout } from './chat/fanout.ts'
import { compareIdle } from './chat/idle.ts'
import { measureOpening } from './chat/opening.ts'
import { measureReplay } from './chat/replay.ts'
import { compareSlowFsync } from './chat/slow-fsync.ts'

export const description =
  'durable messages/s, fan-out, slow disks, replay, idle connections, long conversations (--only PART --seconds --rounds …)'

/** Measures all parts, or the one that `--only` names: durable, fanout, slow-fsync, replay, idle, opening. */
export async function run(args: readonly string[]): Promise<unknown> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      seconds: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '3' },
      members: { type: 'string', default: '1000' },
      connections: { type: 'string', default: '5000' },
      messages: { type: 'string', default: '1000000' },
    },
  })
  const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)]
  const parts: Record<string, () => Promise<unknown>> = {
    durable: () => compareAcks(seconds, rounds),
    fanout: () => compareFanout(Number(values.members), rounds),
    'slow-fsync': () => compareSlowFsync(seconds),
    replay: () => measureReplay(rounds),
    idle: () => compareIdle(Number(values.connections)),
    opening: () => measureOpening(Number(values.messages)),
  }
  const { only } = values
  if (only !== undefined && parts[only] === undefined) {
    throw new TypeError(`there is no part "${only}"; there are ${Object.keys(parts).join(', ')}`)
  }
  const figures: Record<string, unknown> = {}
  for (const [name, measure] of Object.entries(parts)) {
    if (only === undefined || only === name) figures[name] = await measure()
  }
  return figures
}
