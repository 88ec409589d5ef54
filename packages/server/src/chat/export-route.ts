import { Readable } from 'node:stream'
import { conversationIdSchema } from '@sangam/protocol'
import type { FastifyInstance } from 'fastify'
import { may, roomOfConversation } from '../access/policy.ts'
import type { Tokens } from '../access/tokens.ts'
import { personOf } from '../files/file-routes.ts'
import type { Person } from '../files/file-service.ts'
import { requestErrors } from '../request-errors.ts'
import { isVisible } from './conversation-rights.ts'
import { titleFor } from './conversation-views.ts'
import { type ExportFormat, exportConversation } from './export.ts'
import type { ChatStore } from './store.ts'

type WithId = { Params: { conversationId: string }; Querystring: { format?: string } }

const types: { readonly [Format in ExportFormat]: string } = {
  json: 'application/json; charset=utf-8',
  html: 'text/html; charset=utf-8',
}

/** What {@link addExportRoute} needs. */
export type ExportOptions = {
  readonly store: ChatStore
  readonly tokens: Tokens
  /** Whether somebody may chat in a room now. @throws RequestError `forbidden` with the policy's reason */
  readonly checkMayChatIn: (person: Person, roomId: string) => Promise<void>
}

/**
 * Adds `/api/v1/conversations/:conversationId/export?format=json|html`: the whole of a conversation for somebody who may
 * read it, as a download.
 */
export const addExportRoute = (
  app: FastifyInstance,
  { store, tokens, checkMayChatIn }: ExportOptions,
): void => {
  app.get<WithId>('/api/v1/conversations/:conversationId/export', async (request, reply) => {
    const person = await personOf(request, tokens)
    const id = conversationIdSchema.safeParse(request.params.conversationId)
    if (!id.success) throw requestErrors.notFound('conversation')
    const verdict = may(person.grants, { type: 'conversation.read', conversationId: id.data })
    if (!verdict.allowed) throw requestErrors.forbidden(verdict.reason)
    const roomId = roomOfConversation(id.data)
    if (roomId !== undefined) await checkMayChatIn(person, roomId)
    const record = await store.conversation(id.data)
    if (record === undefined || !isVisible(record, person.identity)) {
      throw requestErrors.notFound('conversation')
    }
    const format: ExportFormat = request.query.format === 'html' ? 'html' : 'json'
    reply.headers({
      'content-type': types[format],
      'content-disposition': `attachment; filename="conversation.${format}"`,
      'content-security-policy': "sandbox; default-src 'none'; style-src 'unsafe-inline'",
      'cache-control': 'no-store',
    })
    return reply.send(
      Readable.from(exportConversation(store, record, titleFor(person.identity, record), format)),
    )
  })
}
