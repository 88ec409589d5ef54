/** The public contract of uploads. */
import type { Attachment } from '../chat/message-api.ts'
import type { SangamError } from '../errors.ts'
import type { Store } from '../observable.ts'

/** What this device knows of a file that it uploads. */
export interface UploadOptions {
  /** Default: the file's own name. */
  readonly name?: string
  /** Media type; default: the file's own. */
  readonly type?: string
  /** Pixels of a picture or a film, as it is shown. */
  readonly width?: number
  readonly height?: number
  readonly durationMs?: number
  /** Loudness of a voice note over its time: up to 100 whole numbers from 0 to 100. */
  readonly waveform?: readonly number[]
  /** A small picture of it: PNG, JPEG or WebP, at most 128 KiB. */
  readonly thumbnail?: Blob
}

/** `waiting`: the connection broke, it goes on by itself; `failed`: refused for good, or until `retry()`. */
export type UploadStatus = 'uploading' | 'waiting' | 'done' | 'failed' | 'cancelled'

/** An upload at one moment. */
export interface UploadSnapshot {
  readonly status: UploadStatus
  /** Bytes that the server holds. */
  readonly sentBytes: number
  readonly totalBytes: number
  readonly error?: SangamError
}

/** A file on its way to the server. */
export interface Upload {
  readonly state: Store<UploadSnapshot>
  /** The file, for `send()`; rejects when it is refused or cancelled. After `retry()` a new promise. */
  readonly done: Promise<Attachment>
  /** Tries a failed one again, from where it came to. */
  retry(): void
  /** Gives it up; the server forgets what it holds of it. */
  cancel(): Promise<void>
}
