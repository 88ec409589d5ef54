import type { ChatStore } from '../chat/store.ts'
import type { Settings } from '../config/settings.ts'
import type { Logger } from '../observability/log.ts'
import { createOutbound } from '../outbound/outbound-request.ts'
import type { Clock } from '../ports.ts'
import type { RecordStore } from '../records/record-store.ts'
import { WebhookService } from './webhook-service.ts'
import { webhookSecretOf } from './webhook-signature.ts'

/** Wires webhooks to the settings; undefined where none are set. */
export const createWebhooks = (options: {
  readonly settings: Settings
  readonly store: ChatStore
  readonly records: RecordStore
  readonly now: Clock
  readonly log: Logger
}): WebhookService | undefined => {
  const { settings, store, records, now, log } = options
  const secret = webhookSecretOf(settings.webhookSecret)
  if (settings.webhookUrl === '' || secret === undefined) return undefined
  return new WebhookService({
    url: settings.webhookUrl,
    secret,
    records,
    now,
    logger: log,
    post: createOutbound({ allowPrivate: settings.outboundPrivate }),
    log: {
      after: async (conversationId, number, limit) =>
        (await store.messages({ conversationId, after: number, limit })).messages,
      changes: async (conversationId, revision, limit) =>
        (await store.changes(conversationId, revision, limit)).changes,
      heads: (afterId, limit) => store.heads(afterId, limit),
    },
  })
}
