import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { MeasuredServer } from './measured-server.ts'
import { type Kind, kinds, median, quantile } from './measuring.ts'
import { measurePaced, type Pace, type PacedRun } from './paced.ts'

/** The load of {@link measureHalfLoad}, each round. */
export interface HalfLoad extends Pace {
  readonly rounds: number
}

interface Round {
  readonly runs: Readonly<Record<Kind, PacedRun>>
  readonly fsync: { readonly p50Ms: number; readonly p99Ms: number }
}

/** Does `work` while a thread syncs a file; gives its result and how long each sync took, ms. */
async function withFsyncs<Result>(work: () => Promise<Result>): Promise<[result: Result, timesMs: number[]]> {
  const isOver = new Int32Array(new SharedArrayBuffer(4))
  const thread = new Worker(new URL('./fsync-thread.ts', import.meta.url), { workerData: isOver.buffer })
  const times = once(thread, 'message') as Promise<[number[]]>
  const end = (): void => {
    Atomics.store(isOver, 0, 1)
    Atomics.notify(isOver, 0)
  }
  const [result, [timesMs]] = await Promise.all([work().finally(end), times])
  return [result, timesMs]
}

/**
 * How long an acknowledgement takes when messages come evenly, a window from one sender at a time. Syncs are timed while
 * the bare server, which stores nothing, carries the same load: what they take on a machine that is as busy. What counts is
 * the median of the rounds: this machine's disk has other work too.
 */
export async function measureHalfLoad(
  servers: Readonly<Record<Kind, MeasuredServer>>,
  load: HalfLoad,
): Promise<unknown> {
  const rounds: Round[] = []
  while (rounds.length < load.rounds) {
    const [bare, fsyncsMs] = await withFsyncs(() => measurePaced(servers.bare, load))
    const sangam = await measurePaced(servers.sangam, load)
    const fsync = { p50Ms: median(fsyncsMs), p99Ms: quantile(fsyncsMs, 0.99) }
    rounds.push({ runs: { bare, sangam }, fsync })
  }
  const boundMs = 3 * median(rounds.map(({ fsync }) => fsync.p99Ms)) + 5
  print(load, rounds, boundMs)
  return { ...load, rounds, boundMs }
}

function print({ windowSize, perSecond }: HalfLoad, rounds: readonly Round[], boundMs: number): void {
  const of = (figure: (round: Round) => number, digits = 2): string =>
    median(rounds.map(figure)).toFixed(digits)
  const shape = windowSize === 1 ? 'one by one' : `in windows of ${windowSize}`
  console.log(
    `${perSecond.toFixed(0)} messages/s ${shape}: fsync p50 ${of(({ fsync }) => fsync.p50Ms)} ms, p99 ${of(({ fsync }) => fsync.p99Ms)} ms beside bare`,
  )
  for (const kind of kinds) {
    const run = (figure: keyof PacedRun): string => of(({ runs }) => runs[kind][figure])
    console.log(
      `${kind.padEnd(8)} ack p50 ${run('p50Ms')} ms, p99 ${run('p99Ms')} ms; ${run('serverCores')} cores, senders ${run('clientCores')}`,
    )
  }
  const isWithin = median(rounds.map(({ runs }) => runs.sangam.p99Ms)) <= boundMs
  console.log(`p99 at most 3 fsync p99 + 5 ms = ${boundMs.toFixed(1)} ms: ${isWithin ? 'yes' : 'no'}`)
}
