import { RequestError, requestErrors } from '../request-errors.ts'

/**
 * What an error of the engine means to a client, by the error classes of the mediasoup v3 API: TypeError (bad
 * parameters), UnsupportedError, InvalidStateError (closed or wrongly ordered). Anything else: the worker is gone.
 */
export const mediaErrorOf = (error: unknown): RequestError => {
  if (error instanceof RequestError) return error
  const message = error instanceof Error ? error.message : String(error)
  const name = error instanceof Error ? error.name : ''
  if (error instanceof TypeError || name === 'TypeError') return requestErrors.invalidMedia(message)
  if (name === 'UnsupportedError') return requestErrors.unsupported('The media cannot be carried as asked.')
  if (name === 'InvalidStateError') return requestErrors.wrongState('This is not the moment for that.')
  return requestErrors.unavailable('The media engine')
}
