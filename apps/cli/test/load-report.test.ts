import { describe, expect, test } from 'vitest'
import { formatHtml, formatLimit, formatTable, formatValue, type Report } from '../src/load/report.ts'
import { isMet } from '../src/load/scenario.ts'
import { formatWorkers } from '../src/workers.ts'

const figure = (value: number, limit?: { least?: number; most?: number }) => ({
  name: 'a < b',
  value,
  unit: 's',
  ...(limit === undefined ? {} : { limit }),
})

describe('a load report', () => {
  test('knows which figures are what they have to be', () => {
    expect(isMet(figure(3))).toBe(true)
    expect([1.9, 2, 2.1].map((value) => isMet(figure(value, { most: 2 })))).toEqual([true, true, false])
    expect([1.9, 2].map((value) => isMet(figure(value, { least: 2 })))).toEqual([false, true])
    expect(isMet(figure(Number.NaN, { most: 2 }))).toBe(false)
    expect(isMet(figure(Number.POSITIVE_INFINITY, { most: 2 }))).toBe(false)
  })

  test('says values and limits as people read them', () => {
    expect([0.02854, 12.345, 21_134.4, 7].map((value) => formatValue({ value, unit: 's' }))).toEqual([
      '0.0285 s',
      '12.35 s',
      '21134 s',
      '7 s',
    ])
    expect(formatValue({ value: Number.NaN, unit: 'ms' })).toBe('–')
    expect(formatLimit(figure(1, { least: 10, most: 10 }))).toBe('= 10 s')
    expect(formatLimit(figure(1, { most: 2 }))).toBe('≤ 2 s')
    expect(formatLimit(figure(1))).toBe('')
  })

  test('marks what failed in the table, and is a page without outside parts', () => {
    const report: Report = {
      at: '2026-01-01T00:00:00Z',
      machine: { cpu: 'cpu', cores: 2, node: 'v24' },
      scenarios: [
        {
          name: 'one',
          description: 'first',
          seconds: 3,
          figures: [figure(3, { most: 2 }), figure(1, { most: 2 })],
          plots: [
            {
              title: 'Rate',
              unit: 'kbit/s',
              lines: [
                {
                  name: 'l',
                  points: [
                    [0, 1],
                    [1, Number.NaN],
                    [2, 3],
                    [3, 4],
                  ],
                },
              ],
              spans: [{ from: 1, to: 2, label: 'halved' }],
            },
          ],
        },
      ],
    }
    expect(formatTable(report)).toMatch(/✗ a < b.*\n.*✓ a < b/)
    const html = formatHtml(report)
    expect(html).toContain('a &lt; b')
    expect(html).not.toMatch(/https?:\/\/(?!www\.w3\.org)|<script|src=/)
    // The line is interrupted where there is no value.
    expect(/<path d="([^"]+)"/.exec(html)?.[1]?.match(/M/g)).toHaveLength(2)
  })
})

test('workers are told of a line each', () => {
  const row = { index: 0, pid: 12, state: 'running', participants: 3, cpuShare: 0.257 }
  expect(formatWorkers([row])).toBe('worker 0  running   pid 12  3 participants  26 % CPU')
})
