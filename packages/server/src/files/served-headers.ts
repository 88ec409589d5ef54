/** Types that a browser may show in place: none of them can run anything. */
const inert: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'audio/mpeg',
  'audio/mp4',
  'audio/ogg',
  'audio/webm',
  'audio/wav',
  'audio/aac',
  'audio/flac',
  'video/mp4',
  'video/webm',
  'video/ogg',
])

/** A file name as a header holds it: a plain ASCII form, and the exact one in UTF-8 (RFC 6266 section 4.3, RFC 8187). */
const fileNames = (name: string): string => {
  const ascii = name.replace(/[^\x20-\x7e]/g, '_').replace(/["\\]/g, '_')
  const exact = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `filename="${ascii}"; filename*=UTF-8''${exact}`
}

/** Whether a type is shown in place rather than downloaded. */
export const isInert = (type: string): boolean => inert.has(type)

/**
 * Headers under which a file of unknown origin is served: shown in place only when its type can't run anything, never
 * taken for another type, and without an origin, scripts or forms if a page is made of it all the same.
 */
export const servedHeaders = (file: {
  readonly name: string
  readonly type: string
}): Readonly<Record<string, string>> => ({
  'content-type': isInert(file.type) ? file.type : 'application/octet-stream',
  'content-disposition': `${isInert(file.type) ? 'inline' : 'attachment'}; ${fileNames(file.name)}`,
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'private, max-age=3600, immutable',
  'accept-ranges': 'bytes',
})

/**
 * One range of bytes that a request asks for (RFC 9110 section 14.2).
 * @returns undefined: the whole; `unsatisfiable`: nothing of it exists
 */
export const rangeOf = (
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | 'unsatisfiable' | undefined => {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  const [, first = '', last = ''] = match ?? []
  if (match === null || (first === '' && last === '')) return undefined
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(size - 1, Number(last))
  return start > end || start >= size ? 'unsatisfiable' : { start, end }
}
