/** What {@link IdleIndexer} needs. */
export type IdleIndexerOptions = {
  /** Takes some messages of these conversations into the search index; gives whether more are left. */
  readonly index: (conversationIds: readonly string[]) => Promise<boolean>
  /** Nothing is indexed before nothing was stored for so long. */
  readonly quietMs: number
}

/** Most conversations that wait; those beyond are indexed when somebody searches them. */
const mostWaiting = 1000

/**
 * Takes new messages into the search index when the store is quiet, so that the first search finds little left to do.
 * While messages come it does nothing: acknowledgements never wait for it.
 */
export class IdleIndexer {
  readonly #options: IdleIndexerOptions
  readonly #waiting = new Set<string>()
  #hasNews = false
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: IdleIndexerOptions) {
    this.#options = options
  }

  /** A conversation gets a message. */
  noteNews(conversationId: string): void {
    this.#hasNews = true
    if (this.#waiting.size < mostWaiting) this.#waiting.add(conversationId)
    this.#arm()
  }

  /** Indexes no more. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  #arm(): void {
    if (this.#isClosed || this.#timer !== undefined) return
    this.#timer = setTimeout(() => void this.#tick(), this.#options.quietMs)
    this.#timer.unref()
  }

  async #tick(): Promise<void> {
    this.#timer = undefined
    const isBusy = this.#hasNews
    this.#hasNews = false
    if (!isBusy) await this.#indexSome()
    if (this.#waiting.size > 0) this.#arm()
  }

  async #indexSome(): Promise<void> {
    const ids = [...this.#waiting]
    this.#waiting.clear()
    try {
      let more = true
      while (more && !this.#hasNews && !this.#isClosed) more = await this.#options.index(ids)
      if (more) for (const id of ids) this.#waiting.add(id)
    } catch {
      // What is left is indexed by the next search, which says what is wrong.
    }
  }
}
