import type { Attachment, Upload, UploadOptions } from '@sangam/client'
import { useSession } from '@sangam/react'
import { useCallback, useRef, useState } from 'react'
import { factsOf } from './file-facts.ts'

/** Files of one message at most: the server takes no more. */
const MOST_FILES = 10

/** A file that is to go with the next message. */
export interface DraftedFile {
  readonly key: number
  readonly name: string
  readonly upload: Upload
  /** Once it is uploaded. */
  readonly attachment?: Attachment
}

/** The files that are being gathered for the next message. */
export interface DraftedFiles {
  readonly files: readonly DraftedFile[]
  /** Whether all of them are uploaded. */
  readonly ready: boolean
  add(files: Iterable<File>, options?: UploadOptions): void
  remove(key: number): void
  retry(key: number): void
  /** Hands them over to the message that is sent. */
  take(): readonly Attachment[]
}

/** Gathers files for a conversation; each is uploaded at once, while one still writes. */
export function useDraftedFiles(conversationId: string): DraftedFiles {
  const session = useSession()
  const [files, setFiles] = useState<readonly DraftedFile[]>([])
  const nextKey = useRef(1)

  const watch = useCallback((key: number, upload: Upload) => {
    upload.done.then(
      (attachment) =>
        setFiles((all) => all.map((file) => (file.key === key ? { ...file, attachment } : file))),
      // The chip shows what went wrong.
      () => {},
    )
  }, [])

  const add = async (file: File, options: UploadOptions): Promise<void> => {
    const key = nextKey.current
    nextKey.current += 1
    const upload = session.upload(conversationId, file, { ...(await factsOf(file)), ...options })
    // In the order in which they were chosen, whichever was looked at first.
    setFiles((all) =>
      [...all, { key, name: options.name ?? file.name, upload }].sort((a, b) => a.key - b.key),
    )
    watch(key, upload)
  }

  return {
    files,
    ready: files.every(({ attachment }) => attachment !== undefined),
    add: (added, options = {}) => {
      for (const file of [...added].slice(0, MOST_FILES - files.length)) void add(file, options)
    },
    remove: (key) => {
      void files.find((file) => file.key === key)?.upload.cancel()
      setFiles((all) => all.filter((file) => file.key !== key))
    },
    retry: (key) => {
      const upload = files.find((file) => file.key === key)?.upload
      upload?.retry()
      if (upload !== undefined) watch(key, upload)
    },
    take: () => {
      setFiles([])
      return files.flatMap(({ attachment }) => (attachment === undefined ? [] : [attachment]))
    },
  }
}
