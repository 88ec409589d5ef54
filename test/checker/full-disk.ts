import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A small disk of its own (tmpfs), for what happens when it is full. */
export interface SmallDisk {
  readonly path: string
  readonly remove: () => void
}

/** Mounts one; undefined where this process may not (not root, no such right in its container). */
export function mountSmallDisk(sizeBytes: number): SmallDisk | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const path = mkdtempSync(join(tmpdir(), 'sangam-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    rmdirSync(path)
    return undefined
  }
  return {
    path,
    remove: () => {
      execFileSync('umount', ['--lazy', path])
      rmdirSync(path)
    },
  }
}
