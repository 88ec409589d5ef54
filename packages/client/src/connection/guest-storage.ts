import type { GuestCredentials, GuestStorage } from '../api.ts'
import { serverOrigin } from './http-api.ts'

/**
 * A guest's credentials in the browser's localStorage, one entry per server. Where there is no localStorage (Node,
 * a browser that refuses it) nothing is kept, and `load()` gives undefined.
 */
export function browserGuestStorage(url: string): GuestStorage {
  const key = `sangam.guest:${serverOrigin(url)}`
  return {
    load: () => parseCredentials(withLocalStorage((storage) => storage.getItem(key))),
    save: (credentials) => {
      withLocalStorage((storage) => storage.setItem(key, JSON.stringify(credentials)))
    },
    clear: () => {
      withLocalStorage((storage) => storage.removeItem(key))
    },
  }
}

function withLocalStorage<T>(use: (storage: Storage) => T): T | undefined {
  // Only a window has one that is the person's own; Node's experimental one would be shared by every test and bot.
  if (typeof window === 'undefined') return undefined
  try {
    return use(window.localStorage)
  } catch {
    return undefined
  }
}

function parseCredentials(text: string | null | undefined): GuestCredentials | undefined {
  if (!text) return undefined
  try {
    const value = JSON.parse(text) as Partial<GuestCredentials> | null
    const { token, identity, name, expiresAt } = value ?? {}
    if (typeof token !== 'string' || typeof identity !== 'string') return undefined
    if (typeof name !== 'string' || typeof expiresAt !== 'number') return undefined
    return { token, identity, name, expiresAt }
  } catch {
    return undefined
  }
}
