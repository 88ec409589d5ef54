import { createHash } from 'node:crypto'
import type { ChangeRequest } from './message-change-store.ts'

/**
 * What a repeat of a change is compared by: SHA-256 over what was asked for. The words themselves are not kept for it, so
 * that they are gone when the message is.
 */
export const changeDigest = ({ conversationId, number, change }: ChangeRequest): string =>
  createHash('sha256')
    .update(
      JSON.stringify([conversationId, number, Object.entries(change).sort(([a], [b]) => (a < b ? -1 : 1))]),
    )
    .digest('base64url')
