import { describe, expect, test } from 'vitest'
import { clock, durationWords } from '../src/call/duration.ts'
import { endedWords } from '../src/call/ended-words.ts'
import { spanWords, withCurrent } from '../src/chat/care-words.ts'
import { hueOf, initialsOf } from '../src/design/initials.ts'
import type { EndedCall } from '../src/live/ended-call.ts'
import { rateWords } from '../src/media/rate-words.ts'
import { callTopologyWords, roomTopologyWords } from '../src/media/topology-words.ts'
import { deliveryWords, isShortOfNetwork } from '../src/room/delivery-words.ts'
import { connectionWords } from '../src/session/connection-words.ts'
import { matches, orderPeople } from '../src/shell/order-people.ts'
import { slugOf } from '../src/shell/slug.ts'

describe('rateWords()', () => {
  test.each([
    [0, '0 kbit/s'],
    [-5, '0 kbit/s'],
    [84_400, '84 kbit/s'],
    [999_400, '999 kbit/s'],
    [999_600, '1.0 Mbit/s'],
    [1_240_000, '1.2 Mbit/s'],
    [9_960_000, '10 Mbit/s'],
  ])('reads %i bit/s as %s', (bitrateBps, words) => {
    expect(rateWords(bitrateBps)).toBe(words)
  })
})

describe('deliveryWords()', () => {
  test.each([
    ['lastN', 'Paused: others spoke'],
    ['bandwidth', 'Paused: weak network'],
    ['distress', 'Sound only: weak network'],
    ['audioOnly', 'Sound only'],
    ['notVisible', undefined],
  ] as const)('says of a picture held back for %s: %s', (reason, words) => {
    expect(deliveryWords({ forwarded: false, reason })).toBe(words)
    expect(deliveryWords({ forwarded: true, reason })).toBeUndefined()
  })

  test('only the network is called weak that is', () => {
    expect(isShortOfNetwork({ forwarded: false, reason: 'distress' })).toBe(true)
    expect(isShortOfNetwork({ forwarded: false, reason: 'lastN' })).toBe(false)
    expect(isShortOfNetwork(undefined)).toBe(false)
  })
})

describe('roomTopologyWords()', () => {
  const words = (topology: 'mesh' | 'sfu' | 'mcu', participants: number, sending = true) => {
    const { lead, rest } = roomTopologyWords({ topology, participants, sending })
    return `${lead}: ${rest}`
  }
  test.each([
    [words('sfu', 4), 'Through the server: you upload one stream, not 3'],
    [words('sfu', 2), 'Through the server: you upload one stream'],
    [words('sfu', 4, false), 'Through the server: you upload nothing now'],
    [words('mesh', 4), 'Direct to each: you upload your stream 3 times'],
    [words('mcu', 9), 'Mixed by the server: you send one stream and receive one'],
  ])('says %s', (said, expected) => {
    expect(said).toBe(expected)
  })

  test('says of a direct call that nothing passes the server, and of no other', () => {
    expect(callTopologyWords('direct')).toEqual({ lead: 'Direct', rest: 'nothing passes the server' })
    expect(callTopologyWords('relayed').rest).not.toContain('nothing')
    expect(callTopologyWords('unknown').rest).not.toContain('nothing')
  })
})

describe('endedWords()', () => {
  const ended = (fields: Partial<EndedCall>): EndedCall => ({
    peer: { identity: 'ravi', name: 'Ravi' },
    direction: 'outgoing',
    video: true,
    reason: 'hangup',
    ...fields,
  })
  test.each([
    [ended({ reason: 'rejected' }), 'Ravi declined the call'],
    [ended({ reason: 'rejected', direction: 'incoming' }), 'You declined Ravi’s call'],
    [ended({ reason: 'timeout' }), 'Ravi did not answer'],
    [ended({ reason: 'timeout', direction: 'incoming' }), 'Missed call from Ravi'],
    [ended({ reason: 'cancelled', direction: 'incoming' }), 'Missed call from Ravi'],
    [ended({ reason: 'cancelled' }), 'You cancelled the call to Ravi'],
    [ended({ reason: 'busy' }), 'Ravi is in another call'],
    [ended({ reason: 'disconnected' }), 'The connection to Ravi was lost'],
  ])('tells each side its own story (%#)', (call, title) => {
    expect(endedWords(call).title).toBe(title)
  })

  test('tells how long a call lasted', () => {
    expect(endedWords(ended({ durationMs: 151_000 })).detail).toBe('It lasted 2 min 31 s.')
  })
})

