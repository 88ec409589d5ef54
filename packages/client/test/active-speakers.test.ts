import { describe, expect, test } from 'vitest'
import {
  NOBODY_SPEAKS,
  SPEAKING_HOLD_MS,
  SPEAKING_LEVEL,
  updateSpeakers,
} from '../src/rooms/active-speakers.ts'

const levels = (values: Record<string, number>): ReadonlyMap<string, number> =>
  new Map(Object.entries(values))

describe('active speakers', () => {
  test('those above the threshold speak, the loudest first', () => {
    const state = updateSpeakers(NOBODY_SPEAKS, levels({ a: 0.05, b: 0.4, c: SPEAKING_LEVEL / 2 }), 0)
    expect(state.speakers).toEqual(['b', 'a'])
  })

  test('a short pause does not end speaking, a long one does', () => {
    const speaking = updateSpeakers(NOBODY_SPEAKS, levels({ a: 0.3 }), 0)
    const pause = updateSpeakers(speaking, levels({ a: 0 }), SPEAKING_HOLD_MS - 1)
    expect(pause.speakers).toEqual(['a'])
    expect(updateSpeakers(pause, levels({ a: 0 }), SPEAKING_HOLD_MS).speakers).toEqual([])
  })

  test('the list stays the same value while the same people speak, whoever is louder', () => {
    const first = updateSpeakers(NOBODY_SPEAKS, levels({ a: 0.3, b: 0.2 }), 0)
    const second = updateSpeakers(first, levels({ a: 0.1, b: 0.9 }), 250)
    expect(second.speakers).toBe(first.speakers)
  })

  test('whoever left speaks no longer, even in the middle of a word', () => {
    const speaking = updateSpeakers(NOBODY_SPEAKS, levels({ a: 0.3, b: 0.3 }), 0)
    expect(updateSpeakers(speaking, levels({ b: 0.3 }), 1).speakers).toEqual(['b'])
  })
})
