import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobStore } from './blob-store.ts'

/** Syncs a folder, so that a name in it outlasts a power cut. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

/** Keeps files in a folder, spread over subfolders by the beginning of their keys. */
export const createDiskBlobs = (folder: string): BlobStore => {
  const folderOf = (key: string): string => join(folder, key.slice(0, 2))
  const pathOf = (key: string): string => join(folderOf(key), key)
  return {
    take: async (key, path) => {
      await mkdir(folderOf(key), { recursive: true, mode: 0o700 })
      await rename(path, pathOf(key))
      await syncFolder(folderOf(key))
    },
    read: async (key, range) => {
      const stream = createReadStream(pathOf(key), range)
      await new Promise<void>((resolve, reject) => {
        stream.once('open', () => resolve())
        stream.once('error', reject)
      })
      return stream
    },
    remove: (key) => rm(pathOf(key), { force: true }),
  }
}
