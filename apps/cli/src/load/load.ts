import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { formatHtml, formatTable, type Report, type ReportEntry } from './report.ts'
import { isMet, type Scenario } from './scenario.ts'
import { scenarios } from './scenarios/index.ts'

/** How to use it. */
export const LOAD_USAGE = `Usage: sangam load [SCENARIO… | all] [--scale 1] [--out FOLDER]

Runs bots that speak real ICE, DTLS and SRTP against a server of its own on loopback, prints a table and writes
report.json and report.html to FOLDER (default load-report). Exit code 1 when a figure is not what it has to be.

${scenarios.map(({ name, description }) => `  ${name.padEnd(17)} ${description}`).join('\n')}`

/** `sangam load`. Sets the exit code. */
export const load = async (args: readonly string[]): Promise<void> => {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { scale: { type: 'string', default: '1' }, out: { type: 'string', default: 'load-report' } },
  })
  const scale = Number(values.scale)
  const chosen = scenarios.filter(({ name }) => positionals.includes('all') || positionals.includes(name))
  const unknown = positionals.find(
    (name) => name !== 'all' && !scenarios.some((known) => known.name === name),
  )
  if (chosen.length === 0 || unknown !== undefined || !(scale > 0 && scale <= 10)) {
    console.log(LOAD_USAGE)
    if (positionals.length > 0) process.exitCode = 2
    return
  }
  const entries: ReportEntry[] = []
  for (const scenario of chosen) entries.push(await runOne(scenario, scale))
  const report: Report = {
    at: new Date().toISOString(),
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
    scenarios: entries,
  }
  console.log(`\n${formatTable(report)}\n`)
  mkdirSync(values.out, { recursive: true })
  writeFileSync(join(values.out, 'report.json'), `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(join(values.out, 'report.html'), formatHtml(report))
  console.log(`Report: ${join(values.out, 'report.html')}`)
  if (!entries.every(({ figures }) => figures.every(isMet))) process.exitCode = 1
}

const runOne = async ({ name, description, run }: Scenario, scale: number): Promise<ReportEntry> => {
  const startMs = performance.now()
  const elapsed = (): number => (performance.now() - startMs) / 1000
  const closers: (() => unknown)[] = []
  console.log(`${name}: ${description}`)
  try {
    const outcome = await run({
      scale,
      progress: (text) => console.log(`  ${elapsed().toFixed(1).padStart(6)} s  ${text}`),
      onEnd: (close) => closers.push(close),
    })
    return { name, description, ...outcome, seconds: elapsed() }
  } finally {
    for (const close of closers.reverse()) await close()
  }
}