describe('durations', () => {
  test.each([
    [0, '0:00'],
    [59_999, '0:59'],
    [754_000, '12:34'],
    [3_723_000, '1:02:03'],
  ])('%i ms on the clock is %s', (durationMs, words) => {
    expect(clock(durationMs)).toBe(words)
  })

  test('words round up to whole minutes and hours', () => {
    expect([1000, 60_000, 3_600_000, 3_720_000].map(durationWords)).toEqual([
      '1 second',
      '1 min',
      '1 h',
      '1 h 2 min',
    ])
  })
})

describe('connectionWords()', () => {
  test('says nothing while all is well', () => {
    expect(connectionWords({ state: 'online', attempt: 0 }, true)).toBeUndefined()
  })
  test('tells a lost network from a lost server', () => {
    expect(connectionWords({ state: 'reconnecting', attempt: 1 }, true)?.text).toBe('Reconnecting…')
    expect(connectionWords({ state: 'reconnecting', attempt: 1 }, false)?.text).toContain('offline')
  })
  test('offers a way on when the session has ended', () => {
    expect(connectionWords({ state: 'closed', attempt: 0 }, true)?.action).toBe('signIn')
  })
})

describe('names', () => {
  test.each([
    ['Standup', 'standup'],
    ['  Café & Code! ', 'cafe-code'],
    ['a'.repeat(60), 'a'.repeat(48)],
  ])('%s becomes the id %s', (name, slug) => {
    expect(slugOf(name)).toBe(slug)
  })

  test('every name gives an id that the protocol takes, and names in other scripts stay apart', () => {
    const names = ['रोज़', '陈美', '🎉', '---', 'Team 東京', 'Team 京都']
    const slugs = names.map(slugOf)
    for (const slug of slugs) expect(slug).toMatch(/^[A-Za-z0-9][A-Za-z0-9._:@+-]*$/)
    expect(new Set(slugs).size).toBe(names.length)
  })

  test('initials are the first letters of the first and the last word', () => {
    expect(['Asha Raman', 'jo', 'Ana de la Cruz', '陈美', ''].map(initialsOf)).toEqual([
      'AR',
      'J',
      'AC',
      '陈',
      '?',
    ])
  })

  test('a hue stays with its identity', () => {
    expect(hueOf('ravi')).toBe(hueOf('ravi'))
    expect(hueOf('ravi')).not.toBe(hueOf('asha'))
  })

  test('finding looks past accents and case', () => {
    expect(matches('Zoë Müller', 'zoe mul')).toBe(true)
    expect(matches('Zoë', 'ravi')).toBe(false)
  })

  test('people stand by whether they can be reached, then by name; oneself is left out', () => {
    const person = (name: string, presence: 'online' | 'offline' | 'away', self = false) => ({
      identity: name,
      name,
      presence,
      self,
    })
    const people = [
      person('Zoe', 'online'),
      person('Jo', 'offline'),
      person('Amy', 'online'),
      person('Me', 'online', true),
    ]
    expect(orderPeople(people).map(({ name }) => name)).toEqual(['Amy', 'Zoe', 'Jo'])
  })
})

describe('spanWords()', () => {
  test.each([
    [1000, '1 second'],
    [90_000, '90 seconds'],
    [300_000, '5 minutes'],
    [86_400_000, '1 day'],
    [30 * 86_400_000, '30 days'],
  ])('%i ms are %s', (spanMs, words) => {
    expect(spanWords(spanMs)).toBe(words)
  })

  test('a span that an application set stands among the choices', () => {
    const choices = [['0', 'Off']] as const
    expect(withCurrent(choices, 0)).toEqual(choices)
    expect(withCurrent(choices, 7000)).toEqual([...choices, ['7000', '7 seconds']])
  })
})
