/**
 * 128 random bits in hexadecimal, from the platform's cryptographic source. `crypto.randomUUID` would do, but
 * browsers give it to secure origins only, and a page on the local network may not be one.
 */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
