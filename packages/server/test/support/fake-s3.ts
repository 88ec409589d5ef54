import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** An object store of the test's own: PUT, GET with a range, DELETE, and it checks every signature (AWS Signature Version 4). */
export class FakeS3 implements AsyncDisposable {
  readonly objects = new Map<string, Buffer>()
  readonly #server: Server
  readonly #secret: string

  private constructor(secret: string) {
    this.#secret = secret
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        if (!this.#isSigned(request)) {
          response.writeHead(403).end()
          return
        }
        const key = request.url ?? ''
        if (request.method === 'PUT') {
          this.objects.set(key, Buffer.concat(chunks))
          response.writeHead(200).end()
          return
        }
        const object = this.objects.get(key)
        if (request.method === 'DELETE') {
          this.objects.delete(key)
          response.writeHead(204).end()
        } else if (object === undefined) response.writeHead(404).end()
        else {
          const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
          if (first === undefined) response.writeHead(200).end(object)
          else response.writeHead(206).end(object.subarray(Number(first), Number(last) + 1))
        }
      })
    })
  }

  static async start(secret: string): Promise<FakeS3> {
    const fake = new FakeS3(secret)
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #isSigned(request: IncomingMessage): boolean {
    const match =
      /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)$/.exec(
        request.headers.authorization ?? '',
      )
    if (match === null) return false
    const [, date = '', region = '', signedHeaders = '', signature] = match
    const headers = signedHeaders
      .split(';')
      .map((name) => `${name}:${String(request.headers[name] ?? '').trim()}\n`)
      .join('')
    const canonical = [
      request.method,
      request.url,
      '',
      headers,
      signedHeaders,
      String(request.headers['x-amz-content-sha256']),
    ].join('\n')
    const scope = `${date}/${region}/s3/aws4_request`
    const toSign = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, sha256(canonical)].join('\n')
    const key = ['s3', 'aws4_request'].reduce<Buffer>(
      (previous, part) => hmac(previous, part),
      hmac(hmac(`AWS4${this.#secret}`, date), region),
    )
    return hmac(key, toSign).toString('hex') === signature
  }
}
