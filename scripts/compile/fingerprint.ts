import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const IGNORED = new Set(['node_modules', 'dist', 'build', 'test', '.git'])

/** All files at or under `path`, sorted, without build results, tests and installed packages. None if it doesn't exist. */
function listFiles(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) return []
  if (stat.isFile()) return [path]
  return readdirSync(path)
    .filter((name) => !IGNORED.has(name))
    .sort()
    .flatMap((name) => listFiles(join(path, name)))
}

/**
 * SHA-256, in hex, over the names and contents of all files at or under `inputs` (absolute paths) and over `salt`, which
 * names whatever else the build result depends on.
 */
export function fingerprintFiles(inputs: readonly string[], salt: string): string {
  const hash = createHash('sha256').update(salt)
  for (const file of inputs.flatMap(listFiles)) {
    const content = readFileSync(file)
    hash.update(`\0${file}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

/** True if `stampFile` records this fingerprint and `result` exists. */
export function isUpToDate(stampFile: string, result: string, fingerprint: string): boolean {
  if (!statSync(result, { throwIfNoEntry: false })) return false
  if (!statSync(stampFile, { throwIfNoEntry: false })) return false
  return readFileSync(stampFile, 'utf8') === fingerprint
}

/** Records that the result of a build belongs to this fingerprint. */
export function writeStamp(stampFile: string, fingerprint: string): void {
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, fingerprint)
}
