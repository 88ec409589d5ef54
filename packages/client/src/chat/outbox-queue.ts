/**
 * The order in which one conversation's unacknowledged messages go out: one at a time, so that what was written
 * first is numbered first even when the server throttles or the connection breaks between two. Pure: takes `now`.
 */
import type { OutboxEntry } from '../api.ts'
import { backoffMs } from '../connection/backoff.ts'

/** The queue of one conversation. Treat it as a value. */
export interface OutboxQueue {
  /** In order of sending; failed ones stay until retried or discarded and block nobody. */
  readonly entries: readonly OutboxEntry[]
  /** The entry that is on its way. */
  readonly inFlight: string | undefined
  /** No sending before this moment (milliseconds on the caller's clock). */
  readonly notBeforeMs: number
  /** Refusals in a row that may pass by themselves. */
  readonly attempts: number
}

/** How one sending ended. `refused` may be `transient` (wait and send again) or final. */
export type SendOutcome =
  | { readonly kind: 'stored' }
  | { readonly kind: 'lost' }
  | {
      readonly kind: 'transient'
      readonly code: string
      readonly message: string
      readonly retryAfterMs?: number
    }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }

/** Refusals for unexplained reasons before a message is given up. */
export const MAX_INTERNAL_FAILURES = 5

/** Nothing to send. */
export const EMPTY_OUTBOX: OutboxQueue = { entries: [], inFlight: undefined, notBeforeMs: 0, attempts: 0 }

/** Adds entries that are not in the queue yet, in order of sending. */
export function enqueue(queue: OutboxQueue, added: readonly OutboxEntry[]): OutboxQueue {
  const known = new Set(queue.entries.map((entry) => entry.clientMessageId))
  const fresh = added.filter((entry) => !known.has(entry.clientMessageId))
  if (fresh.length === 0) return queue
  return { ...queue, entries: [...queue.entries, ...fresh].sort((a, b) => a.order - b.order) }
}

/** What to do now: send this entry, wait until then, or nothing before something changes. */
export type NextStep =
  | { readonly kind: 'send'; readonly entry: OutboxEntry }
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'idle' }

/** What to do at `now`; `idle` while one is in flight. */
export function nextStep(queue: OutboxQueue, now: number): NextStep {
  if (queue.inFlight !== undefined) return { kind: 'idle' }
  const entry = queue.entries.find((candidate) => candidate.failed === undefined)
  if (entry === undefined) return { kind: 'idle' }
  return now < queue.notBeforeMs ? { kind: 'wait', untilMs: queue.notBeforeMs } : { kind: 'send', entry }
}

/** Marks the entry that went out. */
export function markInFlight(queue: OutboxQueue, clientMessageId: string): OutboxQueue {
  return { ...queue, inFlight: clientMessageId }
}

/** Takes an entry out: it was stored (told by an acknowledgement or by the message itself), or discarded. */
export function removeEntry(queue: OutboxQueue, clientMessageId: string): OutboxQueue {
  return {
    ...queue,
    entries: queue.entries.filter((entry) => entry.clientMessageId !== clientMessageId),
    inFlight: queue.inFlight === clientMessageId ? undefined : queue.inFlight,
  }
}

/** Lets a failed entry go out again, at its old place in the order. */
export function retryEntry(queue: OutboxQueue, clientMessageId: string): OutboxQueue {
  const entries = queue.entries.map((entry) => {
    if (entry.clientMessageId !== clientMessageId || entry.failed === undefined) return entry
    const { failed: _failed, ...waiting } = entry
    return waiting
  })
  return { ...queue, entries }
}

/** Takes the end of one sending; `random` in [0, 1) spreads the retries. */
export function settle(
  queue: OutboxQueue,
  clientMessageId: string,
  outcome: SendOutcome,
  now: number,
  random: number,
): OutboxQueue {
  if (queue.inFlight !== clientMessageId) {
    return outcome.kind === 'stored' ? removeEntry(queue, clientMessageId) : queue
  }
  const landed: OutboxQueue = { ...queue, inFlight: undefined }
  switch (outcome.kind) {
    case 'stored':
      return { ...removeEntry(landed, clientMessageId), attempts: 0, notBeforeMs: 0 }
    case 'lost':
      return landed
    case 'transient': {
      if (outcome.code === 'internal' && queue.attempts + 1 >= MAX_INTERNAL_FAILURES) {
        return { ...failEntry(landed, clientMessageId, outcome), attempts: 0, notBeforeMs: 0 }
      }
      const pauseMs = outcome.retryAfterMs ?? backoffMs(queue.attempts, random)
      return { ...landed, attempts: queue.attempts + 1, notBeforeMs: now + pauseMs }
    }
    case 'refused':
      return { ...failEntry(landed, clientMessageId, outcome), attempts: 0, notBeforeMs: 0 }
  }
}

function failEntry(
  queue: OutboxQueue,
  clientMessageId: string,
  why: { readonly code: string; readonly message: string },
): OutboxQueue {
  const failed = { code: why.code, message: why.message }
  const entries = queue.entries.map((entry) =>
    entry.clientMessageId === clientMessageId ? { ...entry, failed } : entry,
  )
  return { ...queue, entries }
}
