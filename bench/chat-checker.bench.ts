import { parseArgs } from 'node:util'
import { type RunResult, runChecker } from '../test/checker/run.ts'

export const description =
  'chat under kills and failing disks: lost, doubled, reordered and invented messages (--messages --kills --seed --frame-cuts)'

/** Reads `--messages`, `--kills`, `--seed`, `--frame-cuts`, `--database-url`, `--acknowledge-early`; runs, prints, and gives the result. Exit code 1 on any finding. */
export async function run(args: readonly string[]): Promise<RunResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      messages: { type: 'string', default: '1000000' },
      kills: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      'frame-cuts': { type: 'string', default: '200' },
      'database-url': { type: 'string', default: '' },
      'acknowledge-early': { type: 'boolean', default: false },
    },
  })
  const result = await runChecker({
    seed: Number(values.seed),
    messages: Number(values.messages),
    kills: Number(values.kills),
    frameCuts: Number(values['frame-cuts']),
    databaseUrl: values['database-url'],
    acknowledgeEarly: values['acknowledge-early'],
    onProgress: (line) => console.log(line),
  })
  const { verdict } = result
  for (const example of verdict.examples) console.log(example)
  console.log(
    `${verdict.acknowledged} acknowledged, ${verdict.stored} stored, ${verdict.delivered} shown; ${result.kills} kills` +
      ` (${result.files.torn} with a torn last write, ${result.files.unsynced} without what was not synced),` +
      ` ${result.clockJumps} clock jumps, ${result.disconnects} disconnects,` +
      ` ${result.refreshes} reloaded pages, ${result.frameCuts} cuts between frames, ${(result.durationMs / 1000).toFixed(0)} s`,
  )
  console.log(
    `lost ${verdict.counts.lost}, doubled ${verdict.counts.doubled}, reordered ${verdict.counts.reordered}, invented ${verdict.counts.invented}`,
  )
  if (Object.values(verdict.counts).some((count) => count > 0)) process.exitCode = 1
  return result
}
