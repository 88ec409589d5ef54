import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectSenders, measureAcks } from './acks.ts'
import { MeasuredServer } from './measured-server.ts'

const fsyncMs = 4

/** Builds a library that makes every fsync and fdatasync of a process take some milliseconds longer; gives its path. */
function buildSlowDisk(folder: string): string {
  const library = join(folder, 'slow-fsync.so')
  const source = new URL('./slow-fsync.cc', import.meta.url).pathname
  execFileSync('g++', [
    '-shared',
    '-fPIC',
    '-O2',
    `-DDELAY_US=${fsyncMs * 1000}`,
    '-o',
    library,
    source,
    '-ldl',
  ])
  return library
}

/** Group commit on a disk whose fsync takes 4 ms, beside one commit for each message on the same disk. */
export async function compareSlowFsync(seconds: number): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'sangam-slow-fsync-'))
  try {
    const preload = buildSlowDisk(folder)
    const single = new URL('./single-commits.ts', import.meta.url).pathname
    const perSecondAlone = Number(
      execFileSync(process.execPath, [single, join(folder, 'single.db'), String(seconds)], {
        env: { ...process.env, LD_PRELOAD: preload },
        encoding: 'utf8',
      }),
    )
    await using sangam = await MeasuredServer.start('sangam', { env: { LD_PRELOAD: preload } })
    const sockets = await connectSenders(sangam)
    await measureAcks(sangam, sockets, 1)
    const run = await measureAcks(sangam, sockets, seconds)
    const ratio = run.perSecond / perSecondAlone
    console.log(
      `fsync slowed by ${fsyncMs} ms: ${run.perSecond.toFixed(0)} acknowledged/s; one commit each: ${perSecondAlone.toFixed(0)}/s; ratio ${ratio.toFixed(1)}`,
    )
    return { run, perSecondAlone, ratio }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
