import { SangamError, type SangamErrorCode } from '../errors.ts'
import type { OutboxEntry } from './device-stores-api.ts'

/** Why a kept message or change failed, if it did. */
export function errorOf(entry: OutboxEntry): SangamError | undefined {
  if (entry.failed === undefined) return undefined
  return new SangamError(entry.failed.code as SangamErrorCode, entry.failed.message)
}
