import { StoreError } from './store.ts'

/** What became of one job of a batch. */
export type JobOutcome<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly error: StoreError }

/** What a {@link BatchQueue} needs. */
export type BatchQueueOptions<Job, Result> = {
  /** Does all jobs of a batch; gives their outcomes in the order of the jobs once they stand. A rejection fails all. */
  readonly run: (jobs: readonly Job[]) => Promise<readonly JobOutcome<Result>[]>
  /** Most jobs in one batch: bounds how long a commit may hold others up. */
  readonly batchSize: number
  /** Most jobs that may wait; beyond it the queue says so instead of growing without end. */
  readonly queueSize: number
}

type Pending<Job, Result> = {
  readonly job: Job
  readonly resolve: (value: Result) => void
  readonly reject: (error: StoreError) => void
}

/** Group commit without a timer: one batch is under way, what comes meanwhile makes the next one. */
export class BatchQueue<Job, Result> {
  readonly #options: BatchQueueOptions<Job, Result>
  #waiting: Pending<Job, Result>[] = []
  #isRunning = false
  #closing: PromiseWithResolvers<void> | undefined

  constructor(options: BatchQueueOptions<Job, Result>) {
    this.#options = options
  }

  /**
   * Queues a job; resolves with its result.
   * @throws StoreError when the queue is full or closes, or with what the batch failed with
   */
  add(job: Job): Promise<Result> {
    if (this.#closing !== undefined) return Promise.reject(new StoreError('the database is closing'))
    if (this.#waiting.length >= this.#options.queueSize) {
      return Promise.reject(new StoreError('too much waits for the database'))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject })
      void this.#dispatch()
    })
  }

  /** Does what waits; resolves when nothing is left. Later calls of `add` reject. */
  close(): Promise<void> {
    this.#closing ??= Promise.withResolvers()
    if (!this.#isRunning && this.#waiting.length === 0) this.#closing.resolve()
    return this.#closing.promise
  }

  async #dispatch(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    // Whoever asks in the same turn shares the first batch too.
    await Promise.resolve()
    while (this.#waiting.length > 0) await this.#runBatch(this.#waiting.splice(0, this.#options.batchSize))
    this.#isRunning = false
    this.#closing?.resolve()
  }

  async #runBatch(batch: readonly Pending<Job, Result>[]): Promise<void> {
    try {
      const outcomes = await this.#options.run(batch.map(({ job }) => job))
      for (const [index, pending] of batch.entries()) {
        const outcome = outcomes[index]
        if (outcome?.ok === true) pending.resolve(outcome.value)
        else pending.reject(outcome?.error ?? new StoreError('the database gave no answer'))
      }
    } catch (cause) {
      const error = cause instanceof StoreError ? cause : new StoreError(String(cause))
      for (const pending of batch) pending.reject(error)
    }
  }
}
