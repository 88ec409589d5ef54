import type { Readable } from 'node:stream'
import { fileRequestSchema, limits, validate } from '@sangam/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Tokens } from '../access/tokens.ts'
import { RequestError, requestErrors } from '../request-errors.ts'
import type { FileService, Person } from './file-service.ts'
import { rangeOf, servedHeaders } from './served-headers.ts'
import type { FileVariant } from './signed-url.ts'

type WithId = {
  Params: { fileId: string }
  Querystring: { until?: string; signature?: string; variant?: string }
}

const streamType = 'application/offset+octet-stream'

/** Who asks, by `Authorization: Bearer …`. @throws RequestError `unauthenticated`, `tokenExpired` */
export const personOf = async (request: FastifyRequest, tokens: Tokens): Promise<Person> => {
  const token = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (token === undefined || token.length > limits.tokenLength) throw requestErrors.unauthenticated()
  const verified = await tokens.verify(token)
  if (!verified.ok) throw requestErrors[verified.code]()
  return verified.claims
}

const fileIdOf = (request: FastifyRequest<WithId>): string => {
  const { fileId } = request.params
  if (!/^[A-Za-z0-9_-]{22}$/.test(fileId)) throw requestErrors.notFound('file')
  return fileId
}

/** Adds `/api/v1/files`: uploads in pieces, addresses, and the files themselves. */
export const addFileRoutes = (app: FastifyInstance, files: FileService, tokens: Tokens): void => {
  // The body is passed on as it comes; the service counts its bytes.
  app.addContentTypeParser(streamType, (_request, payload, done) => done(null, payload))
  app.addContentTypeParser(
    ['image/png', 'image/jpeg', 'image/webp'],
    { parseAs: 'buffer', bodyLimit: limits.thumbnailBytes },
    (_request, body, done) => done(null, body),
  )

  app.post('/api/v1/files', async (request, reply) => {
    const person = await personOf(request, tokens)
    const body = validate(fileRequestSchema, request.body)
    if (!body.ok) {
      const { code, message, details } = body.error
      throw new RequestError(code, message, details === undefined ? {} : { details })
    }
    return reply.code(201).send(await files.create(person, body.value))
  })

  app.get<WithId>('/api/v1/files/:fileId', async (request) =>
    files.state(await personOf(request, tokens), fileIdOf(request)),
  )

  app.patch<WithId>(
    '/api/v1/files/:fileId',
    { bodyLimit: limits.fileBytes },
    async (request: FastifyRequest<WithId>) => {
      const person = await personOf(request, tokens)
      const offset = request.headers['upload-offset']
      if (typeof offset !== 'string' || !/^\d{1,12}$/.test(offset))
        throw requestErrors.invalidUpload('Upload-Offset')
      if (request.headers['content-type'] !== streamType) throw requestErrors.invalidUpload(streamType)
      return files.append(person, fileIdOf(request), Number(offset), request.body as Readable)
    },
  )

  app.put<WithId>(
    '/api/v1/files/:fileId/thumbnail',
    { bodyLimit: limits.thumbnailBytes },
    async (request, reply) => {
      const person = await personOf(request, tokens)
      if (!Buffer.isBuffer(request.body)) throw requestErrors.invalidUpload('a PNG, JPEG or WebP')
      await files.setThumbnail(person, fileIdOf(request), request.body)
      return reply.code(204).send()
    },
  )

  app.delete<WithId>('/api/v1/files/:fileId', async (request, reply) => {
    await files.cancel(await personOf(request, tokens), fileIdOf(request))
    return reply.code(204).send()
  })

  app.get<WithId>('/api/v1/files/:fileId/url', async (request) => {
    const variant = request.query.variant === 'thumbnail' ? 'thumbnail' : 'content'
    return files.url(await personOf(request, tokens), fileIdOf(request), variant)
  })

  for (const variant of ['content', 'thumbnail'] as const) {
    app.get<WithId>(`/api/v1/files/:fileId/${variant}`, (request, reply) =>
      send(files, variant, request, reply),
    )
  }
}

const send = async (
  files: FileService,
  variant: FileVariant,
  request: FastifyRequest<WithId>,
  reply: FastifyReply,
): Promise<FastifyReply> => {
  const { until, signature } = request.query
  const file = await files.serve(fileIdOf(request), variant, { until, signature })
  reply.headers(servedHeaders(file))
  if (variant === 'thumbnail') return reply.send(await file.open())
  const range = rangeOf(request.headers.range, file.size)
  if (range === 'unsatisfiable') {
    return reply.code(416).header('content-range', `bytes */${file.size}`).send()
  }
  if (range === undefined) return reply.header('content-length', file.size).send(await file.open())
  return reply
    .code(206)
    .header('content-range', `bytes ${range.start}-${range.end}/${file.size}`)
    .header('content-length', range.end - range.start + 1)
    .send(await file.open(range))
}
