import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { RoomClock } from '../src/rooms/room-clock.ts'
import { RoomRecord } from '../src/rooms/room-record.ts'
import type { RoomChange, StoredRoom } from '../src/rooms/store/room-store.ts'
import { type Candidate, standInOf } from '../src/rooms/succession.ts'

describe('standInOf()', () => {
  const someone = (identity: string, role: string, joinedAtMs: number, mayModerate = true): Candidate => ({
    identity,
    role,
    joinedAtMs,
    mayModerate,
  })
  const custom = { usher: { publish: false, subscribe: true, chat: true, moderate: true, record: false } }

  test.each([
    ['nobody while a host is there', [someone('a', 'speaker', 1), someone('h', 'host', 2)], undefined],
    [
      'the co-host before speakers who are there longer',
      [someone('a', 'speaker', 1), someone('c', 'cohost', 2)],
      'c',
    ],
    ['a role of the application that moderates', [someone('a', 'speaker', 1), someone('u', 'usher', 2)], 'u'],
    ['the speaker who is there longest', [someone('b', 'speaker', 2), someone('a', 'speaker', 1)], 'a'],
    ['never a listener', [someone('a', 'listener', 1)], undefined],
    ['nobody whose token does not let them', [someone('a', 'speaker', 1, false)], undefined],
    ['nobody in an empty room', [], undefined],
  ] as const)('chooses %s', (_name, people, expected) => {
    expect(standInOf(people, custom, undefined)).toBe(expected)
  })

  test('does not change while whoever stands in is there, and is one of those who may', () => {
    const role = fc.constantFrom('host', 'cohost', 'speaker', 'listener', 'usher')
    const people = fc.uniqueArray(
      fc.record({
        identity: fc.string({ minLength: 1 }),
        role,
        joinedAtMs: fc.nat(),
        mayModerate: fc.boolean(),
      }),
      { selector: ({ identity }) => identity },
    )
    fc.assert(
      fc.property(people, fc.option(fc.nat(), { nil: undefined }), (all, pick) => {
        const current = pick === undefined ? undefined : all[pick % Math.max(1, all.length)]?.identity
        const chosen = standInOf(all, custom, current)
        const may = ({ role: had, mayModerate }: Candidate) => mayModerate && had !== 'listener'
        if (all.some(({ role: had }) => had === 'host')) expect(chosen).toBeUndefined()
        else if (!all.some(may)) expect(chosen).toBeUndefined()
        else {
          const found = all.find(({ identity }) => identity === chosen)
          expect(found && may(found)).toBe(true)
          if (all.some((one) => one.identity === current && may(one))) expect(chosen).toBe(current)
        }
      }),
    )
  })
})

/** Applies changes as a store does. */
const applied = (
  { room, people, seats, invites }: StoredRoom,
  changes: readonly RoomChange[],
): StoredRoom => {
  const byIdentity = new Map(people.map((person) => [person.identity, person]))
  const byInvite = new Map(invites.map((invite) => [invite.inviteId, invite]))
  let row = room
  for (const change of changes) {
    if (change.type === 'room') row = change.room
    else if (change.type === 'person') byIdentity.set(change.person.identity, change.person)
    else if (change.type === 'personGone') byIdentity.delete(change.identity)
    else if (change.type === 'invite') byInvite.set(change.invite.inviteId, change.invite)
    else if (change.type === 'inviteGone') byInvite.delete(change.inviteId)
  }
  return { room: row, people: [...byIdentity.values()], seats, invites: [...byInvite.values()] }
}

