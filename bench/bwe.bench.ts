/**
 * How well the bandwidth estimation does on the basic test cases of RFC 8867: utilisation, delay, back-off, recovery and
 * fairness on a seeded network with a virtual clock. The figures depend on the seeds only, not on the machine.
 */
import { parseArgs } from 'node:util'
import { figuresOf, mean, type PlanFigures } from '../packages/sfu/test/congestion/plan-figures.ts'
import { RFC8867_PLANS } from '../packages/sfu/test/congestion/rfc8867-plans.ts'

export const description =
  'Bandwidth estimation in the basic cases of RFC 8867: utilisation, delay, back-off, recovery, fairness'

interface Row {
  readonly plan: string
  readonly runs: readonly PlanFigures[]
}

/** Runs every case. `--seeds 8` runs each under seeds 1 to 8. */
export async function run(args: readonly string[]): Promise<readonly Row[]> {
  const { values } = parseArgs({ args: [...args], options: { seeds: { type: 'string', default: '8' } } })
  const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1)
  const rows = Object.values(RFC8867_PLANS).map((plan) => ({ plan: plan.name, runs: figuresOf(plan, seeds) }))
  console.log(`Mean (worst) of ${seeds.length} seeds`)
  console.table(rows.map(({ plan, runs }) => ({ case: plan, ...columns(runs) })))
  return rows
}

function columns(runs: readonly PlanFigures[]): Record<string, string> {
  const utilisation = runs.map((r) => r.utilisation * 100)
  const queue = runs.map((r) => r.queueP95Ms)
  const largest = runs.map((r) => Math.max(...r.shares) * 100)
  const smallest = runs.map((r) => Math.min(...r.shares) * 100)
  return {
    'utilisation %': `${mean(utilisation).toFixed(0)} (${Math.min(...utilisation).toFixed(0)})`,
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
