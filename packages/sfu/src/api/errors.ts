import type { ChannelError, RequestMethod } from '../channel/messages.ts'

/** Why a call of the engine failed: the closed list that `error.code` is taken from. */
export type ReasonCode =
  | 'invalidOption'
  | 'unsupported'
  | 'notBuiltYet'
  | 'closed'
  | 'workerClosed'
  | 'workerDied'
  | 'workerNotStarted'
  | 'alreadyConnected'
  | 'producerNotFound'
  | 'workerError'

/** Something that neither side can do: a codec, a feature, a combination of capabilities. */
export class UnsupportedError extends Error {
  readonly code: ReasonCode
  constructor(message: string, code: ReasonCode = 'unsupported') {
    super(message)
    this.name = 'UnsupportedError'
    this.code = code
  }
}

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
  constructor(message: string, code: ReasonCode = 'workerClosed') {
    super(message, code)
    this.name = 'WorkerClosedError'
  }
}

/** A call that names an entity which does not exist (any more). */
export class NotFoundError extends Error {
  readonly code: ReasonCode
  constructor(message: string, code: ReasonCode = 'producerNotFound') {
    super(message)
    this.name = 'NotFoundError'
    this.code = code
  }
}

/** A `TypeError` that names the option and what it should be. */
export class OptionError extends TypeError {
  readonly code: ReasonCode = 'invalidOption'
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
  readonly code: ReasonCode = 'workerError'
  constructor(message: string) {
    super(message)
    this.name = 'Error'
  }
}

/** Every error that the engine's API makes, by name. */
export const errors = {
  invalidOption: (field: string, expectation: string, got: unknown): OptionError =>
    new OptionError(field, `${field} must be ${expectation}, but is ${describe(got)}`),
  optionConflict: (field: string, conflict: string): OptionError =>
    new OptionError(field, `${field}: ${conflict}`),
  notBuiltYet: (what: string): UnsupportedError =>
    new UnsupportedError(`${what} is not built yet`, 'notBuiltYet'),
  unsupported: (what: string): UnsupportedError => new UnsupportedError(what),
  closed: (what: string): InvalidStateError => new InvalidStateError(`${what} is closed`),
  closedMeanwhile: (what: string, call: string): InvalidStateError =>
    new InvalidStateError(`${what} was closed during ${call}()`),
  alreadyConnected: (transportId: string): InvalidStateError =>
    new InvalidStateError(`transport ${transportId} is connected already`, 'alreadyConnected'),
  producerNotFound: (producerId: string): NotFoundError =>
    new NotFoundError(`there is no producer with the id '${producerId}' in this router`),
  workerClosed: (): WorkerClosedError => new WorkerClosedError('the worker is closed'),
  workerDied: (how: string): WorkerClosedError =>
    new WorkerClosedError(`the worker died: ${how}`, 'workerDied'),
  workerNotStarted: (why: string): WorkerClosedError =>
    new WorkerClosedError(`the worker did not start: ${why}`, 'workerNotStarted'),
} as const

/** The error that a refusal by the worker rejects with: of the class that the worker names. */
export function fromChannelError(error: ChannelError, method: RequestMethod): Error {
  switch (error.name) {
    case 'TypeError':
      return new OptionError(method, error.message)
    case 'UnsupportedError':
      return new UnsupportedError(error.message)
    case 'InvalidStateError':
      return new InvalidStateError(error.message)
    case 'Error':
      return new WorkerError(error.message)
  }
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array'
  if (typeof value === 'string') return `'${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return `of type ${typeof value}`
}
