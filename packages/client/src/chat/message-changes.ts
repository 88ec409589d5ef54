/**
 * Changes of messages on this device: the newest state of each message wins, whether it came live, in a page or in a
 * catch-up, and in whatever order. Pure: values in, values out.
 */
import type { MessageLog, Numbered } from './message-log.ts'

/** What a changeable message holds. */
export interface Changeable extends Numbered {
  /** The change that made it as it is; absent when it never changed. */
  readonly revision?: number | undefined
  readonly thread?: number | undefined
  readonly replies?: { readonly count: number; readonly last: number } | undefined
}

/** Newest states of messages that are not held: a page that is on its way may bring an older one. */
export type Overlay<M> = ReadonlyMap<number, M>

/** More than can be on their way at once. */
const MAX_OVERLAY = 2000

const revisionOf = ({ revision = 0 }: Changeable): number => revision

/** The newer of what arrived and what is known. */
export function newest<M extends Changeable>(overlay: Overlay<M>, message: M): M {
  const known = overlay.get(message.number)
  return known !== undefined && revisionOf(known) > revisionOf(message) ? known : message
}

/** What a change did. */
export interface Applied<M extends Changeable> {
  readonly log: MessageLog<M>
  readonly overlay: Overlay<M>
  /** Those that stand differently now, among the messages held. */
  readonly changed: readonly M[]
}

/** Takes messages as they stand after changes; older states than the known ones are ignored. */
export function applyChanges<M extends Changeable>(
  log: MessageLog<M>,
  overlay: Overlay<M>,
  arriving: readonly M[],
): Applied<M> {
  const messages = [...log.messages]
  const ahead = [...log.ahead]
  const kept = new Map(overlay)
  const changed: M[] = []
  for (const message of arriving) {
    const index = message.number - log.base - 1
    const held = messages[index]
    if (held !== undefined && index >= 0) {
      if (revisionOf(held) >= revisionOf(message)) continue
      messages[index] = withReplies(message, held)
      changed.push(message)
      continue
    }
    const known = kept.get(message.number)
    if (known !== undefined && revisionOf(known) >= revisionOf(message)) continue
    // Set anew, so that what was changed last is dropped last.
    kept.delete(message.number)
    kept.set(message.number, message)
    const waiting = ahead.findIndex(({ number }) => number === message.number)
    if (waiting >= 0) ahead[waiting] = message
  }
  for (const number of kept.keys()) {
    if (kept.size <= MAX_OVERLAY) break
    kept.delete(number)
  }
  return { log: { ...log, messages, ahead }, overlay: kept, changed }
}

/** A change tells of answers as of its time; what was counted since stays. */
function withReplies<M extends Changeable>(message: M, held: M): M {
  if ((held.replies?.last ?? 0) <= (message.replies?.last ?? 0)) return message
  return { ...message, replies: held.replies }
}

/**
 * Counts new answers at the beginnings of their threads, where these are held. A beginning tells the newest answer that
 * it has counted, so each is counted once.
 */
export function countReplies<M extends Changeable>(
  log: MessageLog<M>,
  delivered: readonly M[],
): MessageLog<M> {
  const messages = [...log.messages]
  let any = false
  for (const { number, thread } of delivered) {
    const root = thread === undefined ? undefined : messages[thread - log.base - 1]
    if (root === undefined || thread === undefined || number <= (root.replies?.last ?? 0)) continue
    messages[thread - log.base - 1] = {
      ...root,
      replies: { count: (root.replies?.count ?? 0) + 1, last: number },
    }
    any = true
  }
  return any ? { ...log, messages } : log
}
