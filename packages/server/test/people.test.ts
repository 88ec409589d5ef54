import type { Person } from '@sangam/protocol'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Notifier, Session } from '../src/ports.ts'
import { type PeopleOptions, PeopleService } from '../src/presence/people-service.ts'

/** A service whose notices are collected, as if `connections` connections heard them. */
const peopleOf = (connections: number, stored: PeopleOptions['store']['people'] = async () => []) => {
  const notices: (readonly Person[])[] = []
  const notifier = {
    toSessions: (_passes: unknown, _event: unknown, payload: { people: readonly Person[] }) => {
      notices.push(payload.people)
      return connections
    },
  } as unknown as Notifier
  const store: PeopleOptions['store'] = {
    rememberPerson: async () => undefined,
    people: stored,
    person: async () => undefined,
  }
  const log = { error: () => undefined } as unknown as PeopleOptions['log']
  return { people: new PeopleService({ store, notifier, now: () => 1, log }), notices }
}
const session = (identity: string): Session =>
  ({ identity, name: identity, connectionId: `${identity} 1` }) as Session
const seen = (notices: readonly (readonly Person[])[]): string[][] =>
  notices.map((people) => people.map(({ identity, presence }) => `${identity} ${presence}`))

describe('presence', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('is told at once when nothing was told lately', () => {
    const { people, notices } = peopleOf(3)
    void people.connected(session('asha'))
    expect(seen(notices)).toEqual([['asha online']])
    vi.advanceTimersByTime(3)
    people.setEngaged('asha', true)
    expect(seen(notices)).toEqual([['asha online'], ['asha inCall']])
  })

  test('of a crowd is told together, a millisecond per connection after the last notice, each person as they are then', () => {
    const { people, notices } = peopleOf(500)
    for (const identity of ['asha', 'ravi', 'mina']) void people.connected(session(identity))
    people.setEngaged('ravi', true)
    people.disconnected(session('mina'))
    vi.advanceTimersByTime(499)
    expect(seen(notices)).toEqual([['asha online']])
    vi.advanceTimersByTime(1)
    expect(seen(notices)).toEqual([['asha online'], ['ravi inCall', 'mina offline']])
    vi.advanceTimersByTime(5000)
    expect(notices).toHaveLength(2)
  })

  test('is told no more once the server closes', () => {
    const { people, notices } = peopleOf(500)
    for (const identity of ['asha', 'ravi']) void people.connected(session(identity))
    people.close()
    vi.advanceTimersByTime(5000)
    expect(seen(notices)).toEqual([['asha online']])
  })
})

describe('the list of people', () => {
  test('has who came while the store was read as present, and once', async () => {
    const read = Promise.withResolvers<void>()
    const { people } = peopleOf(1, async () => {
      await read.promise
      return [{ identity: 'ravi', name: 'ravi', seenAtMs: 1 }]
    })
    const listed = people.list()
    void people.connected(session('ravi'))
    read.resolve()
    expect(await listed).toEqual({ people: [{ identity: 'ravi', name: 'ravi', presence: 'online' }] })
  })
})
