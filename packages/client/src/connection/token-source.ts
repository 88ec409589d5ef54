import type { GuestCredentials, GuestOptions } from '../api.ts'
import { isSangamError } from '../errors.ts'
import { browserGuestStorage } from './guest-storage.ts'
import { createGuest, renewGuest } from './http-api.ts'

/** Where the connection gets its tokens from. */
export interface TokenSource {
  /** A token that is believed valid: the last one, or a new one. */
  current(): Promise<string>
  /** A newer token than the last one. */
  renew(): Promise<string>
  /** The last token is refused or about to expire: the next `current()` renews. */
  invalidate(): void
  /** Forgets what is kept on this device. */
  forget(): void
  /** What the server said about the last token; milliseconds on this device's clock. */
  noteExpiry(expiresAtMs: number): void
}

/** A token is renewed this long before it expires, so that it doesn't expire on the way. */
const EXPIRY_MARGIN_MS = 10_000

/** Caches what a function gives until it is invalid. */
class CachedTokens implements TokenSource {
  #token: string | undefined
  #expiresAtMs = Number.POSITIVE_INFINITY
  readonly #fetch: (previous: string | undefined) => Promise<string>
  readonly #now: () => number
  readonly forget: () => void
  #renewal: Promise<string> | undefined

  constructor(
    fetch: (previous: string | undefined) => Promise<string>,
    now: () => number,
    forget: () => void = () => {},
  ) {
    this.#fetch = fetch
    this.#now = now
    this.forget = forget
  }

  async current(): Promise<string> {
    if (this.#token !== undefined && this.#now() < this.#expiresAtMs - EXPIRY_MARGIN_MS) return this.#token
    return this.renew()
  }

  renew(): Promise<string> {
    // One renewal at a time: the timer, the server's notice and a reconnect may ask together.
    this.#renewal ??= this.#fetch(this.#token).then(
      (token) => {
        this.#token = token
        this.#expiresAtMs = Number.POSITIVE_INFINITY
        this.#renewal = undefined
        return token
      },
      (error: unknown) => {
        this.#renewal = undefined
        throw error
      },
    )
    return this.#renewal
  }

  invalidate(): void {
    this.#expiresAtMs = 0
  }

  noteExpiry(expiresAtMs: number): void {
    this.#expiresAtMs = expiresAtMs
  }
}

/** Tokens from the application's own backend. */
export function applicationTokens(
  fetchToken: () => Promise<string>,
  now: () => number = Date.now,
): TokenSource {
  return new CachedTokens(() => fetchToken(), now)
}

/**
 * A guest's tokens: the stored credentials if they are of this name, renewed as they age, else new ones.
 * Once a guest has an identity it is kept: a refused renewal then is an error, never silently another person.
 */
export function guestTokens(origin: string, guest: GuestOptions, now: () => number = Date.now): TokenSource {
  const storage = guest.storage === undefined ? browserGuestStorage(origin) : guest.storage
  const keep = (credentials: GuestCredentials): string => {
    storage?.save(credentials)
    return credentials.token
  }
  const fetchToken = async (previous: string | undefined): Promise<string> => {
    if (previous !== undefined) return keep(await renewGuest(origin, previous))
    const stored = storage?.load()
    if (stored === undefined || stored.name !== guest.name) return keep(await createGuest(origin, guest.name))
    if (stored.expiresAt - now() > EXPIRY_MARGIN_MS) return stored.token
    try {
      return keep(await renewGuest(origin, stored.token))
    } catch (error) {
      if (!isSangamError(error, 'unauthenticated', 'tokenExpired')) throw error
      storage?.clear()
      return keep(await createGuest(origin, guest.name))
    }
  }
  return new CachedTokens(fetchToken, now, () => storage?.clear())
}
