import type { ChannelError, RequestMethod } from '../channel/messages.ts'
import {
  InvalidStateError,
  NotFoundError,
  OptionError,
  UnsupportedError,
  WorkerClosedError,
  WorkerError,
} from './error-classes.ts'

/** Every error that the engine's API makes, by name. */
export const errors = {
  invalidOption: (field: string, expectation: string, got: unknown): OptionError =>
    new OptionError(field, `${field} must be ${expectation}, but is ${describe(got)}`),
  optionConflict: (field: string, conflict: string): OptionError =>
    new OptionError(field, `${field}: ${conflict}`),
  unsupported: (what: string): UnsupportedError => new UnsupportedError(what, 'feature-not-supported'),
  closed: (what: string): InvalidStateError => new InvalidStateError(`${what} is closed`),
  closedMeanwhile: (what: string, call: string): InvalidStateError =>
    new InvalidStateError(`${what} was closed during ${call}()`),
  alreadyConnected: (transportId: string): InvalidStateError =>
    new InvalidStateError(`transport ${transportId} is connected already`, 'already-connected'),
  producerNotFound: (producerId: string): NotFoundError =>
    new NotFoundError(`there is no producer with the id '${producerId}' in this router`),
  dataProducerNotFound: (dataProducerId: string): NotFoundError =>
    new NotFoundError(`there is no data producer with the id '${dataProducerId}' in this router`),
  noStreamLeft: (transportId: string): InvalidStateError =>
    new InvalidStateError(`transport ${transportId} has no SCTP stream left`),
  workerClosed: (): WorkerClosedError => new WorkerClosedError('the worker is closed'),
  workerDied: (how: string): WorkerClosedError =>
    new WorkerClosedError(`the worker died: ${how}`, 'worker-died'),
  workerNotStarted: (why: string): WorkerClosedError =>
    new WorkerClosedError(`the worker did not start: ${why}`, 'worker-not-started'),
} as const

/** The error that a refusal by the worker rejects with: of the class that the worker names. */
export function fromChannelError(error: ChannelError, method: RequestMethod): Error {
  switch (error.name) {
    case 'TypeError':
      return new OptionError(method, error.message)
    case 'UnsupportedError':
      return new UnsupportedError(error.message, 'feature-not-supported')
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
