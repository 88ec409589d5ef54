import type { WorkerEventName, WorkerEvents } from '../channel/messages.ts'
import type { Fingerprint, PacketPort } from './packet-port/packet-port.ts'
import type { SendPlan } from './send-plan.ts'

/** What every part of the engine may use of the world outside. Made once by the shell, faked in tests. */
export interface WorkerContext {
  readonly port: PacketPort
  readonly plan: SendPlan
  /** Transport-wide sequence counters (transport-cc), by `Transport.index`. */
  readonly transportSequences: Uint16Array
  /**
   * When each transport wants to be ticked next, by `Transport.index`: microseconds of `nowUs()`, infinite where there is
   * no transport. A thousand transports that wait are one pass over this array, not a thousand calls.
   */
  readonly transportDueUs: Float64Array
  /** What to add to the monotonic clock to get NTP time (since 1900), both in microseconds. */
  readonly ntpOffsetUs: number
  /** Who needs the clock though no packets come: what they sent may be lost. */
  readonly impatient: Set<object>
  /** Of the worker's DTLS certificate, by every algorithm. */
  readonly fingerprints: readonly Fingerprint[]
  /** Monotonic clock, microseconds. */
  nowUs(): number
  /** Wall clock for statistics, Unix milliseconds. */
  unixMs(): number
  /** A random integer from 0 to `below - 1`, fit for secrets. */
  random(below: number): number
  hmacSha1(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array
  /** Tells the application. */
  emit<Name extends WorkerEventName>(event: Name, target: string, data: WorkerEvents[Name]): void
  log(level: 'debug' | 'warn' | 'error', text: string): void
}

/** Transports that one worker may have at a time. */
export const MAX_TRANSPORTS = 65536
