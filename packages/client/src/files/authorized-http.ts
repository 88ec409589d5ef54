import { HTTP_PREFIX } from '@sangam/protocol'
import type { TokenSource } from '../connection/token-source.ts'
import { errorFromWire, errors, isSangamError } from '../errors.ts'

/** A request over HTTP in the name of the session's person. */
export interface AuthorizedRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/api/v1`. */
  readonly path: string
  readonly body?: Blob | string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** HTTP requests with the session's token; one that has expired is replaced once. */
export class AuthorizedHttp {
  readonly #origin: string
  readonly #tokens: TokenSource

  constructor(origin: string, tokens: TokenSource) {
    this.#origin = origin
    this.#tokens = tokens
  }

  /** An address of the server, complete. */
  urlOf(path: string): string {
    return `${this.#origin}${path}`
  }

  /**
   * Resolves with the JSON that came, undefined when there was none. Throws `SangamError`: the server's code, or
   * `serverUnreachable`; an aborted one throws the signal's reason.
   */
  async ask(request: AuthorizedRequest): Promise<unknown> {
    return parse(await this.read(request))
  }

  /** Resolves with the text that came; throws as {@link AuthorizedHttp.ask} does. */
  async read(request: AuthorizedRequest): Promise<string> {
    try {
      return await this.#once(request)
    } catch (error) {
      if (!isSangamError(error, 'tokenExpired', 'unauthenticated')) throw error
      this.#tokens.invalidate()
      return this.#once(request)
    }
  }

  async #once({ method, path, body, headers, signal }: AuthorizedRequest): Promise<string> {
    const token = await this.#tokens.current()
    let response: Response
    let text: string
    try {
      response = await fetch(`${this.#origin}${HTTP_PREFIX}${path}`, {
        method,
        headers: { ...headers, authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      })
      text = await response.text()
    } catch (cause) {
      if (signal?.aborted === true) throw signal.reason
      throw errors.serverUnreachable(this.#origin, cause)
    }
    if (response.ok) return text
    const error = (parse(text) as { error?: Parameters<typeof errorFromWire>[0] } | undefined)?.error
    if (typeof error?.code === 'string') throw errorFromWire(error)
    throw errors.serverUnreachable(this.#origin, new Error(`HTTP status ${response.status}`))
  }
}

function parse(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
