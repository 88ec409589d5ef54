import { createHmac, timingSafeEqual } from 'node:crypto'

/** What of a file is served. */
export type FileVariant = 'content' | 'thumbnail'

/** Makes and checks addresses of files that hold for a time: HMAC-SHA-256 over file, variant and end. */
export type SignedUrls = {
  readonly make: (fileId: string, variant: FileVariant, expiresAtMs: number) => string
  readonly check: (
    fileId: string,
    variant: FileVariant,
    query: { readonly until: string | undefined; readonly signature: string | undefined },
    nowMs: number,
  ) => boolean
}

/** Creates it over the server's secret. */
export const createSignedUrls = (secret: Uint8Array): SignedUrls => {
  const sign = (fileId: string, variant: FileVariant, until: string): Buffer =>
    createHmac('sha256', secret).update(`sangam file url\n${fileId}\n${variant}\n${until}`).digest()
  return {
    make: (fileId, variant, expiresAtMs) => {
      const until = String(Math.floor(expiresAtMs))
      const signature = sign(fileId, variant, until).toString('base64url')
      return `/api/v1/files/${fileId}/${variant}?until=${until}&signature=${signature}`
    },
    check: (fileId, variant, { until, signature }, nowMs) => {
      if (until === undefined || signature === undefined || !/^\d{1,16}$/.test(until)) return false
      const given = Buffer.from(signature, 'base64url')
      const right = sign(fileId, variant, until)
      return given.length === right.length && timingSafeEqual(given, right) && Number(until) > nowMs
    },
  }
}
