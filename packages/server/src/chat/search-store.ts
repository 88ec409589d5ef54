import type { Message } from '@sangam/protocol'

/** A search in some conversations. Whether the person may read them was decided before. */
export type SearchRequest = {
  /** Words, all of which a message must hold; the last one may be the beginning of one. */
  readonly words: readonly string[]
  readonly conversationIds: readonly string[]
  /** Only messages before this number. */
  readonly before?: number | undefined
  readonly limit: number
}

/** What was found, the newest first. */
export type SearchResult = { readonly messages: readonly Message[]; readonly more: boolean }

/** Full-text search over what messages say now: deleted ones are not found, of edited ones the newest text is. */
export type SearchStore = {
  readonly search: (request: SearchRequest) => Promise<SearchResult>
}
