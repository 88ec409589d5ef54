import { validate } from '@sangam/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { grantsSchema } from '../access/grants.ts'
import { isOperatorToken } from '../access/operator-token.ts'
import type { MediaWorkerState } from '../media/media-workers.ts'
import type { Clock } from '../ports.ts'
import { RequestError, requestErrors } from '../request-errors.ts'
import { type PolicyAction, type PolicyApi, policyActionNames } from '../rooms/policy-api.ts'

/** What the operator's endpoints need. */
export type OperatorApiOptions = {
  readonly secret: Uint8Array
  readonly now: Clock
  readonly media: {
    readonly workers: () => readonly MediaWorkerState[]
    readonly drain: (index: number) => void
    readonly undrain: (index: number) => void
  }
  /** Asked when a request comes. */
  readonly policy: () => PolicyApi
}

const workerParams = z.object({
  index: z.coerce.number().int().min(0).max(1000),
  action: z.enum(['drain', 'undrain']),
})

const id = z.string().min(1).max(256)
const questionSchema = z.strictObject({
  identity: id,
  /** Else those of the person's newest connection count. */
  grants: grantsSchema.optional(),
  /** Else every action that can be asked of the place is. */
  action: z.enum(policyActionNames).optional(),
  roomId: id.optional(),
  conversationId: id.optional(),
  target: id.optional(),
  role: id.optional(),
})

type Question = z.infer<typeof questionSchema>

const isOfConversation = (action: PolicyAction): boolean => action.startsWith('conversation.')
const isOfServer = (action: PolicyAction): boolean => action.includes('.')

/** What a question asks. @throws RequestError `invalidMessage` when its action lacks a place */
const actionsOf = ({ action, roomId, conversationId }: Question): readonly PolicyAction[] => {
  const lacks = (one: PolicyAction): 'conversationId' | 'roomId' | undefined => {
    if (isOfConversation(one)) return conversationId === undefined ? 'conversationId' : undefined
    return isOfServer(one) || roomId !== undefined ? undefined : 'roomId'
  }
  if (action === undefined) return policyActionNames.filter((one) => lacks(one) === undefined)
  const path = lacks(action)
  if (path !== undefined) {
    throw new RequestError('invalidMessage', `${action} needs ${path}.`, {
      details: { path, expected: 'string' },
    })
  }
  return [action]
}

/** Adds `/api/v1/operator/…` (workers, explain): for bearers of an operator's token alone. */
export const addOperatorApi = (
  app: FastifyInstance,
  { secret, now, media, policy }: OperatorApiOptions,
): void => {
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

  app.post('/api/v1/operator/explain', async (request) => {
    await admit(request)
    const question = validate(questionSchema, request.body)
    if (!question.ok) {
      const { code, message, details } = question.error
      throw new RequestError(code, message, details === undefined ? {} : { details })
    }
    const { identity, grants, action: _, ...place } = question.value
    const who = { identity, ...(grants === undefined ? {} : { grants }) }
    const where = Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined))
    const explanations = []
    for (const action of actionsOf(question.value))
      explanations.push({ action, ...(await policy().explain(who, action, where)) })
    return { explanations }
  })
}
