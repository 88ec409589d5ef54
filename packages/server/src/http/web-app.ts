import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { WireError } from '@sangam/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const missingPage = (): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sangam</title></head>
<body><h1>The web app is not built yet</h1>
<p>The server runs, and its API answers. Run <code>npm run build</code> and load this page again.</p></body></html>
`

const notFound: { error: WireError } = { error: { code: 'notFound', message: 'There is no such address.' } }

const wantsPage = (request: FastifyRequest): boolean =>
  (request.method === 'GET' || request.method === 'HEAD') &&
  !request.url.startsWith('/api/') &&
  (request.headers.accept ?? '').includes('text/html')

/**
 * Serves the built web app: hashed assets for a year, the page itself always fresh, and the page for every address that
 * the app routes by itself. Without a build: a page that says how to make one. It looks again at each request, so a
 * build needs no restart.
 */
export const serveWebApp = async (app: FastifyInstance, webDir: string): Promise<void> => {
  const root = resolve(webDir)
  const isBuilt = (): boolean => existsSync(join(root, 'index.html'))
  await app.register(fastifyStatic, {
    root,
    wildcard: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      const isHashed = path.startsWith(join(root, 'assets'))
      reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  app.setNotFoundHandler((request, reply): FastifyReply => {
    if (!wantsPage(request)) return reply.code(404).send(notFound)
    if (!isBuilt()) return reply.code(503).type('text/html; charset=utf-8').send(missingPage())
    return reply.code(200).header('cache-control', 'no-cache').sendFile('index.html')
  })
}
