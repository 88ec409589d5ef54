import type { CacheStore, OutboxEntry, OutboxStore } from '../api.ts'
import { errors } from '../errors.ts'

/** What is used of `node:fs/promises`. */
interface Files {
  readFile(path: string, encoding: 'utf8'): Promise<string>
  readdir(path: string): Promise<readonly string[]>
  mkdir(path: string, options: { readonly recursive: true }): Promise<unknown>
  rename(from: string, to: string): Promise<void>
  rm(path: string, options: { readonly force: true }): Promise<void>
  open(path: string, flags: 'w' | 'a'): Promise<FileHandle>
}

interface FileHandle {
  writeFile(text: string): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

/** Node's own modules without an import, which a browser's bundle could not follow (Node 20.16, 22.3 or later). */
function nodeFiles(): Files {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }
  const files = process?.getBuiltinModule?.('node:fs/promises')
  if (files === undefined) throw errors.invalidOptions('Files are for Node 20.16, 22.3 or later.')
  return files as Files
}

/** Writes a whole file so that it is either the old or the new one, whatever breaks. */
async function replaceFile(files: Files, path: string, text: string): Promise<void> {
  const handle = await files.open(`${path}.new`, 'w')
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await files.rename(`${path}.new`, path)
}

type Line = { readonly put: OutboxEntry } | { readonly remove: readonly [senderId: string, id: string] }

/** The entries that lines leave; a last line that was not written to its end is none. */
export function entriesOf(text: string): Map<string, OutboxEntry> {
  const entries = new Map<string, OutboxEntry>()
  for (const one of text.split('\n')) {
    let line: Line
    try {
      line = JSON.parse(one) as Line
    } catch {
      continue
    }
    if ('put' in line) entries.set(`${line.put.senderId}/${line.put.clientMessageId}`, line.put)
    else entries.delete(line.remove.join('/'))
  }
  return entries
}

/**
 * An outbox in a file, for Node: each change is a line that is on disk before the message is sent, and the file is
 * written anew when it is opened. One process per file.
 */
export function fileOutbox(path: string): OutboxStore {
  const files = nodeFiles()
  let entries = new Map<string, OutboxEntry>()
  const opened = (async () => {
    const text = await files.readFile(path, 'utf8').catch(() => '')
    entries = entriesOf(text)
    await replaceFile(
      files,
      path,
      [...entries.values()].map((entry) => `${JSON.stringify({ put: entry })}\n`).join(''),
    )
    return files.open(path, 'a')
  })()
  // Told to whoever uses it first.
  opened.catch(() => {})
  let last: Promise<unknown> = opened
  const append = (line: Line): Promise<void> => {
    const written = last.then(async () => {
      const handle = await opened
      await handle.writeFile(`${JSON.stringify(line)}\n`)
      await handle.sync()
    })
    last = written.catch(() => {})
    return written
  }
  return {
    async list(senderId) {
      await opened
      return [...entries.values()]
        .filter((entry) => entry.senderId === senderId)
        .sort((a, b) => a.order - b.order)
    },
    async put(entry) {
      await opened
      entries.set(`${entry.senderId}/${entry.clientMessageId}`, entry)
      await append({ put: entry })
    },
    async remove(senderId, clientMessageId) {
      await opened
      entries.delete(`${senderId}/${clientMessageId}`)
      await append({ remove: [senderId, clientMessageId] })
    },
    async close() {
      await last
      await (await opened).close()
    },
  }
}

/** A cache in a folder, for Node: a file per entry. One process per folder. */
export function fileCache(folder: string): CacheStore {
  const files = nodeFiles()
  const made = files.mkdir(folder, { recursive: true })
  made.catch(() => {})
  // Names of files are of letters and digits alone, and two keys never meet in one.
  const nameOf = (key: string): string =>
    Array.from(new TextEncoder().encode(key), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const pathOf = (key: string): string => `${folder}/${nameOf(key)}.json`
  return {
    async get(key) {
      await made
      const text = await files.readFile(pathOf(key), 'utf8').catch(() => undefined)
      return text === undefined ? undefined : (JSON.parse(text) as unknown)
    },
    async set(key, value) {
      await made
      await replaceFile(files, pathOf(key), JSON.stringify(value))
    },
    async remove(key) {
      await made
      await files.rm(pathOf(key), { force: true })
    },
    async removeAll(prefix) {
      await made
      const names = (await files.readdir(folder)).filter((name) => name.startsWith(nameOf(prefix)))
      await Promise.all(names.map((name) => files.rm(`${folder}/${name}`, { force: true })))
    },
    close: async () => {},
  }
}
