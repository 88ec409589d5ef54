import { operatorAccess } from '@sangam/server'

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
  const { url, token } = await operatorAccess(process.env)
  const path = action === undefined ? '' : `/${index}/${action}`
  try {
    const response = await fetch(`${url}/api/v1/operator/workers${path}`, {
      method: action === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}` },
    })
    const body = (await response.json()) as { workers?: readonly WorkerRow[]; error?: { message: string } }
    if (body.workers === undefined) throw new Error(body.error?.message ?? `status ${response.status}`)
    console.log(formatWorkers(body.workers))
  } catch (error) {
    const reason =
      error instanceof Error && error.message === 'fetch failed'
        ? `no server answers at ${url}`
        : String(error)
    console.error(`sangam: ${reason}`)
    process.exitCode = 1
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
