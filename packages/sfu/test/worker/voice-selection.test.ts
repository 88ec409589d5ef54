import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VoiceSelection } from '../../src/worker/observer/voice-selection.ts'

const FRAME_MS = 20
const SILENCE = -127
const SPEECH = -30

/** People whose levels a test names frame by frame. */
class Table {
  readonly selection: VoiceSelection<string>
  constructor(maxVoices: number, people: readonly string[]) {
    this.selection = new VoiceSelection(maxVoices)
    for (const person of people) this.selection.add(person)
  }

  /** `ms` pass with these levels in dBov; who is not named is silent. */
  pass(ms: number, levels: Readonly<Record<string, number>>, people: readonly string[]): void {
    for (let elapsed = 0; elapsed < ms; elapsed += FRAME_MS) this.frame(levels, people)
  }

  frame(levels: Readonly<Record<string, number>>, people: readonly string[]): boolean {
    for (const person of people) this.selection.push(person, levels[person] ?? SILENCE)
    return this.selection.decide()
  }
}

const people = ['a', 'b', 'c', 'd', 'e']

describe('VoiceSelection', () => {
  test('while there is room, whoever is heard gets in with the first frame, however quiet', () => {
    const table = new Table(3, people)
    table.frame({ a: -70 }, people)
    expect(table.selection.selected()).toEqual(['a'])
  })

  test('a new speaker takes the place of somebody who is silent with the second frame of speech', () => {
    const table = new Table(3, people)
    table.pass(1000, { a: SPEECH, b: SPEECH, c: SPEECH }, people)
    table.pass(1000, { a: SPEECH, b: SPEECH }, people)
    let frames = 0
    do frames++
    while (!table.frame({ a: SPEECH, b: SPEECH, d: SPEECH }, people))
    expect(frames).toBe(2)
    expect(table.selection.selected()).toEqual(['a', 'b', 'd'])
  })

  test('one loud frame alone, a click, takes nobody’s place', () => {
    const table = new Table(1, people)
    table.pass(500, { a: SPEECH }, people)
    table.pass(1000, {}, people)
    table.frame({ b: -20 }, people)
    table.pass(1000, {}, people)
    expect(table.selection.selected()).toEqual(['a'])
  })

  test('who speaks keeps the place against somebody as loud, through pauses between words', () => {
    const table = new Table(1, people)
    for (let word = 0; word < 5; word++) {
      table.pass(200, { a: SPEECH, b: SPEECH }, people)
      table.pass(60, { b: SPEECH }, people)
      expect(table.selection.selected()).toEqual(['a'])
    }
  })

  test('who is clearly louder takes it at once', () => {
    const table = new Table(1, people)
    table.pass(500, { a: -40 }, people)
    table.pass(40, { a: -40, b: -30 }, people)
    expect(table.selection.selected()).toEqual(['b'])
  })

  test('a steady noise is not taken for speech for long', () => {
    const table = new Table(1, people)
    table.pass(12_000, { a: -45 }, people)
    table.pass(40, { a: -45, b: -50 }, people)
    expect(table.selection.selected()).toEqual(['b'])
  })

  test('a claim of the greatest loudness is worth no more than a loud voice', () => {
    const table = new Table(1, people)
    table.pass(500, { a: -25 }, people)
    table.pass(400, { a: -25, liar: 0 }, [...people, 'liar'])
    expect(table.selection.selected()).toEqual(['a'])
  })

  test('liars in every place give one up to who keeps speaking, after ten seconds, and for ten', () => {
    const liars = ['l1', 'l2', 'l3']
    const everybody = [...liars, 'honest']
    const table = new Table(3, everybody)
    // They vary what they claim, so that it never becomes their background.
    const claims = (ms: number): Record<string, number> =>
      Object.fromEntries(liars.map((liar) => [liar, ms % 400 === 0 ? SILENCE : 0]))
    const heard: boolean[] = []
    for (let elapsed = FRAME_MS; elapsed <= 40_000; elapsed += FRAME_MS) {
      table.frame({ ...claims(elapsed), honest: elapsed % 300 === 0 ? SILENCE : SPEECH }, everybody)
      heard.push(table.selection.isSelected('honest'))
    }
    expect(heard.indexOf(true) * FRAME_MS).toBeLessThanOrEqual(10_200)
    // From then on ten seconds at a time, and never as long without a place.
    expect(heard.slice(heard.indexOf(true)).filter(Boolean).length).toBeGreaterThanOrEqual(heard.length * 0.6)
  })

  test('never selects more than it may, nor anybody who left', () => {
    const event = fc.oneof(
      fc.record({ who: fc.nat(5), level: fc.integer({ min: -127, max: 0 }) }),
      fc.record({ leaves: fc.nat(5) }),
      fc.record({ comes: fc.nat(5) }),
    )
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), fc.integer({ min: 1, max: 3 }), (events, most) => {
        const selection = new VoiceSelection<number>(most)
        const present = new Set<number>()
        for (const e of events) {
          if ('leaves' in e) {
            selection.remove(e.leaves)
            present.delete(e.leaves)
          } else if ('comes' in e) {
            selection.add(e.comes)
            present.add(e.comes)
          } else selection.push(e.who, e.level)
          selection.decide()
          const selected = selection.selected()
          expect(selected.length).toBeLessThanOrEqual(most)
          for (const id of selected) expect(present.has(id)).toBe(true)
        }
      }),
    )
  })
})
