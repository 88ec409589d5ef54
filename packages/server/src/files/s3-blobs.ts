import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { AwsClient } from 'aws4fetch'
import type { BlobStore } from './blob-store.ts'

/** An S3-compatible store: where it is and how to get in. */
export type S3Place = {
  /** Origin and bucket, such as `https://s3.example/bucket`. */
  readonly bucketUrl: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const requestTimeoutMs = 300_000

/** Reads a setting such as `s3://KEY:SECRET@host:9000/bucket?region=eu-1&tls=off`. @throws TypeError */
export const s3PlaceOf = (text: string): S3Place => {
  const url = new URL(text)
  const bucket = url.pathname.replaceAll('/', '')
  if (url.protocol !== 's3:' || url.username === '' || url.password === '' || bucket === '') {
    throw new TypeError('s3://KEY:SECRET@host/bucket')
  }
  const scheme = url.searchParams.get('tls') === 'off' ? 'http' : 'https'
  return {
    bucketUrl: `${scheme}://${url.host}/${bucket}`,
    region: url.searchParams.get('region') ?? 'us-east-1',
    accessKeyId: decodeURIComponent(url.username),
    secretAccessKey: decodeURIComponent(url.password),
  }
}

/** Keeps files in an S3-compatible store, by its plain HTTP interface (path-style addresses, Signature Version 4). */
export const createS3Blobs = ({ bucketUrl, ...credentials }: S3Place): BlobStore => {
  const client = new AwsClient({ ...credentials, service: 's3', retries: 0 })
  const ask = async (method: string, key: string, init: RequestInit & { duplex?: 'half' } = {}) => {
    // The body is not hashed twice: TLS protects it on its way.
    const headers = new Headers(init.headers)
    headers.set('x-amz-content-sha256', 'UNSIGNED-PAYLOAD')
    const { body, duplex, ...rest } = init
    const signed = await client.sign(`${bucketUrl}/${key}`, { ...rest, method, headers })
    const response = await fetch(signed.url, {
      method,
      headers: signed.headers,
      signal: AbortSignal.timeout(requestTimeoutMs),
      ...(body === undefined ? {} : { body, duplex: duplex ?? 'half' }),
    } as RequestInit)
    if (response.ok || (method === 'DELETE' && response.status === 404)) return response
    await response.body?.cancel()
    throw new Error(`the object store answered ${response.status} to ${method}`)
  }
  return {
    take: async (key, path, size) => {
      const body = Readable.toWeb(createReadStream(path)) as unknown as RequestInit['body'] & {}
      await ask('PUT', key, { body, headers: { 'content-length': String(size) } })
      await rm(path, { force: true })
    },
    read: async (key, range) => {
      const headers = range === undefined ? {} : { range: `bytes=${range.start}-${range.end}` }
      const { body } = await ask('GET', key, { headers })
      return body === null ? Readable.from([]) : Readable.fromWeb(body as ReadableStream)
    },
    remove: async (key) => {
      await (await ask('DELETE', key)).body?.cancel()
    },
  }
}
