/** The words of a query, as a person types it: what stands between spaces, at most 16 of them. */
export const wordsOf = (query: string): string[] =>
  query
    .split(/\s+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word))
    .slice(0, 16)

/**
 * Scripts that write no spaces between words: Thai, Lao, Myanmar, Khmer, Han, Kana (blocks of Unicode 16). PostgreSQL's
 * migration 3 holds the same list.
 */
const unspacedScripts =
  /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\u{20000}-\u{3ffff}]/gu

/**
 * A text with each character of those scripts apart, so that any run of them can be found as a phrase: where its words
 * begin and end, no index has to know.
 */
export const spaced = (text: string): string => text.replace(unspacedScripts, ' $& ')

/**
 * The words as a query of FTS5: all of them, the last one also as a beginning. Each stands in quotes, so that nothing in
 * it is syntax (SQLite documentation, "FTS5 Strings"). Undefined without a word.
 */
export const ftsQuery = (words: readonly string[]): string | undefined => {
  if (words.length === 0) return undefined
  // A NUL would end the query's text early.
  const quoted = words.map((word) => `"${spaced(word).replaceAll('"', '""').replaceAll('\0', ' ')}"`)
  return `${quoted.join(' ')}*`
}
