import type { ChatMessage } from '@sangam/client'
import { describe, expect, test } from 'vitest'
import { groupMessages } from '../src/chat/group-messages.ts'

const NOON = new Date(2026, 2, 3, 12).getTime()
const MINUTE_MS = 60_000

function message(number: number, senderId: string, sentAt: number): ChatMessage {
  return {
    key: `m${number}`,
    conversationId: 'team',
    number,
    clientMessageId: `c${number}`,
    senderId,
    senderName: senderId,
    text: 'text',
    sentAt,
    own: false,
    state: 'sent',
  }
}

const shape = (messages: readonly ChatMessage[]) =>
  groupMessages(messages).map((day) => day.runs.map((run) => run.messages.map(({ number }) => number)))

describe('groupMessages()', () => {
  test('joins what one sender says in close succession', () => {
    const messages = [
      message(1, 'asha', NOON),
      message(2, 'asha', NOON + MINUTE_MS),
      message(3, 'ravi', NOON + 2 * MINUTE_MS),
    ]
    expect(shape(messages)).toEqual([[[1, 2], [3]]])
  })

  test('begins a new run after a pause of more than five minutes', () => {
    const messages = [message(1, 'asha', NOON), message(2, 'asha', NOON + 5 * MINUTE_MS + 1)]
    expect(shape(messages)).toEqual([[[1], [2]]])
  })

  test('begins a new day at local midnight, also within a run', () => {
    const midnight = new Date(2026, 2, 4).getTime()
    expect(shape([message(1, 'asha', midnight - 1), message(2, 'asha', midnight)])).toEqual([[[1]], [[2]]])
  })

  test('keeps the order of numbers when clocks disagree', () => {
    const messages = [
      message(1, 'asha', NOON),
      message(2, 'ravi', NOON - 26 * 60 * MINUTE_MS),
      message(3, 'asha', NOON),
    ]
    expect(shape(messages).flat(2)).toEqual([1, 2, 3])
    expect(groupMessages(messages)).toHaveLength(1)
  })

  test('has nothing to show for an empty log', () => {
    expect(groupMessages([])).toEqual([])
  })
})
