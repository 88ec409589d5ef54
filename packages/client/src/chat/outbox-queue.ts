/**
 * The order in which one conversation's unacknowledged messages go out. Many may be under way at once: each names the
 * one before it that is not acknowledged yet, and the server stores it only if that one is stored. So what was written
 * first is numbered first, whatever is throttled, refused or lost in between. Pure: takes `now`.
 */
import type { OutboxEntry } from '../api.ts'
import { backoffMs } from '../connection/backoff.ts'

/** The queue of one conversation. Treat it as a value. */
export interface OutboxQueue {
  /** In order of sending; failed ones stay until retried or discarded and block nobody. */
  readonly entries: readonly OutboxEntry[]
  /** The entries that are on their way, by `clientMessageId`. */
  readonly inFlight: readonly string[]
  /** How many may be on their way at once: 1 after a refusal, one more with each message that was stored. */
  readonly window: number
  /** No sending before this moment (milliseconds on the caller's clock). */
  readonly notBeforeMs: number
  /** Refusals in a row that may pass by themselves. */
  readonly attempts: number
}

/** How one sending ended. `refused` may be `transient` (wait and send again) or final. */
export type SendOutcome =
  | { readonly kind: 'stored' }
  /** No answer, or the one before it was not stored: it goes out again in its turn. */
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

/** Most messages of one conversation on their way at once. */
export const MAX_IN_FLIGHT = 32

/** Nothing to send. */
export const EMPTY_OUTBOX: OutboxQueue = {
  entries: [],
  inFlight: [],
  window: MAX_IN_FLIGHT,
  notBeforeMs: 0,
  attempts: 0,
}

/** Adds entries that are not in the queue yet, in order of sending. */
export function enqueue(queue: OutboxQueue, added: readonly OutboxEntry[]): OutboxQueue {
  const known = new Set(queue.entries.map((entry) => entry.clientMessageId))
  const fresh = added.filter((entry) => !known.has(entry.clientMessageId))
  if (fresh.length === 0) return queue
  return { ...queue, entries: [...queue.entries, ...fresh].sort((a, b) => a.order - b.order) }
}

/** What to do now: send this entry, wait until then, or nothing before something changes. */
export type NextStep =
  /** `follows`: the entry that has to be stored before it. */
  | { readonly kind: 'send'; readonly entry: OutboxEntry; readonly follows: string | undefined }
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'idle' }

/** What to do at `now`; `idle` while as many are on their way as may be. */
export function nextStep(queue: OutboxQueue, now: number): NextStep {
  if (queue.inFlight.length >= queue.window) return { kind: 'idle' }
  let follows: string | undefined
  for (const entry of queue.entries) {
    if (entry.failed !== undefined) continue
    if (queue.inFlight.includes(entry.clientMessageId)) {
      follows = entry.clientMessageId
      continue
    }
    return now < queue.notBeforeMs
      ? { kind: 'wait', untilMs: queue.notBeforeMs }
      : { kind: 'send', entry, follows }
  }
  return { kind: 'idle' }
}

/** Marks the entry that went out. */
export function markInFlight(queue: OutboxQueue, clientMessageId: string): OutboxQueue {
  return { ...queue, inFlight: [...queue.inFlight, clientMessageId] }
}

/** Takes an entry out: it was stored (told by an acknowledgement or by the message itself), or discarded. */
export function removeEntry(queue: OutboxQueue, clientMessageId: string): OutboxQueue {
  return {
    ...land(queue, clientMessageId),
    entries: queue.entries.filter((entry) => entry.clientMessageId !== clientMessageId),
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
  if (!queue.inFlight.includes(clientMessageId)) {
    return outcome.kind === 'stored' ? removeEntry(queue, clientMessageId) : queue
  }
  const landed = land(queue, clientMessageId)
  switch (outcome.kind) {
    case 'stored': {
      const window = Math.min(MAX_IN_FLIGHT, queue.window + 1)
      return { ...removeEntry(landed, clientMessageId), window, attempts: 0, notBeforeMs: 0 }
    }
    case 'lost':
      return landed
    case 'transient':
      return wait({ ...landed, window: 1 }, clientMessageId, outcome, now, random)
    case 'refused':
      return { ...failEntry(landed, clientMessageId, outcome), attempts: 0, notBeforeMs: 0 }
  }
}

function wait(
  queue: OutboxQueue,
  clientMessageId: string,
  outcome: Extract<SendOutcome, { kind: 'transient' }>,
  now: number,
  random: number,
): OutboxQueue {
  const first = queue.entries.find((entry) => entry.failed === undefined)
  // What came behind it on the way was refused for the same reason: one refusal, not many.
  const counts = first?.clientMessageId === clientMessageId
  if (counts && outcome.code === 'internal' && queue.attempts + 1 >= MAX_INTERNAL_FAILURES) {
    return { ...failEntry(queue, clientMessageId, outcome), attempts: 0, notBeforeMs: 0 }
  }
  const pauseMs = outcome.retryAfterMs ?? backoffMs(queue.attempts, random)
  const notBeforeMs = Math.max(queue.notBeforeMs, now + pauseMs)
  return { ...queue, attempts: queue.attempts + (counts ? 1 : 0), notBeforeMs }
}

const land = (queue: OutboxQueue, clientMessageId: string): OutboxQueue => ({
  ...queue,
  inFlight: queue.inFlight.filter((id) => id !== clientMessageId),
})

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
