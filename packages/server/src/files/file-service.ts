import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { Attachment, FileRequest, FileUrl, UploadState } from '@sangam/protocol'
import { limits } from '@sangam/protocol'
import type { Grants } from '../access/grants.ts'
import type { Clock } from '../ports.ts'
import type { RecordStore, Records, StoredRecord } from '../records/record-store.ts'
import { requestErrors } from '../request-errors.ts'
import type { BlobStore, ByteRange } from './blob-store.ts'
import { pictureTypeOf } from './picture-type.ts'
import type { FileVariant, SignedUrls } from './signed-url.ts'
import type { StagedUploads } from './staged-uploads.ts'

/** Who asks, as their token says. */
export type Person = { readonly identity: string; readonly grants: Grants }

/** Whether a person may read a conversation, or write to it. */
export type MayUse = (person: Person, conversationId: string, right: 'read' | 'write') => Promise<boolean>

/** What {@link FileService} needs. */
export type FileServiceOptions = {
  readonly records: RecordStore
  readonly staged: StagedUploads
  readonly blobs: BlobStore
  readonly urls: SignedUrls
  readonly mayUse: MayUse
  /** Largest file, bytes. */
  readonly mostBytes: number
  /** Whether a message of a sender is stored, by its `clientMessageId`. */
  readonly isStored: (senderId: string, clientMessageId: string) => Promise<boolean>
  /** Media types that are taken: `image/png`, `image/*` or `*`. */
  readonly types: readonly string[]
  readonly now: Clock
}

/** What is kept of a file. */
type FileFacts = Omit<Attachment, 'fileId' | 'thumbnail'> & {
  readonly conversationId: string
  readonly thumbnailType?: string | undefined
  readonly isComplete: boolean
  /** `clientMessageId` of the message that it belongs to: stored already for a `file`, on its way for an `upload`. */
  readonly attachedTo?: string | undefined
}
type FileRecord = StoredRecord<FileFacts>

/** A file that may be sent: its facts and, when it is opened, its bytes. */
export type ServedFile = {
  readonly name: string
  readonly type: string
  readonly size: number
  readonly open: (range?: ByteRange) => Promise<Readable>
}

/** Uploads of one person that belong to no message yet. */
const mostLooseFiles = 50
/** An upload that belongs to no stored message is removed so long after it was begun, or claimed by a message. */
const looseMs = 86_400_000
const urlMs = 3_600_000

const thumbnailKey = (fileId: string): string => `${fileId}.thumbnail`

/**
 * Files of messages: uploaded in pieces, kept on disk or in an object store, handed out to whoever may read the
 * conversation. `upload` records belong to no message that is known to be stored, `file` records to one.
 */
export class FileService {
  readonly #options: FileServiceOptions
  readonly #uploads: Records<FileFacts>
  readonly #files: Records<FileFacts>

  constructor(options: FileServiceOptions) {
    this.#options = options
    this.#uploads = options.records.of<FileFacts>('upload')
    this.#files = options.records.of<FileFacts>('file')
  }

