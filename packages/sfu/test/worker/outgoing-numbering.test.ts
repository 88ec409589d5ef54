import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OutgoingNumbering } from '../../src/worker/layers/outgoing-numbering.ts'

function begun(incoming: number, first = 500): OutgoingNumbering {
  const numbering = new OutgoingNumbering(first)
  numbering.begin(0, incoming, 0, 0, 0)
  return numbering
}

describe.each([0, 127, 32767, 65535, 131071])('OutgoingNumbering from incoming number %d', (start) => {
  test('packets that are left out take no number', () => {
    const numbering = begun(start)
    const out: number[] = []
    for (let i = 0; i < 40; i++) {
      if (i % 2 === 0) out.push(numbering.take(start + i))
      else numbering.skip(start + i, 0, false)
    }
    expect(out).toEqual(Array.from({ length: 20 }, (_, i) => 500 + i))
  })

  test('a lost packet keeps its number, and gets it when it comes late', () => {
    const numbering = begun(start)
    expect(numbering.take(start)).toBe(500)
    numbering.skip(start + 1, 0, false)
    expect(numbering.take(start + 4)).toBe(503)
    expect(numbering.findIncoming(0, start + 2)).toBe(501)
    expect(numbering.findIncoming(0, start + 3)).toBe(502)
    expect(numbering.findIncoming(0, start + 1)).toBe(-1)
  })

  test('what was lost within a picture that is left out takes no number', () => {
    const numbering = begun(start)
    numbering.take(start)
    numbering.skip(start + 1, 0, false)
    numbering.skip(start + 3, 0, true)
    expect(numbering.take(start + 4)).toBe(501)
    expect(numbering.findIncoming(0, start + 2)).toBe(-1)
  })

  test('what was lost between two pictures that are left out keeps its number', () => {
    const numbering = begun(start)
    numbering.take(start)
    numbering.skip(start + 1, 0, false)
    numbering.skip(start + 3, 0, false)
    expect(numbering.take(start + 4)).toBe(502)
    expect(numbering.findIncoming(0, start + 2)).toBe(501)
  })

  test('an outgoing number leads to the right source and packet after a change of source', () => {
    const numbering = begun(start)
    numbering.take(start)
    numbering.take(start + 1)
    numbering.begin(3, 70_000, 11, 22, 33)
    numbering.take(70_000)
    numbering.take(70_001)
    expect(numbering.findOutgoing(501)).toBe(start + 1)
    expect(numbering.source).toBe(0)
    expect(numbering.findOutgoing(503)).toBe(70_001)
    expect(numbering).toMatchObject({ source: 3, timestampShift: 11, pictureIdShift: 22, tl0PicIdxShift: 33 })
    expect(numbering.findOutgoing(504)).toBe(-1)
    expect(numbering.findOutgoing(499)).toBe(-1)
  })
})

test('a jump of the source leaves no gap', () => {
  const numbering = begun(10)
  numbering.take(10)
  expect(numbering.take(70_000)).toBe(501)
})

test('any mixture of taking, leaving out, loss and change of source gives numbers that lead back', () => {
  const step = fc.record({ action: fc.constantFrom('take', 'skip', 'lose', 'change'), same: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const numbering = begun(65_530)
      const out = new Map<number, { source: number; incoming: number }>()
      let source = 0
      let incoming = 65_530
      for (const { action, same } of steps) {
        if (action === 'take') {
          const number = numbering.take(incoming)
          expect(out.has(number)).toBe(false)
          out.set(number, { source, incoming })
        } else if (action === 'skip') numbering.skip(incoming, 0, same)
        else if (action === 'change') {
          source = (source + 1) % 3
          incoming += 500
          numbering.begin(source, incoming, 0, 0, 0)
          continue
        }
        incoming++
      }
      for (const [number, packet] of out) {
        expect(numbering.findOutgoing(number)).toBe(packet.incoming)
        expect(numbering.source).toBe(packet.source)
        expect(numbering.findIncoming(packet.source, packet.incoming)).toBe(number)
      }
    }),
  )
})
