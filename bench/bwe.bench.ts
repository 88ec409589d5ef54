/**
 * How well the bandwidth estimation does on the basic test cases of RFC 8867 and on paths that lose packets at random:
 * utilisation, delay, back-off, recovery and fairness on a seeded network with a virtual clock. The figures depend on the
 * seeds only, not on the machine.
 */
import { parseArgs } from 'node:util'
import { LOSSY_PLANS } from '../packages/sfu/test/congestion/lossy-plans.ts'
import { mean, missed, type PlanFigures } from '../packages/sfu/test/congestion/plan-figures.ts'
import { RFC8867_PLANS } from '../packages/sfu/test/congestion/rfc8867-plans.ts'
import { runPlans } from './bwe/plan-runner.ts'

export const description =
  'Bandwidth estimation in the basic cases of RFC 8867 and under random loss: utilisation, delay, back-off, recovery, fairness'

/** TCP decides there what is left and how long the queue is. */
const WITHOUT_BOUNDS: readonly string[] = [RFC8867_PLANS.longTcp.name, RFC8867_PLANS.shortTcp.name]

interface Row {
  readonly plan: string
  readonly runs: readonly PlanFigures[]
  /** What was not kept, with the seed. */
  readonly missed: readonly string[]
}

/**
 * Runs every case. `--seeds 8` runs each under seeds 1 to 8, `--seeds 101-140` under those, `--only 5.2` the cases whose
 * names hold these characters.
 */
export async function run(args: readonly string[]): Promise<readonly Row[]> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '8' },
      only: { type: 'string', default: '' },
      threads: { type: 'string', default: '2' },
    },
  })
  const seeds = seedsOf(values.seeds)
  const cases = [...Object.values(RFC8867_PLANS), ...LOSSY_PLANS].filter(({ name }) =>
    name.includes(values.only),
  )
  const plans = cases.flatMap((plan) => seeds.map((seed) => ({ ...plan, seed })))
  const figures = await runPlans(plans, Number(values.threads))
  const rows = cases.map((plan, i) => {
    const runs = figures.slice(i * seeds.length, (i + 1) * seeds.length)
    const misses = runs.flatMap((figure, k) =>
      missed(plan, figure).map((miss) => `seed ${seeds[k]}: ${miss}`),
    )
    return { plan: plan.name, runs, missed: WITHOUT_BOUNDS.includes(plan.name) ? [] : misses }
  })
  console.log(`Mean (worst) of ${seeds.length} seeds`)
  console.table(rows.map((row) => ({ case: row.plan, ...columns(row.runs), missed: row.missed.length })))
  for (const row of rows) for (const miss of row.missed) console.log(`${row.plan}: ${miss}`)
  return rows
}

function seedsOf(range: string): number[] {
  const [from, to] = range.includes('-') ? range.split('-').map(Number) : [1, Number(range)]
  if (from === undefined || to === undefined || !(from <= to)) throw new TypeError(`--seeds ${range}`)
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

function columns(runs: readonly PlanFigures[]): Record<string, string> {
  const utilisation = runs.map((r) => r.utilisation * 100)
  const queue = runs.map((r) => r.queueP95Ms)
  const largest = runs.map((r) => Math.max(...r.shares) * 100)
  const smallest = runs.map((r) => Math.min(...r.shares) * 100)
  return {
    'utilisation %': `${mean(utilisation).toFixed(1)} (${Math.min(...utilisation).toFixed(1)})`,
    'p95 queue ms': `${mean(queue).toFixed(0)} (${Math.max(...queue).toFixed(0)})`,
    'back-off s': seconds(runs.flatMap((r) => r.backOffSeconds)),
    'restored s': seconds(runs.flatMap((r) => r.restoreSeconds)),
    'largest share %': `${mean(largest).toFixed(0)} (${Math.max(...largest).toFixed(0)})`,
    'smallest share %': `${mean(smallest).toFixed(0)} (${Math.min(...smallest).toFixed(0)})`,
    'media kbit/s': mean(runs.map((r) => r.mediaBps / 1000)).toFixed(0),
    'TCP kbit/s': mean(runs.map((r) => r.tcpBps / 1000)).toFixed(0),
    'padding %': (mean(runs.map((r) => r.paddingShare)) * 100).toFixed(1),
  }
}

function seconds(values: readonly number[]): string {
  return values.length === 0 ? '-' : `${mean(values).toFixed(1)} (${Math.max(...values).toFixed(1)})`
}
