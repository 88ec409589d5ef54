import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { imageOf } from './faulty-store.ts'
import type { FileFault } from './plan.ts'
import { between, type Random } from './random.ts'

const readIfThere = (path: string): Buffer => (existsSync(path) ? readFileSync(path) : Buffer.alloc(0))

/** The range in which two contents differ, or undefined when they are equal. */
const differingRange = (before: Buffer, after: Buffer): { start: number; end: number } | undefined => {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  if (start === before.length && start === after.length) return undefined
  let end = after.length
  if (before.length === after.length) while (end > start && before[end - 1] === after[end - 1]) end -= 1
  return { start, end }
}

/** Everything since the image is gone: the files are as they were when the last write was answered. */
const throwUnsyncedAway = (path: string): void => {
  for (const file of [path, `${path}-wal`]) {
    if (existsSync(imageOf(file))) copyFileSync(imageOf(file), file)
    else rmSync(file, { force: true })
  }
  rmSync(`${path}-shm`, { force: true })
}

/**
 * Of what was written to the write-ahead log since the image, only the first part has reached the disk; the rest is
 * missing, as it was before, or nonsense. False when the log was emptied meanwhile: then there is no such last write.
 */
const tearLastWrite = (path: string, random: Random): boolean => {
  const wal = `${path}-wal`
  if (!readFileSync(path).equals(readIfThere(imageOf(path)))) return false
  const before = readIfThere(imageOf(wal))
  const after = readIfThere(wal)
  const range = differingRange(before, after)
  if (range === undefined) return false
  const cut = between(random, range.start, Math.max(range.start, range.end - 1))
  const nonsense = Buffer.alloc(Math.max(0, range.end - cut)).map(() => between(random, 0, 255))
  const rest = random() < 0.5 ? before.subarray(cut) : Buffer.concat([nonsense, after.subarray(range.end)])
  writeFileSync(wal, Buffer.concat([after.subarray(0, cut), rest]))
  rmSync(`${path}-shm`, { force: true })
  return true
}

/**
 * Does to a dead server's database (`path`) what a failing disk may: whatever was not yet synced when the last answer
 * was given. Needs the image of that moment. @returns what was done
 */
export function spoilFiles(path: string, fault: FileFault, random: Random): FileFault {
  if (fault === 'none') return 'none'
  if (fault === 'torn' && tearLastWrite(path, random)) return 'torn'
  throwUnsyncedAway(path)
  return 'unsynced'
}
