import { askOperator, reportFailure } from './operator-request.ts'

/** A worker as the server tells of it. */
interface WorkerRow {
  readonly index: number
  readonly pid?: number
  readonly state: string
  readonly participants: number
  readonly cpuShare: number
}

/** `sangam workers [drain | undrain INDEX]`: shows the media workers of the server on this machine, or empties one. Sets the exit code. */
export async function workers(args: readonly string[]): Promise<void> {
  const [action, index, ...surplus] = args
  const isAction = (action === 'drain' || action === 'undrain') && /^\d+$/.test(index ?? '')
  if (surplus.length > 0 || (action !== undefined && !isAction)) {
    console.error('Usage: sangam workers [drain INDEX | undrain INDEX]')
    process.exitCode = 2
    return
  }
  try {
    const answer = await (action === undefined
      ? askOperator('/workers')
      : askOperator(`/workers/${index}/${action}`, { method: 'POST' }))
    console.log(formatWorkers((answer as { readonly workers: readonly WorkerRow[] }).workers))
  } catch (error) {
    reportFailure(error)
  }
}

/** A line per worker. */
export function formatWorkers(rows: readonly WorkerRow[]): string {
  return rows
    .map(
      ({ index, pid, state, participants, cpuShare }) =>
        `worker ${index}  ${state.padEnd(8)}  pid ${pid ?? '-'}  ${participants} participants  ${Math.round(100 * cpuShare)} % CPU`,
    )
    .join('\n')
}
