import type { Attachment } from '@sangam/protocol'

/** What chat asks of the files of its messages. */
export type MessageFiles = {
  /**
   * Ties own files to a message that is about to be stored; the same message may ask again. Without {@link
   * MessageFiles.settle} they are removed after a day, unless the message turns out to be stored.
   * @throws RequestError `notFound` when one of them is missing, not complete, of another conversation or of another message
   */
  readonly claim: (
    senderId: string,
    conversationId: string,
    clientMessageId: string,
    fileIds: readonly string[],
  ) => Promise<readonly Attachment[]>
  /** The message that claimed files is stored: they stay as long as it does. */
  readonly settle: (clientMessageId: string, fileIds: readonly string[]) => Promise<void>
  /** The message was refused for good: files that it claimed belong to none again. */
  readonly release: (clientMessageId: string, fileIds: readonly string[]) => Promise<void>
  /** Removes files with their bytes: their message is gone. */
  readonly remove: (fileIds: readonly string[]) => Promise<void>
}
