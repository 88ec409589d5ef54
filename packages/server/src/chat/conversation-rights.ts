import type { Session } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import type { ConversationCache } from './conversation-cache.ts'
import { type ChatAction, mayInPlace, placeOf, type Standing, standingIn } from './roles.ts'
import type { ConversationRecord } from './store.ts'

/** Whether somebody may so much as know of a conversation, given that their token grants it. */
export const isVisible = (record: ConversationRecord, identity: string): boolean =>
  mayInPlace('read', placeOf(record), standingIn(record, identity))

/**
 * The conversation, for somebody who may do something in it besides what their token grants.
 * @param given what they are in it, where that is not the conversation's own to say: in the chat of a room
 * @throws RequestError `notFound` when there is none or not for them; `forbidden` when they see it but may not
 */
export const entitled = async (
  cache: ConversationCache,
  { identity }: Session,
  conversationId: string,
  action: ChatAction = 'read',
  given?: Standing,
): Promise<ConversationRecord> => {
  const record = cache.known(conversationId) ?? (await cache.get(conversationId))
  return entitledIn(record, identity, action, given)
}

/** {@link entitled} with the conversation at hand; `undefined`: there is none. */
export const entitledIn = (
  record: ConversationRecord | undefined,
  identity: string,
  action: ChatAction,
  given?: Standing,
): ConversationRecord => {
  if (record === undefined) throw requestErrors.notFound('conversation')
  const [place, standing] = [placeOf(record), given ?? standingIn(record, identity)]
  if (!mayInPlace('read', place, standing)) throw requestErrors.notFound('conversation')
  if (!mayInPlace(action, place, standing)) {
    throw requestErrors.forbidden(`one’s role in the conversation does not allow ${action}`)
  }
  return record
}
