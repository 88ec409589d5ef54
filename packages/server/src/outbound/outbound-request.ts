import { type ClientRequest, request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { checkedLookup, literalAddress } from './checked-lookup.ts'
import { isPublicAddress } from './public-address.ts'

/** A POST to somebody else's server. */
export type OutboundRequest = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** Posts and gives the status; the answer's body is not read. */
export type Outbound = (
  request: OutboundRequest,
) => Promise<{ readonly status: number; readonly retryAfterMs?: number }>

const timeoutMs = 15_000

const post = (url: URL, options: RequestOptions): ClientRequest =>
  url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options)

/**
 * Makes the way out for requests whose address somebody else chose. It follows no redirect and waits 15 seconds at most.
 * Unless `allowPrivate`, it speaks https only, and only to public addresses, whatever the name resolves to.
 */
export const createOutbound =
  ({ allowPrivate }: { readonly allowPrivate: boolean }): Outbound =>
  ({ url: address, headers, body }) =>
    new Promise((resolve, reject) => {
      const url = new URL(address)
      const literal = literalAddress(url)
      if (!['http:', 'https:'].includes(url.protocol)) throw new Error('not an http address')
      if (!allowPrivate && url.protocol !== 'https:') throw new Error('only https is spoken')
      if (!allowPrivate && literal !== undefined && !isPublicAddress(literal)) {
        throw new Error(`${literal} is not public`)
      }
      const request = post(url, {
        method: 'POST',
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
        signal: AbortSignal.timeout(timeoutMs),
        agent: false,
        ...(allowPrivate ? {} : { lookup: checkedLookup(isPublicAddress) }),
      })
      request.once('error', reject)
      request.once('response', (response) => {
        response.once('error', reject)
        const seconds = Number(response.headers['retry-after'] ?? Number.NaN)
        resolve({
          status: response.statusCode ?? 0,
          ...(seconds > 0 ? { retryAfterMs: Math.min(seconds, 86_400) * 1000 } : {}),
        })
        response.destroy()
      })
      request.end(body)
    })
