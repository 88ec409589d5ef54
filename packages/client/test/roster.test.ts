import type { Participant, Track } from '@sangam/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  EMPTY_ROSTER,
  participantJoined,
  participantLeft,
  type Roster,
  type RosterStep,
  syncRoster,
  trackPaused,
  trackPublished,
  trackUnpublished,
} from '../src/rooms/roster.ts'

const track = (producerId: string, paused = false): Track => ({
  producerId,
  kind: 'audio',
  source: 'microphone',
  paused,
})
const person = (participantId: string, ...tracks: Track[]): Participant => ({
  participantId,
  identity: participantId,
  name: participantId,
  role: 'speaker',
  tracks,
})

/** What somebody holds who only ever heard the changes. */
class Follower {
  readonly people = new Set<string>()
  readonly tracks = new Map<string, boolean>()

  follow({ changes }: RosterStep): void {
    for (const { track: gone } of changes.unpublished) expect(this.tracks.delete(gone.producerId)).toBe(true)
    for (const { participantId } of changes.left) expect(this.people.delete(participantId)).toBe(true)
    for (const { participantId } of changes.joined) {
      expect(this.people.has(participantId)).toBe(false)
      this.people.add(participantId)
    }
    for (const { track: come } of changes.published) {
      expect(this.tracks.has(come.producerId)).toBe(false)
      this.tracks.set(come.producerId, come.paused)
    }
    for (const { track: changed } of changes.pausedChanged) {
      expect(this.tracks.get(changed.producerId)).toBe(!changed.paused)
      this.tracks.set(changed.producerId, changed.paused)
    }
  }

  expectToHold(roster: Roster): void {
    const tracks = [...roster.values()].flatMap((one) => one.tracks)
    expect([...this.people].sort()).toEqual([...roster.keys()].sort())
    expect(Object.fromEntries(this.tracks)).toEqual(
      Object.fromEntries(tracks.map(({ producerId, paused }) => [producerId, paused])),
    )
  }
}

describe('roster', () => {
  test('whoever leaves takes their tracks along', () => {
    const { roster } = syncRoster(EMPTY_ROSTER, [person('ravi', track('t1'))])
    const { changes } = participantLeft(roster, 'ravi')
    expect(changes.left.map(({ participantId }) => participantId)).toEqual(['ravi'])
    expect(changes.unpublished.map((one) => one.track.producerId)).toEqual(['t1'])
  })

  test('an event told twice changes nothing the second time', () => {
    const { roster } = syncRoster(EMPTY_ROSTER, [person('ravi', track('t1'))])
    const nothing = { joined: [], left: [], published: [], unpublished: [], pausedChanged: [] }
    expect(participantJoined(roster, person('ravi', track('t1'))).changes).toEqual(nothing)
    expect(trackPublished(roster, 'ravi', track('t1')).changes).toEqual(nothing)
    expect(trackPaused(roster, 'ravi', 't1', false).changes).toEqual(nothing)
    expect(trackUnpublished(roster, 'ravi', 'gone').changes).toEqual(nothing)
    expect(trackPublished(roster, 'stranger', track('t2')).changes).toEqual(nothing)
  })

  test('whatever comes, in events or as a whole list after a reconnect: the changes told lead to what is held', () => {
    const id = fc.constantFrom('a', 'b', 'c')
    const list = fc
      .uniqueArray(fc.tuple(id, fc.uniqueArray(fc.nat(2)), fc.boolean()), { selector: ([one]) => one })
      .map((people) =>
        people.map(([who, tracks, paused]) => person(who, ...tracks.map((n) => track(`${who}${n}`, paused)))),
      )
    const step = fc.oneof(
      list.map((people) => (held: Roster) => syncRoster(held, people)),
      id.map((who) => (held: Roster) => participantJoined(held, person(who))),
      id.map((who) => (held: Roster) => participantLeft(held, who)),
      fc.tuple(id, fc.nat(2)).map(
        ([who, n]) =>
          (held: Roster) =>
            trackPublished(held, who, track(`${who}${n}`)),
      ),
      fc.tuple(id, fc.nat(2)).map(
        ([who, n]) =>
          (held: Roster) =>
            trackUnpublished(held, who, `${who}${n}`),
      ),
      fc.tuple(id, fc.nat(2), fc.boolean()).map(
        ([who, n, paused]) =>
          (held: Roster) =>
            trackPaused(held, who, `${who}${n}`, paused),
      ),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const follower = new Follower()
        let roster = EMPTY_ROSTER
        for (const apply of steps) {
          const next = apply(roster)
          follower.follow(next)
          roster = next.roster
          follower.expectToHold(roster)
        }
      }),
    )
  })
})
