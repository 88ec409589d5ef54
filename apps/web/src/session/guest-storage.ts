import type { GuestCredentials, GuestStorage } from '@sangam/client'

const STORAGE_KEY = 'sangam.guest'

/**
 * A guest's credentials in localStorage, so that a refresh or a new visit comes back as the same person.
 * What is stored is checked before it is believed: other code of this origin may have written it.
 */
export function createGuestStorage(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>): GuestStorage {
  return {
    load() {
      try {
        return parseCredentials(storage.getItem(STORAGE_KEY))
      } catch {
        return undefined
      }
    },
    save(credentials) {
      try {
        storage.setItem(STORAGE_KEY, JSON.stringify(credentials))
      } catch {
        // Storage is full or forbidden: the person stays who they are until the page closes.
      }
    },
    clear() {
      try {
        storage.removeItem(STORAGE_KEY)
      } catch {
        // Nothing was stored then.
      }
    },
  }
}

/** The credentials in a stored text, or undefined when it holds anything else. */
export function parseCredentials(stored: string | null): GuestCredentials | undefined {
  if (stored === null) return undefined
  let value: unknown
  try {
    value = JSON.parse(stored)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { token, identity, name, expiresAt } = value as Record<string, unknown>
  if (typeof token !== 'string' || typeof identity !== 'string') return undefined
  if (typeof name !== 'string' || typeof expiresAt !== 'number') return undefined
  return { token, identity, name, expiresAt }
}