  /** Begins an upload. @throws RequestError `forbidden`, `tooLarge`, `unsupported`, `rateLimited` */
  async create(person: Person, request: FileRequest): Promise<UploadState> {
    const { mostBytes, types, now, mayUse } = this.#options
    if (request.size > mostBytes) throw requestErrors.fileTooLarge(mostBytes)
    if (!types.some((type) => isOfType(request.type, type)))
      throw requestErrors.unsupported('Files of this type are not taken here.')
    if (!(await mayUse(person, request.conversationId, 'write'))) throw requestErrors.notFound('conversation')
    const loose = await this.#uploads.list({ owner: person.identity, limit: mostLooseFiles })
    if (loose.length >= mostLooseFiles) throw requestErrors.rateLimited(60_000)
    const fileId = randomBytes(16).toString('base64url')
    const value = { ...request, isComplete: false }
    await this.#uploads.put({
      key: fileId,
      owner: person.identity,
      topic: request.conversationId,
      atMs: now(),
      value,
    })
    return { fileId, offset: 0, size: request.size }
  }

  /** How far an own upload has come. @throws RequestError `notFound` */
  async state(person: Person, fileId: string): Promise<UploadState> {
    const { value } = await this.#own(person, fileId)
    const offset = value.isComplete ? value.size : await this.#options.staged.offsetOf(fileId)
    return { fileId, offset, size: value.size }
  }

  /**
   * Takes the bytes from an offset on. With the last one the file is complete and on disk.
   * @throws RequestError `notFound`, `wrongState` (ask how far it is, then go on there), `tooLarge`
   */
  async append(person: Person, fileId: string, offset: number, body: Readable): Promise<UploadState> {
    const record = await this.#own(person, fileId)
    const { size, isComplete } = record.value
    if (isComplete) return { fileId, offset: size, size }
    const reached = await this.#options.staged.append(fileId, offset, size, body).catch((error: unknown) => {
      if (error instanceof RangeError) throw requestErrors.fileTooLarge(size)
      throw error
    })
    if (reached === 'busy') throw requestErrors.wrongState('Another request writes to this file.')
    if (reached === 'elsewhere') throw requestErrors.wrongState('The upload is not at this offset.')
    if (reached.offset === size) await this.#complete(record)
    return { fileId, offset: reached.offset, size }
  }

  /** Keeps a small picture of an own file. @throws RequestError `notFound`, `tooLarge`, `unsupported` */
  async setThumbnail(person: Person, fileId: string, picture: Buffer): Promise<void> {
    const record = await this.#own(person, fileId)
    if (picture.length > limits.thumbnailBytes) throw requestErrors.fileTooLarge(limits.thumbnailBytes)
    const thumbnailType = pictureTypeOf(picture)
    if (thumbnailType === undefined) throw requestErrors.unsupported('A thumbnail is a PNG, JPEG or WebP.')
    const path = this.#options.staged.pathOf(thumbnailKey(fileId))
    await this.#options.staged.prepare()
    await writeFile(path, picture, { mode: 0o600 })
    await this.#options.blobs.take(thumbnailKey(fileId), path, picture.length)
    await this.#uploads.put({ ...record, value: { ...record.value, thumbnailType } })
  }

  /** Gives an own upload up. One that belongs to a message stays. @throws RequestError `notFound` */
  async cancel(person: Person, fileId: string): Promise<void> {
    await this.#own(person, fileId)
    await this.#removeUpload(fileId)
  }

  /** An address under which a file can be read for an hour. @throws RequestError `notFound` */
  async url(person: Person, fileId: string, variant: FileVariant): Promise<FileUrl> {
    const record = (await this.#files.get(fileId)) ?? (await this.#uploads.get(fileId))
    const isOwn = record?.owner === person.identity
    const isThere =
      record !== undefined &&
      (variant === 'content' ? record.value.isComplete : record.value.thumbnailType !== undefined)
    // What is not sent yet is nobody else's business.
    const mayRead =
      isThere &&
      (isOwn || record.value.attachedTo !== undefined) &&
      (await this.#options.mayUse(person, record.topic, 'read'))
    if (!mayRead) throw requestErrors.notFound('file')
    const expiresAt = this.#options.now() + urlMs
    return { url: this.#options.urls.make(fileId, variant, expiresAt), expiresAt }
  }

  /** What an address leads to. @throws RequestError `notFound`, also when its time is over */
  async serve(
    fileId: string,
    variant: FileVariant,
    query: { readonly until: string | undefined; readonly signature: string | undefined },
  ): Promise<ServedFile> {
    const { urls, blobs, now } = this.#options
    if (!urls.check(fileId, variant, query, now())) throw requestErrors.notFound('file')
    const record = (await this.#files.get(fileId)) ?? (await this.#uploads.get(fileId))
    if (record === undefined) throw requestErrors.notFound('file')
    const { name, type, size, thumbnailType } = record.value
    if (variant === 'content') return { name, type, size, open: (range) => blobs.read(fileId, range) }
    if (thumbnailType === undefined) throw requestErrors.notFound('file')
    return { name, type: thumbnailType, size: 0, open: () => blobs.read(thumbnailKey(fileId)) }
  }

  /**
   * Ties own files to a message that is about to be stored; {@link FileService.settle} says that it was. The same message
   * may ask again.
   * @throws RequestError `notFound` when one of them is missing, not complete, of another conversation or of another message
   */
  async claim(
    senderId: string,
    conversationId: string,
    clientMessageId: string,
    fileIds: readonly string[],
  ): Promise<Attachment[]> {
    const records = await Promise.all(
      fileIds.map(async (fileId) => {
        const record = (await this.#files.get(fileId)) ?? (await this.#uploads.get(fileId))
        const fits =
          record !== undefined &&
          record.owner === senderId &&
          record.topic === conversationId &&
          record.value.isComplete &&
          (record.value.attachedTo ?? clientMessageId) === clientMessageId
        if (!fits) throw requestErrors.notFound('file')
        return record
      }),
    )
    const atMs = this.#options.now()
    for (const record of records) {
      if (record.value.attachedTo !== undefined) continue
      await this.#uploads.put({ ...record, atMs, value: { ...record.value, attachedTo: clientMessageId } })
    }
    return records.map(attachmentOf)
  }

  /** The message that claimed files is stored: they stay as long as it does. */
  async settle(clientMessageId: string, fileIds: readonly string[]): Promise<void> {
    for (const fileId of fileIds) {
      const record = await this.#uploads.get(fileId)
      if (record !== undefined) await this.#settle(record, clientMessageId)
    }
  }

  /** The message that claimed files was refused for good: they belong to none again. */
  async release(clientMessageId: string, fileIds: readonly string[]): Promise<void> {
    for (const fileId of fileIds) {
      // A refused repeat must not take the files of the message that was stored under its id: those are no uploads any more.
      const record = await this.#uploads.get(fileId)
      if (record?.value.attachedTo !== clientMessageId) continue
      await this.#uploads.put({ ...record, value: { ...record.value, attachedTo: undefined } })
    }
  }

  /** Removes files with their bytes: their messages are gone. */
  async remove(fileIds: readonly string[]): Promise<void> {
    for (const fileId of fileIds) {
      await this.#removeUpload(fileId)
      await this.#files.remove(fileId)
    }
  }

  /** Removes all files of a person with their bytes. */
  async removeOwnedBy(identity: string): Promise<void> {
    for (const kind of [this.#files, this.#uploads]) {
      for (;;) {
        const some = await kind.list({ owner: identity, limit: 200 })
        if (some.length === 0) break
        for (const { key } of some) {
          await this.#removeBytes(key)
          await kind.remove(key)
        }
      }
    }
  }

  /**
   * Removes uploads that belong to no stored message for a day, also those that were claimed by one that was never stored,
   * and pieces that belong to no upload. @returns how many
   */
  async sweep(): Promise<number> {
    const { staged, now, isStored } = this.#options
    const old = await this.#uploads.list({ untilMs: now() - looseMs, limit: 1000 })
    let removed = 0
    for (const record of old) {
      const { attachedTo } = record.value
      if (attachedTo !== undefined && (await isStored(record.owner, attachedTo))) {
        await this.#settle(record, attachedTo)
        continue
      }
      await this.#removeUpload(record.key)
      removed += 1
    }
    for (const fileId of await staged.list()) {
      if ((await this.#uploads.get(fileId)) !== undefined) continue
      await staged.remove(fileId)
      removed += 1
    }
    return removed
  }

  async #complete(record: FileRecord): Promise<void> {
    const { staged, blobs } = this.#options
    await blobs.take(record.key, staged.pathOf(record.key), record.value.size)
    const latest = (await this.#uploads.get(record.key)) ?? record
    await this.#uploads.put({ ...latest, value: { ...latest.value, isComplete: true } })
  }

  async #own(person: Person, fileId: string): Promise<FileRecord> {
    const record = await this.#uploads.get(fileId)
    // What a message has claimed is no longer its sender's to change.
    const isTheirs = record?.owner === person.identity && record.value.attachedTo === undefined
    if (record === undefined || !isTheirs) throw requestErrors.notFound('file')
    return record
  }

  async #settle(record: FileRecord, attachedTo: string): Promise<void> {
    await this.#files.put({ ...record, value: { ...record.value, attachedTo } })
    await this.#uploads.remove(record.key)
  }

  async #removeUpload(fileId: string): Promise<void> {
    await this.#removeBytes(fileId)
    await this.#uploads.remove(fileId)
  }

  async #removeBytes(fileId: string): Promise<void> {
    const { staged, blobs } = this.#options
    await staged.remove(fileId)
    await blobs.remove(fileId)
    await blobs.remove(thumbnailKey(fileId))
  }
}

const isOfType = (type: string, pattern: string): boolean =>
  pattern === '*' || pattern === type || (pattern.endsWith('/*') && type.startsWith(pattern.slice(0, -1)))

const attachmentOf = ({ key, value }: FileRecord): Attachment => {
  const { name, type, size, width, height, durationMs, waveform, thumbnailType } = value
  return {
    fileId: key,
    name,
    type,
    size,
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(waveform === undefined ? {} : { waveform }),
    ...(thumbnailType === undefined ? {} : { thumbnail: true }),
  }
}
