import { createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Passes at most so many bytes; one more is an error. */
const atMost = (bytes: number): Transform => {
  let left = bytes
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      left -= chunk.length
      if (left < 0) done(new RangeError('more bytes than were announced'))
      else done(null, chunk)
    },
  })
}

/** Uploads that are not complete, a file each. Its length on disk is how far it has come, also after a crash. */
export class StagedUploads {
  readonly #folder: string
  /** Those that somebody is writing to. */
  readonly #busy = new Set<string>()

  constructor(folder: string) {
    this.#folder = folder
  }

  pathOf(fileId: string): string {
    return join(this.#folder, `${fileId}.part`)
  }

  /** Makes the folder. */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
  }

  /** Bytes that are there; 0 when there is nothing. */
  async offsetOf(fileId: string): Promise<number> {
    const found = await stat(this.pathOf(fileId)).catch(() => undefined)
    return found?.size ?? 0
  }

  /**
   * Appends a stream at an offset; what came before it broke stays. With the last byte the whole is synced.
   * @returns the new offset, or why not: somebody else writes, or it stands elsewhere
   */
  async append(
    fileId: string,
    offset: number,
    size: number,
    body: Readable,
  ): Promise<{ readonly offset: number } | 'busy' | 'elsewhere'> {
    if (this.#busy.has(fileId)) return 'busy'
    this.#busy.add(fileId)
    try {
      await this.prepare()
      if ((await this.offsetOf(fileId)) !== offset) return 'elsewhere'
      const file = createWriteStream(this.pathOf(fileId), { flags: 'a', mode: 0o600 })
      await pipeline(body, atMost(size - offset), file)
      const reached = await this.offsetOf(fileId)
      if (reached === size) await this.#sync(fileId)
      return { offset: reached }
    } finally {
      this.#busy.delete(fileId)
    }
  }

  async remove(fileId: string): Promise<void> {
    await rm(this.pathOf(fileId), { force: true })
  }

  /** Ids of all that lie here. */
  async list(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => [])
    return names.filter((name) => name.endsWith('.part')).map((name) => name.slice(0, -'.part'.length))
  }

  async #sync(fileId: string): Promise<void> {
    const handle = await open(this.pathOf(fileId), 'r+')
    await handle.sync().finally(() => handle.close())
  }
}
