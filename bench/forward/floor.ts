import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { FloorOptions, FloorResult } from '@sangam/sfu/packet-port'

/** The bare C++ loop (`native/bench_floor.cc`) in a process of its own, beside the receivers that read what it sends. */
export class Floor {
  readonly #child: ChildProcess = fork(join(import.meta.dirname, 'floor-process.ts'))

  /** Of the process. */
  get pid(): number {
    return this.#child.pid as number
  }

  /** Runs the loop once. @returns microseconds of CPU per packet that it sent */
  async usPerPacket(options: FloorOptions): Promise<number> {
    const answer = once(this.#child, 'message')
    this.#child.send(options)
    const [{ cpuUs, sent }] = (await answer) as [FloorResult]
    return cpuUs / sent
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }
}
