import { createHash } from 'node:crypto'

/**
 * Id of the conversation of two people: the same whichever of them asks, and nobody else's.
 * SHA-256 over the two identities in order; identities hold no line feed, so no two pairs meet.
 */
export const directConversationId = (one: string, other: string): string => {
  const pair = [one, other].sort().join('\n')
  return `direct:${createHash('sha256').update(pair).digest('hex').slice(0, 40)}`
}
