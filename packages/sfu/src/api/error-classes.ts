import type { UnsupportedReason } from '@sangam/ortc'

export { UnsupportedError } from '@sangam/ortc'

/** Why a call of the engine failed: the closed list that `error.code` is taken from. */
export type ReasonCode =
  | UnsupportedReason
  | 'invalid-option'
  | 'closed'
  | 'worker-closed'
  | 'worker-died'
  | 'worker-not-started'
  | 'already-connected'
  | 'producer-not-found'
  | 'worker-error'

/** A call on an object that is closed, or in an order that it does not allow. */
export class InvalidStateError extends Error {
  readonly code: ReasonCode
  constructor(message: string, code: ReasonCode = 'closed') {
    super(message)
    this.name = 'InvalidStateError'
    this.code = code
  }
}

/** A call that needs a worker which has been closed, or has died. */
export class WorkerClosedError extends InvalidStateError {
  constructor(message: string, code: ReasonCode = 'worker-closed') {
    super(message, code)
    this.name = 'WorkerClosedError'
  }
}

/** A call that names an entity which does not exist (any more). */
export class NotFoundError extends Error {
  readonly code: ReasonCode
  constructor(message: string, code: ReasonCode = 'producer-not-found') {
    super(message)
    this.name = 'NotFoundError'
    this.code = code
  }
}

/** A `TypeError` that names the option and what it should be. */
export class OptionError extends TypeError {
  readonly code: ReasonCode = 'invalid-option'
  /** Path of the option, such as `listenInfos[0].ip`. */
  readonly field: string
  constructor(field: string, message: string) {
    super(message)
    this.name = 'TypeError'
    this.field = field
  }
}

/** An error of the worker itself: a port in use, a file that can't be read. */
export class WorkerError extends Error {
  readonly code: ReasonCode = 'worker-error'
  constructor(message: string) {
    super(message)
    this.name = 'Error'
  }
}
