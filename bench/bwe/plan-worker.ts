import { parentPort } from 'node:worker_threads'
import { figuresOf, type PlanFigures } from '../../packages/sfu/test/congestion/plan-figures.ts'
import type { PlanAnswer, PlanJob } from './plan-runner.ts'

parentPort?.on('message', ({ id, plan }: PlanJob) => {
  const [figures] = figuresOf(plan, [plan.seed]) as [PlanFigures]
  parentPort?.postMessage({ id, figures } satisfies PlanAnswer)
})
