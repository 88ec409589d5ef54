import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import type { Plugin } from 'vite'

const EMPTY_SHELL = "const SHELL = { version: 'none', files: [] }"

/** Names every file of the build in its service worker, under a version made of what they hold. */
export function precache(): Plugin {
  let outDir = ''
  return {
    name: 'sangam-precache',
    apply: 'build',
    configResolved(config) {
      outDir = join(config.root, config.build.outDir)
    },
    // The last one of the build: files of public/ are there, too.
    closeBundle() {
      const workerPath = join(outDir, 'sw.js')
      const worker = readFileSync(workerPath, 'utf8')
      if (!worker.includes(EMPTY_SHELL)) throw new Error('sw.js lost the line that the build fills')
      writeFileSync(
        workerPath,
        worker.replace(EMPTY_SHELL, `const SHELL = ${JSON.stringify(shellOf(outDir))}`),
      )
    },
  }
}

/** Paths of all files of a folder but the worker itself, and a version that changes with their content. */
function shellOf(folder: string): { readonly version: string; readonly files: readonly string[] } {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join('/'))
    .filter((path) => path !== 'sw.js')
    .sort()
  const hash = createHash('sha256')
  for (const path of paths)
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(folder, path)))
  return { version: hash.digest('hex').slice(0, 16), files: paths.map((path) => `/${path}`) }
}
