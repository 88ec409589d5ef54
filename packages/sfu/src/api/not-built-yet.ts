import type { UnsupportedError } from '@sangam/ortc'
import { errors } from './errors.ts'

/** Parts of the public API that have their place here and no engine below them yet: calling one rejects. */
export type NotBuiltYet =
  | 'router.createPlainTransport()'
  | 'router.createPipeTransport()'
  | 'router.createActiveSpeakerObserver()'
  | 'router.createAudioLevelObserver()'
  | 'router.pipeToRouter()'

/** The error of such a part. */
export function notBuiltYet(part: NotBuiltYet): UnsupportedError {
  return errors.notBuiltYet(part)
}
