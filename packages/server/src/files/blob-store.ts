import type { Readable } from 'node:stream'

/** Bytes `start` to `end` (both included) of a blob. */
export type ByteRange = { readonly start: number; readonly end: number }

/** Where finished files lie. Keys are letters, digits, `_`, `-` and `.`. */
export type BlobStore = {
  /** Takes a local file over; it is gone from there afterwards. */
  readonly take: (key: string, path: string, size: number) => Promise<void>
  /** Opens a blob, or a range of it. @throws Error when it is missing */
  readonly read: (key: string, range?: ByteRange) => Promise<Readable>
  /** Removes a blob; one that is missing is no error. */
  readonly remove: (key: string) => Promise<void>
}
