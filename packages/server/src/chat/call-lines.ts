import type { CallEndReason, SystemLine } from '@sangam/protocol'
import type { Clock } from '../ports.ts'
import type { ConversationCache } from './conversation-cache.ts'
import { directConversationId } from './direct-conversation.ts'
import type { MessageWriter } from './message-writer.ts'

/** A call that is over. */
export type EndedCall = {
  readonly callId: string
  readonly caller: { readonly identity: string; readonly name: string }
  readonly callee: { readonly identity: string; readonly name: string }
  readonly video: boolean
  readonly reason: CallEndReason
  /** From acceptance to end; undefined when nobody accepted. */
  readonly durationMs: number | undefined
}

/** What {@link CallLines} needs. */
export type CallLinesOptions = {
  readonly cache: ConversationCache
  readonly writer: MessageWriter
  readonly now: Clock
}

type Outcome = Extract<SystemLine, { type: 'call' }>['outcome']

/** What became of a call, as a chat tells it. */
export const callOutcome = (reason: CallEndReason, wasAccepted: boolean): Outcome => {
  if (wasAccepted) return 'answered'
  switch (reason) {
    case 'rejected':
      return 'declined'
    case 'busy':
      return 'busy'
    case 'cancelled':
      return 'cancelled'
    default:
      return 'missed'
  }
}

/** Writes a line into the conversation of two when a call between them ends. */
export class CallLines {
  readonly #options: CallLinesOptions

  constructor(options: CallLinesOptions) {
    this.#options = options
  }

  /** Stores the line; a call that is told twice gets one line. */
  async write({ callId, caller, callee, video, reason, durationMs }: EndedCall): Promise<void> {
    const { cache, writer, now } = this.#options
    const { conversationId } = await cache.open({
      conversationId: directConversationId(caller.identity, callee.identity),
      kind: 'direct',
      title: 'direct',
      members: [caller.identity, callee.identity],
      nowMs: now(),
    })
    const outcome = callOutcome(reason, durationMs !== undefined)
    await writer.writeLine({
      conversationId,
      id: `call:${callId}`,
      by: caller,
      text: textOf(outcome, durationMs),
      system: { type: 'call', outcome, video, ...(durationMs === undefined ? {} : { durationMs }) },
    })
  }
}

/** For clients that show nothing but the text. */
const textOf = (outcome: Outcome, durationMs = 0): string => {
  switch (outcome) {
    case 'answered':
      return `Call, ${Math.max(1, Math.round(durationMs / 60_000))} min`
    case 'missed':
      return 'Missed call'
    case 'declined':
      return 'Call declined'
    case 'cancelled':
      return 'Call cancelled'
    case 'busy':
      return 'Call: busy'
  }
}
