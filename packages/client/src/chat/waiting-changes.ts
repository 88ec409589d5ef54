/** Messages as the changes that are on their way to the server leave them. Pure: values in, values out. */
import type { OutboxChange, OutboxEntry } from './device-stores-api.ts'
import type { ChatMessage, WaitingChange } from './message-api.ts'
import { errorOf } from './outbox-error.ts'
import { isChange } from './outbox-queue.ts'

/** Changes that the server stored, but whose result has not come yet; by their id. */
export type LandedChanges = ReadonlyMap<string, { readonly entry: OutboxChange; readonly revision: number }>

/** The changes that wait, by the message that they are of. */
export type WaitingChanges = ReadonlyMap<number | string, readonly OutboxChange[]>

const NO_CHANGES: WaitingChanges = new Map()

/** Sorts what waits by its message: a number, or the `clientMessageId` of one that is not stored itself. */
export function waitingChanges(entries: readonly OutboxEntry[], landed: LandedChanges): WaitingChanges {
  const changes = [...landed.values()].map(({ entry }) => entry)
  for (const entry of entries) if (isChange(entry) && !landed.has(entry.clientMessageId)) changes.push(entry)
  if (changes.length === 0) return NO_CHANGES
  const byMessage = new Map<number | string, OutboxChange[]>()
  for (const change of changes) {
    const key = 'number' in change.target ? change.target.number : change.target.clientMessageId
    byMessage.set(key, [...(byMessage.get(key) ?? []), change])
  }
  return byMessage
}

/** A message with what waits for it: as it will be, or as it is where that was refused. The same object where nothing waits. */
export function withWaiting<M extends ChatMessage>(message: M, waiting: WaitingChanges, self: string): M {
  if (waiting.size === 0) return message
  const byNumber = message.number === undefined ? [] : (waiting.get(message.number) ?? [])
  const changes = message.own ? [...byNumber, ...(waiting.get(message.clientMessageId) ?? [])] : byNumber
  if (changes.length === 0) return message
  let changed = message
  for (const entry of changes) if (entry.failed === undefined) changed = applied(changed, entry, self)
  return { ...changed, waiting: changes.map(waitingChange) }
}

function waitingChange(entry: OutboxChange): WaitingChange {
  const error = errorOf(entry)
  return {
    clientChangeId: entry.clientMessageId,
    type: entry.change.type,
    state: error === undefined ? 'sending' : 'failed',
    ...(error === undefined ? {} : { error }),
  }
}

function applied<M extends ChatMessage>(message: M, { change, createdAt }: OutboxChange, self: string): M {
  switch (change.type) {
    case 'edit':
      return { ...message, text: change.text, editedAt: createdAt, preview: change.preview }
    case 'delete':
      return { ...message, text: '', deletedAt: createdAt, ...NOTHING_LEFT }
    case 'pin':
      return { ...message, pinnedAt: change.on ? createdAt : undefined }
    case 'react':
      return { ...message, reactions: reacted(message.reactions ?? [], change, self) }
  }
}

const NOTHING_LEFT = {
  attachments: undefined,
  preview: undefined,
  reactions: undefined,
  pinnedAt: undefined,
  replyTo: undefined,
}

function reacted(
  reactions: NonNullable<ChatMessage['reactions']>,
  { emoji, on }: { readonly emoji: string; readonly on: boolean },
  self: string,
): NonNullable<ChatMessage['reactions']> {
  const known = reactions.find((one) => one.emoji === emoji)
  if (known === undefined) return on ? [...reactions, { emoji, by: [self] }] : reactions
  if (known.by.includes(self) === on) return reactions
  const by = on ? [...known.by, self] : known.by.filter((identity) => identity !== self)
  return reactions.map((one) => (one === known ? { emoji, by } : one)).filter((one) => one.by.length > 0)
}
