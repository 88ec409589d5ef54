import { HTTP_PREFIX } from '@sangam/protocol'
import type { GuestCredentials, ServerInfo } from '../api.ts'
import { errorFromWire, errors, isSangamError } from '../errors.ts'

interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
  readonly bearer?: string
}

/** The address of the server without a trailing slash; an empty one is the page's own origin. */
export function serverOrigin(url: string): string {
  const base = url === '' ? (globalThis.location?.origin ?? '') : url
  if (!URL.canParse(base)) throw errors.invalidOptions(`'${url}' is not the address of a server.`)
  return base.replace(/\/+$/, '')
}

/**
 * What the server says about itself before anybody connects.
 * Throws `serverUnreachable`, or whatever code the server answers with.
 */
export async function fetchServerInfo(url: string): Promise<ServerInfo> {
  return (await askJson(serverOrigin(url), { method: 'GET', path: '/config' })) as ServerInfo
}

/** A first token for a guest. Throws `guestsDisabled`, `invalidMessage` (the name), `rateLimited`, `serverUnreachable`. */
export async function createGuest(origin: string, name: string): Promise<GuestCredentials> {
  return (await askJson(origin, { method: 'POST', path: '/guests', body: { name } })) as GuestCredentials
}

/** A newer token for the same guest. Throws `unauthenticated`, `tokenExpired`, `guestsDisabled`, `serverUnreachable`. */
export async function renewGuest(origin: string, token: string): Promise<GuestCredentials> {
  return (await askJson(origin, { method: 'POST', path: '/guests/renew', bearer: token })) as GuestCredentials
}

async function askJson(origin: string, request: HttpRequest): Promise<unknown> {
  const headers: Record<string, string> = {}
  if (request.body !== undefined) headers['content-type'] = 'application/json'
  if (request.bearer !== undefined) headers.authorization = `Bearer ${request.bearer}`
  let response: Response
  let answer: unknown
  try {
    response = await fetch(`${origin}${HTTP_PREFIX}${request.path}`, {
      method: request.method,
      headers,
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    })
    answer = await response.json()
  } catch (cause) {
    throw isSangamError(cause) ? cause : errors.serverUnreachable(origin, cause)
  }
  if (response.ok) return answer
  const error = (answer as { error?: Parameters<typeof errorFromWire>[0] } | null)?.error
  if (typeof error?.code === 'string') throw errorFromWire(error)
  throw errors.serverUnreachable(origin, new Error(`HTTP status ${response.status}`))
}