describe('RoomRecord', () => {
  const identity = fc.constantFrom('a', 'b', 'c')
  const step = fc.oneof(
    fc.record({
      type: fc.constant('role' as const),
      identity,
      role: fc.constantFrom('host', 'cohost', 'listener', undefined),
    }),
    fc.record({
      type: fc.constant('standing' as const),
      identity,
      standing: fc.constantFrom('none', 'waiting', 'admitted', 'banned'),
    }),
    fc.record({ type: fc.constant('muted' as const), identity, muted: fc.boolean() }),
    fc.record({ type: fc.constant('settings' as const), locked: fc.boolean(), lobby: fc.boolean() }),
    fc.record({
      type: fc.constant('invite' as const),
      inviteId: fc.constantFrom('i', 'j'),
      ttlMs: fc.nat(10),
    }),
    fc.record({ type: fc.constant('revoke' as const), inviteId: fc.constantFrom('i', 'j') }),
    fc.record({ type: fc.constantFrom('open' as const, 'closed' as const, 'end' as const) }),
  )

  test('what it says to be stored makes the same record again, whatever was done to it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const record = RoomRecord.fresh('council', 'Council', 0)
        let stored: StoredRoom = { room: record.row, people: [], seats: [], invites: [] }
        for (const [nowMs, one] of steps.entries()) {
          stored = applied(stored, changesOf(record, one, nowMs))
        }
        const again = new RoomRecord(stored)
        expect([...again.waiting(), ...again.banned()]).toEqual([...record.waiting(), ...record.banned()])
        for (const who of ['a', 'b', 'c']) expect(again.person(who)).toEqual(record.person(who))
        expect([again.settings, again.endsAtMs, again.isEnded(50)]).toEqual([
          record.settings,
          record.endsAtMs,
          record.isEnded(50),
        ])
        expect(
          again
            .invites(0)
            .map(({ inviteId }) => inviteId)
            .sort(),
        ).toEqual(
          record
            .invites(0)
            .map(({ inviteId }) => inviteId)
            .sort(),
        )
      }),
    )
  })

  test('a ban takes the role with it, and lifted leaves a newcomer', () => {
    const record = RoomRecord.fresh('council', 'Council', 0)
    record.setRole('a', 'A', 'cohost', 1)
    record.setStanding('a', 'A', 'banned', 2)
    record.setStanding('a', 'A', 'none', 3)
    expect(record.person('a')).toBeUndefined()
  })

  test('is worth keeping for what somebody set, not for having been entered', () => {
    const record = RoomRecord.fresh('council', 'Council', 0)
    record.open(1)
    record.setRole('creator', 'C', 'host', 1)
    expect(record.isWorthKeeping(2)).toBe(false)
    record.addInvite({ inviteId: 'i', role: 'speaker', createdBy: 'creator', expiresAtMs: 10 }, 2)
    expect([record.isWorthKeeping(9), record.isWorthKeeping(10)]).toEqual([true, false])
    record.setStanding('pest', 'P', 'banned', 11)
    expect(record.isWorthKeeping(11)).toBe(true)
  })
})

type Step = { readonly type: string; readonly [field: string]: unknown }

const changesOf = (record: RoomRecord, step: Step, nowMs: number): RoomChange[] => {
  const who = String(step.identity)
  switch (step.type) {
    case 'role':
      return record.setRole(who, who, step.role as string | undefined, nowMs)
    case 'standing':
      return record.setStanding(who, who, step.standing as 'waiting', nowMs)
    case 'muted':
      return record.setMuted(who, who, 'microphone', step.muted === true, nowMs)
    case 'settings':
      return record.changeSettings(
        { locked: step.locked === true, lobby: step.lobby === true },
        undefined,
        nowMs,
      )
    case 'invite':
      return record.addInvite(
        {
          inviteId: String(step.inviteId),
          role: 'speaker',
          createdBy: 'a',
          expiresAtMs: nowMs + Number(step.ttlMs),
        },
        nowMs,
      )
    case 'revoke':
      return record.revokeInvite(String(step.inviteId))
    case 'open':
      return record.open(nowMs)
    case 'closed':
      return record.closed(nowMs)
    default:
      return record.end(nowMs)
  }
}

describe('RoomClock', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }))
  afterEach(() => void vi.useRealTimers())

  const watched = () => {
    const heard: unknown[] = []
    const clock = new RoomClock(() => Date.now(), {
      onEndingSoon: (roomId, endsAtMs) => heard.push([Date.now(), roomId, endsAtMs]),
      onOver: (roomId) => heard.push([Date.now(), roomId, 'over']),
    })
    return { heard, clock }
  }

  test('warns five minutes and one minute before the end, then says that it is over', () => {
    const { heard, clock } = watched()
    clock.watch('council', 600_000)
    vi.advanceTimersByTime(600_000)
    expect(heard).toEqual([
      [300_000, 'council', 600_000],
      [540_000, 'council', 600_000],
      [600_000, 'council', 'over'],
    ])
  })

  test('an end that moves takes its warnings along; one that is forgotten never comes', () => {
    const { heard, clock } = watched()
    clock.watch('council', 600_000)
    vi.advanceTimersByTime(100_000)
    clock.watch('council', 160_000)
    vi.advanceTimersByTime(1_000_000)
    expect(heard).toEqual([[160_000, 'council', 'over']])
    clock.watch('council', 2_000_000)
    clock.forget('council')
    clock.watch('other', undefined)
    vi.advanceTimersByTime(5_000_000)
    expect(heard).toHaveLength(1)
  })
})
