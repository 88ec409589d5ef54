import { readdirSync, readFileSync } from 'node:fs'

/**
 * CPU time of all threads of a process, user and system, microseconds, as Linux counts it for its scheduler (proc(5),
 * schedstat): to the nanosecond, and without asking the process, which would have to answer and so measure itself.
 */
export function processCpuUs(pid: number): number {
  const tasks = `/proc/${pid}/task`
  let ns = 0
  for (const thread of readdirSync(tasks))
    ns += Number(readFileSync(`${tasks}/${thread}/schedstat`, 'utf8').split(' ')[0])
  return ns / 1000
}
