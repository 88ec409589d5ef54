import type { UnsupportedError } from '@sangam/ortc'
import { errors } from './errors.ts'

/** Parts of the public API that have their place here and no engine below them yet: calling one rejects. */
export type NotBuiltYet = 'router.pipeToRouter() with dataProducerId' | 'enableSctp'

/** The error of such a part. */
export function notBuiltYet(part: NotBuiltYet): UnsupportedError {
  return errors.notBuiltYet(part)
}
