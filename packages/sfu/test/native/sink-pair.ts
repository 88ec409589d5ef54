import { afterEach } from 'vitest'
import type { SinkHeaderExtension } from '../../src/worker/packet-port/packet-port.ts'
import { connectKeyedPair, type TestPort } from './harness.ts'

const opened: { close(): void }[] = []
afterEach(() => {
  for (const thing of opened.splice(0)) thing.close()
})

/** Closes it when the test ends. */
export function closeAtEnd(thing: { close(): void }): void {
  opened.push(thing)
}

export type Pair = ReturnType<typeof connectKeyedPair>

/** A pair that closes when its test ends. */
export function openPair(...suite: Parameters<typeof connectKeyedPair>): Pair {
  const pair = connectKeyedPair(...suite)
  closeAtEnd(pair)
  return pair
}

export const SSRC = 0x51a7e001

export function sinkOf(
  { a, toB }: Pair,
  headerExtensions: readonly SinkHeaderExtension[] = [],
  ssrc = SSRC,
): number {
  return a.port.createSink({ session: toB, ssrc, payloadType: 111, headerExtensions })
}

/** Sends one entry from `a` and returns what `b` makes of it. */
export async function sendOne(pair: Pair, values: Parameters<TestPort['entry']>[1]): Promise<Buffer> {
  pair.a.entry(0, values)
  pair.a.port.execute(1, 0)
  return (await pair.b.take(1))[0]!.bytes
}
