/**
 * The order in which one conversation's unacknowledged messages and changes go out. Many messages may be under way at
 * once: each names the one before it that is not acknowledged yet, and the server stores it only if that one is stored. So
 * what was written first is numbered first, whatever is throttled, refused or lost in between. A change goes out alone:
 * after all before it were acknowledged, and before anything after it. Pure: takes `now`.
 */
import { backoffMs } from '../connection/backoff.ts'
import type { OutboxChange, OutboxEntry, OutboxMessage } from './device-stores-api.ts'
import type { SendOptions } from './message-api.ts'

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

/** Whether an entry is a change of a message, not a message. */
export function isChange(entry: OutboxEntry): entry is OutboxChange {
  return 'change' in entry
}

/** Whether an entry is a message. */
export function isMessage(entry: OutboxEntry): entry is OutboxMessage {
  return !isChange(entry)
}

/** The id of the message that an entry waits for: a change of one that is not stored itself. */
function awaitedMessage(entry: OutboxEntry): string | undefined {
  return isChange(entry) && 'clientMessageId' in entry.target ? entry.target.clientMessageId : undefined
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

/** The changes that wait for this message to be stored. */
export function changesAwaiting(queue: OutboxQueue, clientMessageId: string): readonly OutboxEntry[] {
  return queue.entries.filter((entry) => awaitedMessage(entry) === clientMessageId)
}

/** The message of this id was stored under this number: its changes may go out. */
export function resolveTarget(queue: OutboxQueue, clientMessageId: string, number: number): OutboxQueue {
  if (changesAwaiting(queue, clientMessageId).length === 0) return queue
  const entries = queue.entries.map((entry) =>
    isChange(entry) && awaitedMessage(entry) === clientMessageId ? { ...entry, target: { number } } : entry,
  )
  return { ...queue, entries }
}

/** Ids of the changes that a newer one makes needless: of the same kind, or any for a message that is deleted. */
export function supersededBy(queue: OutboxQueue, newer: OutboxChange): readonly string[] {
  return queue.entries
    .filter((entry) => isChange(entry) && isSuperseded(entry, newer))
    .map(({ clientMessageId }) => clientMessageId)
    .filter((id) => !queue.inFlight.includes(id))
}

function isSuperseded(older: OutboxChange, newer: OutboxChange): boolean {
  const isSame =
    'number' in older.target
      ? 'number' in newer.target && older.target.number === newer.target.number
      : awaitedMessage(newer) === older.target.clientMessageId
  if (!isSame) return false
  if (newer.change.type === 'delete') return true
  if (newer.change.type === 'react') {
    return older.change.type === 'react' && older.change.emoji === newer.change.emoji
  }
  return older.change.type === newer.change.type
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
      if (isChange(entry)) return { kind: 'idle' }
      follows = entry.clientMessageId
      continue
    }
    if (isChange(entry)) {
      if (follows !== undefined) return { kind: 'idle' }
      // Its message failed and may be retried: it waits with it, and blocks nobody.
      if (awaitedMessage(entry) !== undefined) continue
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

/** Gives a message another text, before it goes out. */
export function rewriteEntry(
  queue: OutboxQueue,
  clientMessageId: string,
  text: string,
  preview: SendOptions['preview'],
): OutboxQueue {
  const entries = queue.entries.map((entry) => {
    if (entry.clientMessageId !== clientMessageId || isChange(entry)) return entry
    const { preview: _, ...options } = entry.options ?? {}
    return { ...entry, text, options: preview === undefined ? options : { ...options, preview } }
  })
  return { ...queue, entries }
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
  const first = queue.entries.find(
    (entry) => entry.failed === undefined && awaitedMessage(entry) === undefined,
  )
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
