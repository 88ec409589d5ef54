import type { RequestMethod, Requests } from '../channel/messages.ts'
import type { Mailbox, ParentChannel, WorkerEvent } from '../channel/parent-channel.ts'
import { WorkerClosedError } from './error-classes.ts'
import { errors } from './errors.ts'
import { Logger } from './logger.ts'

const logger = new Logger('Channel')

/**
 * What an object of the API has to do with its counterpart in the worker: requests while both are open, events, and one end.
 * The rules are those of docs/closures.md.
 */
export class EntityScope {
  readonly #what: string
  readonly #channel: ParentChannel
  readonly #mailbox: Mailbox | undefined
  #closed = false

  /** @param what names the object in errors, such as `producer 7a…` */
  constructor(what: string, channel: ParentChannel, mailbox?: Mailbox) {
    this.#what = what
    this.#channel = channel
    this.#mailbox = mailbox
  }

  get closed(): boolean {
    return this.#closed
  }

  /** @throws InvalidStateError when closed */
  assertOpen(): void {
    if (this.#closed) throw errors.closed(this.#what)
  }

  /** Receives the worker's events about this object until it ends. */
  receive(receiver: (event: WorkerEvent) => void): void {
    this.#mailbox?.deliverTo(receiver)
  }

  /**
   * @returns the worker's answer
   * @throws InvalidStateError when closed, or closed before the answer came; WorkerClosedError; what the worker refuses with
   */
  async request<Method extends RequestMethod>(
    method: Method,
    data: Requests[Method]['request'],
  ): Promise<Requests[Method]['response']> {
    this.assertOpen()
    try {
      const response = await this.#channel.request(method, data)
      this.#assertStillOpen(method)
      return response
    } catch (error) {
      if (!(error instanceof WorkerClosedError)) this.#assertStillOpen(method)
      throw error
    }
  }

  /** Ends the scope. @returns false if it had ended before: then there is nothing left to do */
  end(): boolean {
    if (this.#closed) return false
    this.#closed = true
    this.#mailbox?.close()
    return true
  }

  /** Tells the worker to close the counterpart, and waits for nothing. */
  tell<Method extends RequestMethod>(method: Method, data: Requests[Method]['request']): void {
    this.#channel.request(method, data).catch((error: Error) => {
      if (!(error instanceof WorkerClosedError))
        logger.warn(`${method} of ${this.#what} failed: ${error.message}`)
    })
  }

  #assertStillOpen(method: string): void {
    if (this.#closed) throw errors.closedMeanwhile(this.#what, method)
  }
}
