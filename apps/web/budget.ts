import { gzipSync } from 'node:zlib'
import type { Plugin, Rolldown } from 'vite'

/**
 * Fails the build if the scripts and styles that the first page loads come to more than this.
 * @param maxBytes compressed as a server would with gzip
 */
export function budget(maxBytes: number): Plugin {
  return {
    name: 'sangam-budget',
    apply: 'build',
    generateBundle(_options, bundle) {
      const bytes = firstPage(bundle).reduce((sum, source) => sum + gzipSync(source).length, 0)
      if (bytes > maxBytes) {
        this.error(`the first page is ${bytes} bytes compressed; at most ${maxBytes} are allowed`)
      }
      this.info(`the first page is ${bytes} bytes compressed, of ${maxBytes}`)
    },
  }
}

/** What the page loads before anything is done: the entry, what that imports at once, and the styles. */
function firstPage(bundle: Rolldown.OutputBundle): (string | Uint8Array)[] {
  const pending = Object.values(bundle).flatMap((file) =>
    file.type === 'chunk' && file.isEntry ? [file.fileName] : [],
  )
  const loaded = new Set(pending)
  for (const name of pending) {
    const file = bundle[name]
    if (file?.type !== 'chunk') continue
    for (const imported of file.imports) {
      if (!loaded.has(imported)) pending.push(imported)
      loaded.add(imported)
    }
  }
  return Object.values(bundle).flatMap((file) => {
    if (file.type === 'chunk') return loaded.has(file.fileName) ? [file.code] : []
    return file.fileName.endsWith('.css') ? [file.source] : []
  })
}
