import { startErrors } from '../start-errors.ts'

/** Loads Sangam's own engine only when it is wanted: another one needs no native build of this one. */
export const defaultEngine = async (): Promise<unknown> => {
  try {
    return await import('@sangam/sfu')
  } catch (cause) {
    throw startErrors.engineUnavailable(cause)
  }
}
