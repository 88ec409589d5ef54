import type { ChannelError } from '../channel/messages.ts'

/** An error that a request is answered with; `name` names the class that the public API rejects with. */
abstract class RequestError extends Error {
  abstract override readonly name: ChannelError['name']
}

/** A parameter makes no sense. */
export class ChannelTypeError extends RequestError {
  override readonly name = 'TypeError'
}

/** The engine does not do this (yet). */
export class ChannelUnsupportedError extends RequestError {
  override readonly name = 'UnsupportedError'
}

/** Right, but not now: closed already, connected already, or not there. */
export class ChannelInvalidStateError extends RequestError {
  override readonly name = 'InvalidStateError'
}

/** What crosses the channel for anything thrown while a request was handled. */
export function toChannelError(thrown: unknown): ChannelError {
  if (thrown instanceof RequestError) return { name: thrown.name, message: thrown.message }
  return { name: 'Error', message: thrown instanceof Error ? thrown.message : String(thrown) }
}
