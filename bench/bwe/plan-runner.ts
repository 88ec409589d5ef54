import { Worker } from 'node:worker_threads'
import type { NetworkPlan } from '../../packages/sfu/test/congestion/network-plan.ts'
import type { PlanFigures } from '../../packages/sfu/test/congestion/plan-figures.ts'

const WORKER = new URL('./plan-worker.ts', import.meta.url)

/** What a worker thread is asked for: one plan, which carries its seed. */
export interface PlanJob {
  readonly id: number
  readonly plan: NetworkPlan
}

/** What it answers. */
export interface PlanAnswer {
  readonly id: number
  readonly figures: PlanFigures
}

/** Runs every plan on so many threads. @returns their figures, in the order of `plans` */
export async function runPlans(plans: readonly NetworkPlan[], threads: number): Promise<PlanFigures[]> {
  const figures: PlanFigures[] = []
  let next = 0
  const work = async (): Promise<void> => {
    const worker = new Worker(WORKER)
    try {
      for (let id = next++; id < plans.length; id = next++) {
        const { promise, resolve, reject } = Promise.withResolvers<PlanAnswer>()
        worker.once('message', resolve).once('error', reject)
        worker.postMessage({ id, plan: plans[id] as NetworkPlan } satisfies PlanJob)
        figures[id] = (await promise).figures
        worker.removeListener('error', reject)
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: threads }, work))
  return figures
}
