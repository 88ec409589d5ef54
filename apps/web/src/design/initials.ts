/** Up to two initials of a name, by the reader's idea of a letter (grapheme clusters), in upper case. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u)
  const first = firstGrapheme(words[0] ?? '')
  const last = words.length > 1 ? firstGrapheme(words[words.length - 1] ?? '') : ''
  return (first + last).toLocaleUpperCase() || '?'
}

/** A hue 0..359 that stays the same for an identity (FNV-1a, 32 bit). */
export function hueOf(identity: string): number {
  let hash = 0x811c9dc5
  for (const character of identity) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
  }
  return hash % 360
}

function firstGrapheme(word: string): string {
  const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(word)
  for (const { segment } of segments) return segment
  return ''
}
