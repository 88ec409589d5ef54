import { join } from 'node:path'
import { may } from '../access/policy.ts'
import type { ChatStore } from '../chat/store.ts'
import type { Settings } from '../config/settings.ts'
import type { Logger } from '../observability/log.ts'
import type { Clock } from '../ports.ts'
import type { RecordStore } from '../records/record-store.ts'
import { createDiskBlobs } from './disk-blobs.ts'
import { FileService, type MayUse } from './file-service.ts'
import { createS3Blobs, s3PlaceOf } from './s3-blobs.ts'
import { createSignedUrls } from './signed-url.ts'
import { StagedUploads } from './staged-uploads.ts'

/** What files stand on. */
export type FilesOptions = {
  readonly settings: Settings
  readonly dataDir: string
  readonly secret: Uint8Array
  readonly store: ChatStore
  readonly records: RecordStore
  readonly now: Clock
  readonly log: Logger
}

const sweepEveryMs = 3_600_000

/** The files of messages, with the clean-up of what belongs to none. */
export type Files = { readonly service: FileService; readonly close: () => void }

/** Wires the files to the settings: on disk or in an object store. */
export const createFiles = ({ settings, dataDir, secret, store, records, now, log }: FilesOptions): Files => {
  const { filesUrl, fileBytes, fileTypes } = settings
  const service = new FileService({
    records,
    staged: new StagedUploads(join(dataDir, 'uploads')),
    blobs: filesUrl === '' ? createDiskBlobs(join(dataDir, 'files')) : createS3Blobs(s3PlaceOf(filesUrl)),
    urls: createSignedUrls(secret),
    mayUse: mayUseOf(store),
    isStored: (senderId, clientMessageId) => store.isStored(senderId, clientMessageId),
    mostBytes: fileBytes,
    types: fileTypes,
    now,
  })
  const sweep = (): void => {
    service.sweep().then(
      (removed) => removed > 0 && log.info({ removed }, 'uploads that no message used were removed'),
      (error: unknown) => log.error({ err: error }, 'unused uploads could not be removed'),
    )
  }
  sweep()
  const timer = setInterval(sweep, sweepEveryMs)
  timer.unref()
  return { service, close: () => clearInterval(timer) }
}

/** The token has to grant it, and a direct conversation is for the two people alone. */
const mayUseOf =
  (store: ChatStore): MayUse =>
  async ({ identity, grants }, conversationId, right) => {
    if (!may(grants, { type: `conversation.${right}`, conversationId }).allowed) return false
    const record = await store.conversation(conversationId)
    if (record === undefined) return false
    return record.kind !== 'direct' || record.members.some((member) => member.identity === identity)
  }
