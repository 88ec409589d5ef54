import { describe, expect, test } from 'vitest'
import { SCREEN_ASPECT, type Size, tileLayout } from '../src/room/tile-layout.ts'

const GAP_PX = 10
const WIDE: Size = { widthPx: 1400, heightPx: 760 }
const PHONE: Size = { widthPx: 370, heightPx: 660 }

describe('tileLayout()', () => {
  test.each([
    [1, 1, 1],
    [2, 2, 1],
    [3, 2, 2],
    [4, 2, 2],
    [6, 3, 2],
    [9, 3, 3],
  ])('puts %i people on a wide frame into %i columns and %i rows', (count, columns, rows) => {
    expect(tileLayout(count, WIDE, GAP_PX)).toMatchObject({ columns, rows })
  })

  test.each([
    [1, 1, 1],
    [2, 1, 2],
    [3, 1, 3],
    [4, 2, 2],
    [6, 2, 3],
    [9, 3, 3],
  ])('puts %i people on a phone into %i columns and %i rows', (count, columns, rows) => {
    expect(tileLayout(count, PHONE, GAP_PX)).toMatchObject({ columns, rows })
  })

  test('never leaves the frame, for any count that fits', () => {
    for (const frame of [WIDE, PHONE]) {
      for (let count = 1; count <= 8; count += 1) {
        const { columns, rows, widthPx, heightPx } = tileLayout(count, frame, GAP_PX)
        expect(columns * rows).toBeGreaterThanOrEqual(count)
        expect(columns * widthPx + (columns - 1) * GAP_PX).toBeLessThanOrEqual(frame.widthPx)
        expect(rows * heightPx + (rows - 1) * GAP_PX).toBeLessThanOrEqual(frame.heightPx)
      }
    }
  })

  test('scrolls rather than show faces that nobody can see', () => {
    const { widthPx, rows, heightPx } = tileLayout(60, PHONE, GAP_PX)
    expect(widthPx).toBeGreaterThanOrEqual(104)
    expect(rows * heightPx).toBeGreaterThan(PHONE.heightPx)
  })

  test('keeps a shared screen close to the shape of a screen', () => {
    const { widthPx, heightPx } = tileLayout(1, PHONE, GAP_PX, SCREEN_ASPECT)
    expect(widthPx / heightPx).toBeGreaterThan(1.55)
  })

  test('survives a frame without a size', () => {
    expect(tileLayout(4, { widthPx: 0, heightPx: 0 }, GAP_PX).widthPx).toBe(0)
  })
})
