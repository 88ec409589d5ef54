/** The words of a query, as a person types it: what stands between spaces, at most 16 of them. */
export const wordsOf = (query: string): string[] =>
  query
    .split(/\s+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word))
    .slice(0, 16)

/**
 * The words as a query of FTS5: all of them, the last one also as a beginning. Each stands in quotes, so that nothing in
 * it is syntax (SQLite documentation, "FTS5 Strings"). Undefined without a word.
 */
export const ftsQuery = (words: readonly string[]): string | undefined => {
  if (words.length === 0) return undefined
  // A NUL would end the query's text early.
  const quoted = words.map((word) => `"${word.replaceAll('"', '""').replaceAll('\0', ' ')}"`)
  return `${quoted.join(' ')}*`
}
