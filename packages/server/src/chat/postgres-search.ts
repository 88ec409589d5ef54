import { messageColumns, messagesFrom, type Queryable, storedRows } from './postgres-message-rows.ts'
import type { SearchRequest, SearchResult } from './search-store.ts'
import { spaced } from './search-words.ts'

/**
 * Searches the words of messages: all of them, the last one also as a beginning. What a word is, PostgreSQL's own parser
 * decides; a query that holds none finds nothing.
 */
export const searchMessages = async (
  database: Queryable,
  { words, conversationIds, before, limit }: SearchRequest,
): Promise<SearchResult> => {
  // PostgreSQL's text holds no NUL.
  const clean = words.map((word) => spaced(word).replaceAll('\0', ' '))
  const rows = await storedRows(
    database,
    `WITH asked AS (
       SELECT phraseto_tsquery('simple', word) AS query, ordinality = cardinality($1::text[]) AS is_last
       FROM unnest($1::text[]) WITH ORDINALITY AS u (word, ordinality)
     ), whole AS (
       -- A lexeme in its text form takes the mark of a prefix at its end.
       SELECT string_agg('(' || query::text || CASE WHEN is_last THEN ':*' ELSE '' END || ')', ' & ')::tsquery AS query
       FROM asked WHERE numnode(query) > 0
     )
     SELECT ${messageColumns} FROM messages m, whole
     WHERE to_tsvector('simple', sangam_spaced(m.text)) @@ whole.query AND m.conversation_id = ANY($2) AND m.number < $3
     ORDER BY m.sent_at_ms DESC, m.number DESC LIMIT $4`,
    [clean, conversationIds, before ?? Number.MAX_SAFE_INTEGER, limit + 1],
  )
  return { messages: await messagesFrom(database, rows.slice(0, limit)), more: rows.length > limit }
}
