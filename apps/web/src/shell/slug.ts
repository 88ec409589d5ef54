const LONGEST = 48

/**
 * The id that a name gives a room or a conversation: the same name leads everybody to the same place.
 * Ids hold only letters, digits and a few signs; a name in another script becomes a short hash (FNV-1a, 32 bit).
 */
export function slugOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
  const slug = plain
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST)
    .replace(/^-+|-+$/g, '')
  const lost = /[^\p{ASCII}]/u.test(plain)
  if (!lost) return slug === '' ? hashOf(plain) : slug
  return slug === '' ? hashOf(plain) : `${slug}-${hashOf(plain)}`
}

function hashOf(text: string): string {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return `x${hash.toString(36)}`
}
