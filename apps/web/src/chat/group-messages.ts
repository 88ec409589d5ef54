import type { ChatMessage } from '@sangam/client'
import { dayKey } from '../shell/time-words.ts'

/** Messages of one sender that follow each other closely; shown under one name and time. */
export interface MessageRun {
  readonly key: string
  readonly senderId: string
  readonly senderName: string
  readonly own: boolean
  readonly sentAt: number
  readonly messages: readonly ChatMessage[]
}

/** The runs of one local day. */
export interface MessageDay {
  readonly key: number
  readonly sentAt: number
  readonly runs: readonly MessageRun[]
}

/** A pause longer than this begins a new run. */
const RUN_GAP_MS = 5 * 60_000

/**
 * Messages, in their order, as days of runs. Order is never changed: a message whose clock stands back (not yet
 * stored, from this device) stays where it is, in the day that is open. A line of the server's stands alone, and a run
 * begins at the first unread message.
 */
export function groupMessages(messages: readonly ChatMessage[], unreadFrom?: number): readonly MessageDay[] {
  const days: {
    key: number
    sentAt: number
    runs: { -readonly [K in keyof MessageRun]: MessageRun[K] }[]
  }[] = []
  let previousAtMs = Number.NEGATIVE_INFINITY
  for (const message of messages) {
    const key = dayKey(message.sentAt)
    let day = days.at(-1)
    if (day === undefined || key > day.key) {
      day = { key, sentAt: message.sentAt, runs: [] }
      days.push(day)
    }
    const run = day.runs.at(-1)
    const follows =
      run?.senderId === message.senderId &&
      message.sentAt - previousAtMs <= RUN_GAP_MS &&
      message.system === undefined &&
      run.messages[0]?.system === undefined &&
      (unreadFrom === undefined || message.number !== unreadFrom)
    if (run !== undefined && follows) run.messages = [...run.messages, message]
    else day.runs.push({ ...startOfRun(message), messages: [message] })
    previousAtMs = message.sentAt
  }
  return days
}

function startOfRun({ key, senderId, senderName, own, sentAt }: ChatMessage) {
  return { key, senderId, senderName, own, sentAt }
}
