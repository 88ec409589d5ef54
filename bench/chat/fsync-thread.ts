import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parentPort, workerData } from 'node:worker_threads'

// Syncs 4 KiB appended to a file of its own again and again until it is told to end; answers with how long each sync took, ms.

/** About as often as a server commits. */
const pauseMs = 2
const isOver = new Int32Array(workerData as SharedArrayBuffer)

const folder = mkdtempSync(join(tmpdir(), 'sangam-fsync-'))
const file = openSync(join(folder, 'file'), 'w')
const page = Buffer.alloc(4096, 1)
const timesMs: number[] = []
while (Atomics.wait(isOver, 0, 0, pauseMs) === 'timed-out') {
  writeSync(file, page)
  const beganMs = performance.now()
  fsyncSync(file)
  timesMs.push(performance.now() - beganMs)
}
closeSync(file)
rmSync(folder, { recursive: true })
parentPort?.postMessage(timesMs)
