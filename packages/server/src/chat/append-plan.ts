import { toExtraColumn } from './message-columns.ts'
import type { AppendOutcome, AppendRequest, MessageExtra } from './store.ts'

/** A message that was stored before, as far as a repeat is compared with it. */
export type StoredMessage = {
  readonly conversationId: string
  readonly senderId: string
  readonly clientMessageId: string
  /** What it said first. */
  readonly text: string
  readonly number: number
  readonly sentAtMs: number
  readonly thread?: number | undefined
  /** As it stands now. */
  readonly extra?: MessageExtra | undefined
  readonly isEdited?: boolean
  readonly isDeleted?: boolean
}

/** A message with the number that it is to be stored under. */
export type NumberedMessage = AppendRequest & { readonly number: number }

/** What a transaction has to do with a run of appends, and what it may tell after its commit. */
export type AppendPlan = {
  /** In the order of the requests. */
  readonly outcomes: readonly AppendOutcome[]
  /** To insert. */
  readonly messages: readonly NumberedMessage[]
  /** The newest number and activity of each conversation that got messages. */
  readonly conversations: ReadonlyMap<string, { readonly lastNumber: number; readonly activeAtMs: number }>
}

// Identities and client message ids hold no line feed, so no two pairs meet.
const keyOf = (message: { readonly senderId: string; readonly clientMessageId: string }): string =>
  pairOf(message.senderId, message.clientMessageId)
const pairOf = (senderId: string, clientMessageId: string): string => `${senderId}\n${clientMessageId}`

/** Whether what a message answers was ever there: numbers have no gap, so all up to the last were. */
export const hasTargets = ({ thread, extra }: AppendRequest, lastNumber: number): boolean =>
  Math.max(thread ?? 0, extra?.replyTo ?? 0) <= lastNumber

/**
 * Whether a request repeats a stored message: compared with what it said first, where that is still known. Of a deleted
 * message only its place is.
 */
export const isRepeat = (stored: StoredMessage, request: AppendRequest): boolean => {
  if (stored.conversationId !== request.conversationId) return false
  if (stored.isDeleted === true) return true
  if (stored.text !== request.text || stored.thread !== request.thread) return false
  return stored.isEdited === true
    ? stored.extra?.replyTo === request.extra?.replyTo
    : toExtraColumn(stored.extra) === toExtraColumn(request.extra)
}

/**
 * Numbers appends: each conversation goes on from its last number, without a gap; a repeat within the run or of an
 * earlier message gets the number that is there; what follows a message that is not there is not stored.
 * @param lastNumbers of the conversations, which the caller holds locked; one that is missing does not exist
 * @param earlier messages that bear the sender and client message id of one of the requests, or the id that one of them follows
 */
export const planAppends = (
  requests: readonly AppendRequest[],
  lastNumbers: ReadonlyMap<string, number>,
  earlier: readonly StoredMessage[],
): AppendPlan => {
  const known = new Map<string, StoredMessage>(earlier.map((message) => [keyOf(message), message]))
  const conversations = new Map<string, { lastNumber: number; activeAtMs: number }>()
  const messages: NumberedMessage[] = []
  const outcomes = requests.map((request): AppendOutcome => {
    const { conversationId, sentAtMs } = request
    const before = known.get(keyOf(request))
    if (before !== undefined) {
      if (!isRepeat(before, request)) return { outcome: 'conflict' }
      return { outcome: 'repeated', number: before.number, sentAtMs: before.sentAtMs }
    }
    if (request.follows !== undefined && !known.has(pairOf(request.senderId, request.follows)))
      return { outcome: 'outOfOrder' }
    const last = conversations.get(conversationId)?.lastNumber ?? lastNumbers.get(conversationId)
    if (last === undefined) return { outcome: 'noConversation' }
    if (!hasTargets(request, last)) return { outcome: 'noTarget' }
    const numbered = { ...request, number: last + 1 }
    conversations.set(conversationId, { lastNumber: last + 1, activeAtMs: sentAtMs })
    known.set(keyOf(request), numbered)
    messages.push(numbered)
    return { outcome: 'stored', number: last + 1, sentAtMs }
  })
  return { outcomes, messages, conversations }
}
