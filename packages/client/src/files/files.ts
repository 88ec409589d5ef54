import type { FileUrl } from '@sangam/protocol'
import type { Upload, UploadOptions } from '../api.ts'
import type { AuthorizedHttp } from './authorized-http.ts'
import { UploadHandle } from './upload.ts'

/** An address is asked for afresh this long before it ends. */
const MARGIN_MS = 60_000
const MOST_ADDRESSES = 1000

type Known = { readonly url: Promise<FileUrl>; staleAtMs: number }

/** The files of a session: uploads, and the addresses under which those of messages can be read. */
export class Files {
  readonly #http: AuthorizedHttp
  readonly #known = new Map<string, Known>()

  constructor(http: AuthorizedHttp) {
    this.#http = http
  }

  upload(conversationId: string, file: Blob, options: UploadOptions): Upload {
    return new UploadHandle(this.#http, conversationId, file, options)
  }

  async urlOf(fileId: string, variant: 'content' | 'thumbnail'): Promise<string> {
    const key = `${fileId} ${variant}`
    let known = this.#known.get(key)
    // Whatever this device's clock says: the address holds for an hour from when it was asked for.
    if (known === undefined || performance.now() > known.staleAtMs) {
      const url = this.#http.ask({
        method: 'GET',
        path: `/files/${fileId}/url?variant=${variant}`,
      }) as Promise<FileUrl>
      known = { url, staleAtMs: performance.now() + 3_600_000 - MARGIN_MS }
      this.#known.set(key, known)
      url.catch(() => this.#known.delete(key))
      const oldest = this.#known.keys().next().value
      if (this.#known.size > MOST_ADDRESSES && oldest !== undefined) this.#known.delete(oldest)
    }
    return this.#http.urlOf((await known.url).url)
  }
}
