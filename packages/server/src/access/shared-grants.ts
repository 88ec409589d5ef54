import type { Grants } from './grants.ts'

const mostKept = 1000

/**
 * Makes equal grants the same object: thousands of connections mostly hold the same few. Grants are never changed, only
 * replaced. It remembers the 1,000 kinds used last.
 */
export const createSharedGrants = (): ((grants: Grants) => Grants) => {
  const kept = new Map<string, Grants>()
  return (grants) => {
    const key = JSON.stringify(grants)
    const shared = kept.get(key) ?? grants
    kept.delete(key)
    kept.set(key, shared)
    const oldest = kept.keys().next().value
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest)
    return shared
  }
}
