import type {
  ApplicationEventName,
  ApplicationEvents,
  ChannelError,
  RequestMethod,
  Requests,
  ToApplication,
  ToWorker,
  WorkerEventName,
  WorkerEvents,
} from './messages.ts'

/** One event from the worker, its name and data together. */
export type WorkerEvent = {
  [Name in WorkerEventName]: { readonly event: Name; readonly data: WorkerEvents[Name] }
}[WorkerEventName]

/** What a channel needs from the outside; the process, or a fake of it. */
export interface ChannelOptions {
  /** Hands a frame to the worker. May throw when the pipe is gone. */
  readonly send: (frame: ToWorker) => void
  /** Builds the error that a refused request rejects with. */
  readonly toError: (error: ChannelError, method: RequestMethod) => Error
  /** Called with events that no mailbox waits for. */
  readonly onUnclaimedEvent: (event: WorkerEvent, target: string) => void
}

/** Where the events about one entity arrive. */
export interface Mailbox {
  /**
   * Delivers what arrived since the mailbox was opened, in the next turn of the event loop, and from then on as it comes:
   * the code that awaits the entity's creation can attach its listeners first.
   */
  deliverTo(receiver: (event: WorkerEvent) => void): void
  /** Drops what waits and what still comes. Idempotent. */
  close(): void
}

interface PendingRequest {
  readonly method: RequestMethod
  readonly resolve: (data: unknown) => void
  readonly reject: (error: Error) => void
}

/**
 * The application's end of the channel to one worker: pairs answers with requests, and sorts events by entity.
 * It owns no process: `handleFrame()` and `close()` are called by who does.
 */
export class ParentChannel {
  readonly #options: ChannelOptions
  readonly #pending = new Map<number, PendingRequest>()
  readonly #mailboxes = new Map<string, EntityMailbox>()
  #nextId = 1
  #closedBy: Error | undefined

  constructor(options: ChannelOptions) {
    this.#options = options
  }

  /**
   * Sends a request.
   * @returns the worker's answer
   * @throws what `toError` makes of the worker's refusal; the reason given to `close()` once closed
   */
  request<Method extends RequestMethod>(
    method: Method,
    data: Requests[Method]['request'],
  ): Promise<Requests[Method]['response']> {
    if (this.#closedBy) return Promise.reject(this.#closedBy)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { method, resolve: resolve as (data: unknown) => void, reject })
      try {
        this.#options.send({ id, method, data })
      } catch (error) {
        this.#pending.delete(id)
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    })
  }

  /** Sends an event, which nobody answers. Dropped once the channel is closed. */
  notify<Name extends ApplicationEventName>(
    event: Name,
    target: string,
    data: ApplicationEvents[Name],
  ): void {
    if (this.#closedBy) return
    this.#options.send({ event, target, data })
  }

  /** Opens the mailbox of an entity: before the request that creates it, so that no event is missed. */
  openMailbox(target: string): Mailbox {
    const mailbox = new EntityMailbox(() => {
      if (this.#mailboxes.get(target) === mailbox) this.#mailboxes.delete(target)
    })
    this.#mailboxes.set(target, mailbox)
    return mailbox
  }

  /** Whether an entity of the worker has this id, or is being created with it. */
  hasMailbox(target: string): boolean {
    return this.#mailboxes.has(target)
  }

  /** Takes a frame from the worker. */
  handleFrame(frame: ToApplication): void {
    if (this.#closedBy) return
    if ('event' in frame) {
      // The two are paired by the protocol; a frame's type can't say so.
      const event = { event: frame.event, data: frame.data } as WorkerEvent
      const mailbox = this.#mailboxes.get(frame.target)
      if (mailbox) mailbox.push(event)
      else this.#options.onUnclaimedEvent(event, frame.target)
      return
    }
    const pending = this.#pending.get(frame.id)
    if (!pending) return
    this.#pending.delete(frame.id)
    if (frame.ok) pending.resolve(frame.data)
    else pending.reject(this.#options.toError(frame.error, pending.method))
  }

  /** Ends the channel: what is pending, and whatever is asked later, rejects with `reason`. Idempotent. */
  close(reason: Error): void {
    if (this.#closedBy) return
    this.#closedBy = reason
    for (const mailbox of [...this.#mailboxes.values()]) mailbox.close()
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const { reject } of pending) reject(reason)
  }
}

class EntityMailbox implements Mailbox {
  readonly #onClose: () => void
  #waiting: WorkerEvent[] | undefined = []
  #receiver: ((event: WorkerEvent) => void) | undefined
  #closed = false

  constructor(onClose: () => void) {
    this.#onClose = onClose
  }

  push(event: WorkerEvent): void {
    if (this.#waiting) this.#waiting.push(event)
    else this.#receiver?.(event)
  }

  deliverTo(receiver: (event: WorkerEvent) => void): void {
    this.#receiver = receiver
    setImmediate(() => this.#flush())
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#receiver = undefined
    this.#waiting = undefined
    this.#onClose()
  }

  #flush(): void {
    // A receiver may close the mailbox while it is being flushed.
    for (let next = this.#waiting?.shift(); next; next = this.#waiting?.shift()) this.#receiver?.(next)
    this.#waiting = undefined
  }
}
