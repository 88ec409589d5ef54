import type { ServerProcess } from './server-process.ts'

/** The value of a gauge or counter of /metrics; with `labels`, of the row that has exactly this label text. */
export async function metric(server: ServerProcess, name: string, labels = ''): Promise<number> {
  const text = await server.get('/metrics')
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith(`${name}${labels} `) || (labels === '' && line.startsWith(`${name}{`)))
  if (rows.length === 0) throw new Error(`/metrics has no ${name}${labels}`)
  return rows.reduce((sum, row) => sum + Number(row.slice(row.lastIndexOf(' ') + 1)), 0)
}

/** Waits until a metric has a value. @throws Error with the last value after ten seconds */
export async function metricReaches(
  server: ServerProcess,
  name: string,
  value: number,
  labels = '',
): Promise<void> {
  const deadline = Date.now() + 10_000
  let last = Number.NaN
  while (Date.now() < deadline) {
    last = await metric(server, name, labels)
    if (last === value) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${name} is ${last}, not ${value}`)
}
