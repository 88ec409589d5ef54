import { type Figure, isMet, type Line, type Outcome, type Plot } from './scenario.ts'

/** One scenario in a report. */
export interface ReportEntry extends Outcome {
  readonly name: string
  readonly description: string
  readonly seconds: number
}

/** What a run of the load lab found, with the machine it belongs to. */
export interface Report {
  readonly at: string
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string }
  readonly scenarios: readonly ReportEntry[]
}

/** A figure's value with as many digits as are worth reading; a dash where nothing could be measured (NaN). */
export const formatValue = ({ value, unit }: Pick<Figure, 'value' | 'unit'>): string => {
  if (Number.isNaN(value)) return '–'
  const digits = Number.isInteger(value) || Math.abs(value) >= 1000 ? 0 : Math.abs(value) < 1 ? 4 : 2
  return `${value.toFixed(digits)}${unit === '' ? '' : ` ${unit}`}`
}

/** What a figure has to be, in words; empty where it is only told. */
export const formatLimit = ({ limit, unit }: Figure): string => {
  if (limit === undefined) return ''
  const { least, most } = limit
  if (least !== undefined && least === most) return `= ${formatValue({ value: least, unit })}`
  return [
    least === undefined ? '' : `≥ ${formatValue({ value: least, unit })}`,
    most === undefined ? '' : `≤ ${formatValue({ value: most, unit })}`,
  ]
    .filter((part) => part !== '')
    .join(', ')
}

/** A table for the terminal. */
export const formatTable = ({ scenarios }: Report): string =>
  scenarios
    .map(({ name, figures, seconds }) => {
      const width = Math.max(...figures.map((figure) => figure.name.length))
      const rows = figures.map((figure) => {
        const verdict = figure.limit === undefined ? ' ' : isMet(figure) ? '✓' : '✗'
        return `  ${verdict} ${figure.name.padEnd(width)}  ${formatValue(figure).padStart(14)}  ${formatLimit(figure)}`
      })
      return [`${name} (${seconds.toFixed(0)} s)`, ...rows].join('\n')
    })
    .join('\n\n')

const palette = ['#2563eb', '#d97706', '#059669', '#7c3aed', '#dc2626', '#0891b2']
const width = 720
const height = 220
const margin = { left: 56, right: 12, top: 12, bottom: 28 }

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** A page that needs nothing else: tables, and plots as inline SVG. */
export const formatHtml = ({ at, machine, scenarios }: Report): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sangam load report</title><style>
:root{color-scheme:light dark;--fg:#1f2937;--bg:#fff;--line:#d1d5db;--soft:#f3f4f6}
@media(prefers-color-scheme:dark){:root{--fg:#e5e7eb;--bg:#111827;--line:#374151;--soft:#1f2937}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);max-width:760px;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1rem}td,th{text-align:left;padding:.25rem .5rem;border-bottom:1px solid var(--line)}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.bad{color:#dc2626;font-weight:600}.ok{color:#059669}
svg{width:100%;height:auto}svg text{fill:var(--fg);font-size:11px}.axis{stroke:var(--line)}.span{fill:var(--soft)}figure{margin:1rem 0}
</style></head><body><h1>Sangam load report</h1>
<p>${escapeHtml(at)}, ${machine.cores} cores (${escapeHtml(machine.cpu)}), Node ${escapeHtml(machine.node)}</p>
${scenarios.map(formatSection).join('\n')}</body></html>
`

const formatSection = ({
  name,
  description,
  figures,
  plots,
}: ReportEntry): string => `<section><h2>${escapeHtml(name)}</h2>
<p>${escapeHtml(description)}</p><table><thead><tr><th>Figure</th><th>Value</th><th>Has to be</th></tr></thead><tbody>
${figures.map(formatRow).join('\n')}</tbody></table>${plots.map(formatPlot).join('\n')}</section>`

const formatRow = (figure: Figure): string => {
  const verdict = figure.limit === undefined ? '' : isMet(figure) ? ' ok' : ' bad'
  return `<tr><td>${escapeHtml(figure.name)}</td><td class="n${verdict}">${escapeHtml(formatValue(figure))}</td><td>${escapeHtml(formatLimit(figure))}</td></tr>`
}

/** Rounds up to 1, 2 or 5 times a power of ten. */
const roundUp = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power
}

const formatPlot = ({ title, unit, xUnit = 's', lines, spans = [] }: Plot): string => {
  const points = lines.flatMap((line) => line.points).filter(([, value]) => Number.isFinite(value))
  const lastX = Math.max(1, ...points.map(([x]) => x))
  const lowest = Math.min(0, ...points.map(([, value]) => value))
  const highest = roundUp(Math.max(1e-9, ...points.map(([, value]) => value)))
  const x = (at: number): number => margin.left + (at / lastX) * (width - margin.left - margin.right)
  const y = (value: number): number =>
    height - margin.bottom - ((value - lowest) / (highest - lowest)) * (height - margin.top - margin.bottom)
  const shaded = spans.map(
    ({ from, to, label }) =>
      `<rect class="span" x="${x(from)}" y="${margin.top}" width="${x(to) - x(from)}" height="${height - margin.top - margin.bottom}"/><text x="${x(from) + 4}" y="${margin.top + 12}">${escapeHtml(label)}</text>`,
  )
  const ticks = [lowest, (lowest + highest) / 2, highest].map(
    (value) =>
      `<line class="axis" x1="${margin.left}" x2="${width - margin.right}" y1="${y(value)}" y2="${y(value)}"/><text x="${margin.left - 6}" y="${y(value) + 4}" text-anchor="end">${formatValue({ value, unit: '' })}</text>`,
  )
  const times = [0, lastX / 2, lastX].map(
    (at) =>
      `<text x="${x(at)}" y="${height - 8}" text-anchor="middle">${at.toFixed(0)} ${escapeHtml(xUnit)}</text>`,
  )
  const drawn = lines.map(
    (line, i) =>
      `<path d="${pathOf(line, x, y)}" fill="none" stroke="${palette[i % palette.length]}" stroke-width="1.5"/>`,
  )
  const legend = lines.map(
    ({ name }, i) => `<span style="color:${palette[i % palette.length]}">■</span> ${escapeHtml(name)}`,
  )
  return `<figure><figcaption>${escapeHtml(title)}${unit === '' ? '' : ` (${escapeHtml(unit)})`}</figcaption><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">${[...shaded, ...ticks, ...times, ...drawn].join('')}</svg><div>${legend.join(' &nbsp; ')}</div></figure>`
}

const pathOf = ({ points }: Line, x: (at: number) => number, y: (value: number) => number): string => {
  let isDown = false
  return points
    .map(([at, value]) => {
      if (!Number.isFinite(value)) {
        isDown = false
        return ''
      }
      const step = `${isDown ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`
      isDown = true
      return step
    })
    .join('')
}
