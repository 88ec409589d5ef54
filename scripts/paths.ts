import { join } from 'node:path'

/** The folder that holds the whole repository. */
export const ROOT = join(import.meta.dirname, '..')

/** An absolute path from one inside the repository. */
export function fromRoot(...parts: readonly string[]): string {
  return join(ROOT, ...parts)
}
