import type { UploadState } from '@sangam/protocol'
import type { Attachment, Upload, UploadOptions, UploadSnapshot } from '../api.ts'
import { backoffMs } from '../connection/backoff.ts'
import { errors, isSangamError, type SangamErrorCode, toSangamError } from '../errors.ts'
import { WritableStore } from '../store.ts'
import type { AuthorizedHttp } from './authorized-http.ts'

/** Bytes in one request: small enough for progress and for little to be sent twice. */
const PIECE_BYTES = 1024 * 1024

/** What passes by itself: the upload goes on where it broke off. */
const PASSING_CODES: readonly SangamErrorCode[] = [
  'serverUnreachable',
  'unavailable',
  'rateLimited',
  'internal',
  'wrongState',
]

/** One file on its way to the server, in pieces; after a break it asks how far it came and goes on there. */
export class UploadHandle implements Upload {
  readonly state: WritableStore<UploadSnapshot>
  readonly #http: AuthorizedHttp
  readonly #conversationId: string
  readonly #file: Blob
  readonly #options: UploadOptions
  readonly #aborting = new AbortController()
  #done: Promise<Attachment>
  #fileId: string | undefined
  #hasThumbnail = false

  constructor(http: AuthorizedHttp, conversationId: string, file: Blob, options: UploadOptions) {
    this.#http = http
    this.#conversationId = conversationId
    this.#file = file
    this.#options = options
    this.state = new WritableStore<UploadSnapshot>({
      status: 'uploading',
      sentBytes: 0,
      totalBytes: file.size,
    })
    this.#done = this.#begin()
  }

  get done(): Promise<Attachment> {
    return this.#done
  }

  retry(): void {
    if (this.state.get().status === 'failed') this.#done = this.#begin()
  }

  async cancel(): Promise<void> {
    if (this.state.get().status === 'cancelled') return
    this.state.update((state) => ({ ...state, status: 'cancelled' }))
    this.#aborting.abort(errors.discarded())
    if (this.#fileId === undefined) return
    // What stays behind is removed by the server after a day.
    await this.#http.ask({ method: 'DELETE', path: `/files/${this.#fileId}` }).catch(() => undefined)
  }

  #begin(): Promise<Attachment> {
    const done = this.#run()
    // Whoever watches the state need not await the promise as well.
    done.catch(() => undefined)
    return done
  }

  async #run(): Promise<Attachment> {
    this.#set({ status: 'uploading' })
    for (let attempt = 0; ; attempt += 1) {
      const before = this.state.get().sentBytes
      try {
        const fileId = await this.#send()
        this.#set({ status: 'done', sentBytes: this.#file.size })
        return { fileId, ...this.#facts(), ...(this.#hasThumbnail ? { thumbnail: true } : {}) }
      } catch (caught) {
        if (this.#aborting.signal.aborted) throw this.#aborting.signal.reason
        const error = toSangamError(caught, (cause) => errors.serverUnreachable('', cause))
        if (!isSangamError(error, ...PASSING_CODES)) {
          this.#set({ status: 'failed', error })
          throw error
        }
        if (this.state.get().sentBytes > before) attempt = 0
        this.#set({ status: 'waiting', error })
        await this.#pause(error.retryAfterMs ?? backoffMs(attempt, Math.random()))
        this.#set({ status: 'uploading' })
      }
    }
  }

  async #send(): Promise<string> {
    let upload = this.#fileId === undefined ? await this.#create() : await this.#ask('GET', this.#fileId)
    this.#fileId = upload.fileId
    await this.#sendThumbnail(upload.fileId)
    while (upload.offset < upload.size) {
      this.#set({ sentBytes: upload.offset })
      upload = await this.#sendPiece(upload)
    }
    return upload.fileId
  }

  #facts(): Omit<Attachment, 'fileId' | 'thumbnail'> {
    const { thumbnail: _thumbnail, name, type, waveform, ...facts } = this.#options
    return {
      name: name ?? nameOf(this.#file),
      type: mediaTypeOf(type ?? this.#file.type),
      size: this.#file.size,
      ...facts,
      ...(waveform === undefined ? {} : { waveform: [...waveform] }),
    }
  }

  #create(): Promise<UploadState> {
    const request = { conversationId: this.#conversationId, ...this.#facts() }
    const headers = { 'content-type': 'application/json' }
    return this.#http.ask({
      method: 'POST',
      path: '/files',
      body: JSON.stringify(request),
      headers,
      signal: this.#aborting.signal,
    }) as Promise<UploadState>
  }

  #sendPiece({ fileId, offset }: UploadState): Promise<UploadState> {
    const body = this.#file.slice(offset, offset + PIECE_BYTES, 'application/offset+octet-stream')
    return this.#ask('PATCH', fileId, {
      body,
      headers: { 'content-type': body.type, 'upload-offset': String(offset) },
    })
  }

  async #sendThumbnail(fileId: string): Promise<void> {
    const { thumbnail } = this.#options
    if (thumbnail === undefined || this.#hasThumbnail) return
    const path = `/files/${fileId}/thumbnail`
    const headers = { 'content-type': thumbnail.type }
    await this.#http.ask({ method: 'PUT', path, body: thumbnail, headers, signal: this.#aborting.signal })
    this.#hasThumbnail = true
  }

  #ask(
    method: 'GET' | 'PATCH',
    fileId: string,
    rest: { readonly body?: Blob; readonly headers?: Record<string, string> } = {},
  ): Promise<UploadState> {
    const signal = this.#aborting.signal
    return this.#http.ask({ method, path: `/files/${fileId}`, signal, ...rest }) as Promise<UploadState>
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#aborting
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        clearTimeout(timer)
        reject(signal.reason)
      }
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', abort)
        resolve()
      }, ms)
      signal.addEventListener('abort', abort, { once: true })
    })
  }

  #set(change: Partial<UploadSnapshot>): void {
    this.state.update(({ error: _error, ...state }) =>
      state.status === 'cancelled' ? state : { ...state, ...change },
    )
  }
}

function nameOf(file: Blob): string {
  const name = 'name' in file && typeof file.name === 'string' ? file.name : ''
  // What the server would refuse: paths, control and direction-override characters.
  const clean = name
    .replace(/^.*[/\\]/, '')
    .replace(/[\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]/gu, '')
    .trim()
    .slice(-255)
  return clean === '' ? 'file' : clean
}

function mediaTypeOf(type: string): string {
  const plain = type.split(';')[0]?.trim().toLowerCase() ?? ''
  return plain === '' ? 'application/octet-stream' : plain
}
