import type { ChatMessage, ConversationSummary } from '@sangam/client'
import { describe, expect, test } from 'vitest'
import { EMOJI, findEmoji } from '../src/chat/emoji.ts'
import { mentionQuery, withIdentities, withNames } from '../src/chat/mention-text.ts'
import { receiptWords, typingWords } from '../src/chat/receipt-words.ts'
import { systemWords } from '../src/chat/system-words.ts'
import { attention, orderConversations } from '../src/shell/order-conversations.ts'
import { presenceWords } from '../src/shell/presence-words.ts'

const member = (identity: string) => ({ identity, name: identity.toUpperCase(), role: 'member' }) as const
const own = { own: true, number: 5, senderId: 'me' } as ChatMessage

describe('receipts', () => {
  const words = (kind: 'direct' | 'group', read: number, delivered: number) =>
    receiptWords({
      kind,
      messages: [own],
      members: [member('me'), member('ravi')],
      read: new Map([['ravi', read]]),
      delivered: new Map([['ravi', delivered]]),
    })

  test('say how far the newest own message came', () => {
    expect([words('direct', 0, 0), words('direct', 4, 5), words('direct', 5, 5)]).toEqual([
      'Sent',
      'Delivered',
      'Read',
    ])
    expect([words('group', 0, 4), words('group', 4, 5), words('group', 5, 5)]).toEqual([
      'Sent',
      'Delivered to all',
      'Read by RAVI',
    ])
  })

  test('say nothing of others’ messages and of lines of the server', () => {
    const quiet = { kind: 'direct', members: [], read: new Map(), delivered: new Map() } as const
    expect(receiptWords({ ...quiet, messages: [{ ...own, own: false }] })).toBe('')
    expect(receiptWords({ ...quiet, messages: [{ ...own, system: { type: 'left', people: [] } }] })).toBe('')
    expect(receiptWords({ ...quiet, messages: [] })).toBe('')
  })

  test('who types, in words', () => {
    expect(['', 'A is typing…', 'A and B are typing…', 'Several people are typing…']).toEqual(
      [[], ['A'], ['A', 'B'], ['A', 'B', 'C']].map(typingWords),
    )
  })
})

describe('mentions while one writes', () => {
  const people = [
    { identity: 'ravi', name: 'Ravi' },
    { identity: 'ravi2', name: 'Ravi Menon' },
  ]

  test('become identities, the longest name first, and names again', () => {
    const text = withIdentities('@Ravi Menon and @Ravi, mail a@Ravina', people)
    expect(text).toBe('<@ravi2> and <@ravi>, mail a<@ravi>na')
    expect(
      withNames('hi <@ravi2>', (id) => people.find(({ identity }) => identity === id)?.name ?? id),
    ).toEqual({ text: 'hi @Ravi Menon', chosen: [{ identity: 'ravi2', name: 'Ravi Menon' }] })
  })

  test('are asked for after an @ at the beginning of a word', () => {
    expect([
      mentionQuery('@Ra', 3),
      mentionQuery('hi @', 4),
      mentionQuery('a@b', 3),
      mentionQuery('@Ra x', 5),
    ]).toEqual(['Ra', '', undefined, undefined])
  })
})

test('lines of the server in words', () => {
  const call = { type: 'call', video: false } as const
  expect([
    systemWords({ ...call, outcome: 'answered', durationMs: 12 * 60_000 }, 'Ravi'),
    systemWords({ ...call, outcome: 'answered', durationMs: 75 * 60_000 }, 'You'),
    systemWords({ ...call, outcome: 'missed' }, 'Ravi'),
    systemWords({ ...call, outcome: 'missed', video: true }, 'You'),
    systemWords({ type: 'added', people: [{ identity: 'a', name: 'A' }] }, 'Ravi'),
  ]).toEqual([
    'Incoming call, 12 minutes',
    'Outgoing call, 1 h 15 min',
    'Missed call',
    'Your video call was not answered',
    'Ravi added A',
  ])
})

describe('the list of conversations', () => {
  const one = (conversationId: string, more: Partial<ConversationSummary> = {}) =>
    ({
      conversationId,
      unread: 0,
      mentioned: 0,
      mutedUntil: 0,
      archived: false,
      pinned: false,
      ...more,
    }) as ConversationSummary

  test('has pinned ones first and the archived apart', () => {
    const { shown, archived } = orderConversations([
      one('a'),
      one('b', { pinned: true }),
      one('c', { archived: true, pinned: true }),
    ])
    expect(shown.map(({ conversationId }) => conversationId)).toEqual(['b', 'a'])
    expect(archived.map(({ conversationId }) => conversationId)).toEqual(['c'])
  })

  test('asks for attention by what is unread, of muted ones by mentions alone', () => {
    expect(attention(one('a', { unread: 3 }), 10)).toBe(3)
    expect(attention(one('a', { unread: 3, mentioned: 1, mutedUntil: 11 }), 10)).toBe(1)
    expect(attention(one('a', { unread: 3, mutedUntil: 10 }), 10)).toBe(3)
  })
})

test('somebody offline was last seen', () => {
  const person = { identity: 'a', name: 'A', self: false, presence: 'offline' } as const
  expect(presenceWords({ ...person, presence: 'away' }, 0)).toBe('Away')
  expect(presenceWords(person, 0)).toBe('Offline')
  expect(presenceWords({ ...person, lastSeenAt: 1000 }, 2000)).toBe('Last seen just now')
  expect(presenceWords({ ...person, lastSeenAt: 0 }, 2 * 86_400_000)).toMatch(/^Last seen \w/)
})

test('every emoji of the picker is one emoji, stands there once and is found by its words', () => {
  expect(EMOJI.every(({ emoji }) => /^\p{RGI_Emoji}$/v.test(emoji))).toBe(true)
  expect(new Set(EMOJI.map(({ emoji }) => emoji)).size).toBe(EMOJI.length)
  expect(findEmoji('par').map(({ emoji }) => emoji)).toContain('🎉')
  expect(findEmoji('nothing of the kind')).toEqual([])
})
