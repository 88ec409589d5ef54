import type { ReplyOf } from '@sangam/protocol'
import type { CacheStore, ConversationSummary } from '../api.ts'

/** A conversation as an opening would tell it. */
export type CachedConversation = Pick<
  ReplyOf<'conversation.open'>,
  'conversation' | 'messages' | 'revision' | 'more'
>

/** So many changes in a row are written as one. */
const GATHER_MS = 500

/** Written with each entry; what an older version of this program wrote is not read. */
const FORMAT = 1

/** What this device keeps of one person's chat, so that it is there before the server answers, and without it. */
export class ChatCache {
  readonly #store: CacheStore
  readonly #identity: string
  readonly #waiting = new Map<string, () => unknown>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(store: CacheStore, identity: string) {
    this.#store = store
    this.#identity = identity
  }

  list(): Promise<readonly ConversationSummary[] | undefined> {
    return this.#get('list')
  }

  saveList(list: () => readonly ConversationSummary[]): void {
    this.#put('list', list)
  }

  /** By id, or by the other person of a direct one. */
  async conversation(target: string | { readonly with: string }): Promise<CachedConversation | undefined> {
    const id = typeof target === 'string' ? target : await this.#get<string>(`with ${target.with}`)
    return id === undefined ? undefined : this.#get(`conversation ${id}`)
  }

  saveConversation(conversationId: string, conversation: () => CachedConversation): void {
    this.#put(`conversation ${conversationId}`, conversation)
  }

  /** The direct conversation with somebody is this one. */
  saveDirect(identity: string, conversationId: string): void {
    this.#put(`with ${identity}`, () => conversationId)
  }

  /** It is not this person's any more. */
  forget(conversationId: string): void {
    this.#put(`conversation ${conversationId}`, () => undefined)
  }

  /** Writes what waits, or removes all of this person. */
  async close(options: { readonly forget: boolean }): Promise<void> {
    clearTimeout(this.#timer)
    if (options.forget) this.#waiting.clear()
    await this.#write()
    if (options.forget) await this.#store.removeAll(this.#keyOf('')).catch(() => {})
    await this.#store.close()
  }

  #keyOf(name: string): string {
    return `${this.#identity}\n${name}`
  }

  async #get<Value>(name: string): Promise<Value | undefined> {
    // A cache that can't be read is as good as an empty one.
    const entry = await this.#store.get(this.#keyOf(name)).catch(() => undefined)
    const { format, value } = (entry ?? {}) as { format?: unknown; value?: unknown }
    return format === FORMAT ? (value as Value) : undefined
  }

  #put(name: string, value: () => unknown): void {
    this.#waiting.set(name, value)
    this.#timer ??= setTimeout(() => void this.#write(), GATHER_MS)
  }

  async #write(): Promise<void> {
    this.#timer = undefined
    const entries = [...this.#waiting]
    this.#waiting.clear()
    for (const [name, value] of entries) {
      const kept = value()
      const key = this.#keyOf(name)
      const written =
        kept === undefined ? this.#store.remove(key) : this.#store.set(key, { format: FORMAT, value: kept })
      // A full disk costs the cache, not the chat.
      await written.catch(() => {})
    }
  }
}
