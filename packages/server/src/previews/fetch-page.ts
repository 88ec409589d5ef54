import type { IncomingMessage } from 'node:http'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { checkedLookup, literalAddress } from '../outbound/checked-lookup.ts'
import { isPublicAddress } from '../outbound/public-address.ts'

/** Whether a page may be fetched from an address and port. */
export type TargetCheck = (address: string, port: number) => boolean

/** Public unicast addresses, at the ports of the web. */
export const publicWeb: TargetCheck = (address, port) =>
  (port === 80 || port === 443) && isPublicAddress(address)

const mostBytes = 512 * 1024
const mostRedirects = 3
const timeoutMs = 5000
const htmlType = /^(text\/html|application\/xhtml\+xml)\s*(;|$)/i

/**
 * Fetches a page of somebody else's choice and gives its HTML, or undefined: whatever the reason is, whoever asked learns
 * nothing more of where this server can reach. Each hop, redirects included, goes over http or https to an address that
 * was resolved and allowed and is the one connected to. It sends no cookie, credentials or referrer, reads 512 KiB of HTML at most,
 * uncompressed, and ends after 5 seconds in all.
 */
export const fetchPage = async (address: string, isAllowed: TargetCheck): Promise<string | undefined> => {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    let url = new URL(address)
    for (let hop = 0; hop <= mostRedirects; hop += 1) {
      const response = await open(url, isAllowed, signal)
      const { statusCode = 0, headers } = response
      if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
        response.destroy()
        url = new URL(headers.location, url)
        continue
      }
      const isPage =
        statusCode === 200 &&
        htmlType.test(headers['content-type'] ?? '') &&
        (headers['content-encoding'] ?? 'identity') === 'identity'
      if (!isPage) response.destroy()
      return isPage ? decode(await readStart(response), headers['content-type'] ?? '') : undefined
    }
    return undefined
  } catch {
    return undefined
  }
}

const portOf = ({ port, protocol }: URL): number =>
  port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)

const open = (url: URL, isAllowed: TargetCheck, signal: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    if (!['http:', 'https:'].includes(url.protocol)) throw new Error('not an http address')
    if (url.username !== '' || url.password !== '') throw new Error('an address with credentials')
    const port = portOf(url)
    const literal = literalAddress(url)
    if (literal !== undefined && !isAllowed(literal, port)) throw new Error('not an allowed address')
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      headers: {
        accept: 'text/html, application/xhtml+xml',
        'accept-encoding': 'identity',
        'user-agent': 'Sangam link preview',
      },
      lookup: checkedLookup((address) => isAllowed(address, port)),
      agent: false,
      signal,
    })
    request.once('error', reject)
    request.once('response', resolve)
    request.end()
  })

/** The beginning of a body: titles and descriptions stand there. */
const readStart = async (response: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= mostBytes) break
  }
  return Buffer.concat(chunks).subarray(0, mostBytes)
}

/** Reads text in the encoding that the header names, else the page itself near its beginning; UTF-8 where neither is known. */
const decode = (bytes: Buffer, contentType: string): string => {
  const named =
    /charset\s*=\s*"?([\w-]{1,40})/i.exec(contentType)?.[1] ??
    /<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{1,40})/i.exec(bytes.subarray(0, 1024).toString('latin1'))?.[1]
  try {
    return new TextDecoder(named ?? 'utf-8').decode(bytes)
  } catch {
    return new TextDecoder().decode(bytes)
  }
}
