import type { FastifyInstance, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { isOperatorToken } from '../access/operator-token.ts'
import type { MediaWorkerState } from '../media/media-workers.ts'
import type { Clock } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'

/** What the operator's endpoints need. */
export type OperatorApiOptions = {
  readonly secret: Uint8Array
  readonly now: Clock
  readonly media: {
    readonly workers: () => readonly MediaWorkerState[]
    readonly drain: (index: number) => void
    readonly undrain: (index: number) => void
  }
}

const workerParams = z.object({
  index: z.coerce.number().int().min(0).max(1000),
  action: z.enum(['drain', 'undrain']),
})

/** Adds `/api/v1/operator/workers`: for bearers of an operator's token alone. */
export const addOperatorApi = (app: FastifyInstance, { secret, now, media }: OperatorApiOptions): void => {
  const admit = async (request: FastifyRequest): Promise<void> => {
    const token = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (token === undefined || !(await isOperatorToken(secret, token, now())))
      throw requestErrors.unauthenticated()
  }

  app.get('/api/v1/operator/workers', async (request) => {
    await admit(request)
    return { workers: media.workers() }
  })

  app.post('/api/v1/operator/workers/:index/:action', async (request, reply) => {
    await admit(request)
    const params = workerParams.safeParse(request.params)
    const isKnown = params.success && media.workers().some(({ index }) => index === params.data.index)
    if (!isKnown) return reply.code(404).send({ error: requestErrors.notFound('media worker').wire })
    media[params.data.action](params.data.index)
    return { workers: media.workers() }
  })
}
