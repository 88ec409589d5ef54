import type { Ack, Message, ReplyOf } from '@sangam/protocol'
import { PROTOCOL_VERSION } from '@sangam/protocol'
import { io, type Socket } from 'socket.io-client'
import type { History } from './history.ts'
import { between, type Random } from './random.ts'

/** What a client is made of. */
export interface ClientOptions {
  readonly url: string
  /** Who it is: also the prefix of its message ids. */
  readonly name: string
  readonly token: string
  readonly conversationId: string
  readonly history: History
  readonly random: Random
}

/** Messages under way at once. */
const windowSize = 32
const reconnectMs = 40
const connectTimeoutMs = 3000
const retryRefusedMs = 100
/** Every so many acknowledgements the message is sent once more. */
const duplicateEvery = 40
const pageSize = 200

type Outgoing = { readonly id: string; readonly previousId: string | undefined; isUnderWay: boolean }

/**
 * One person with an outbox: sends in order, sends again after every loss of the connection what was not acknowledged,
 * catches up by number, and notes in the history all that it is told.
 */
export class CheckedClient {
  readonly #options: ClientOptions
  readonly #outbox = new Map<string, Outgoing>()
  #lastId: string | undefined
  #socket: Socket | undefined
  /** Bears the connection's life: what belongs to an earlier one is ignored. */
  #life = 0
  #left = 0
  #isPaused = false
  #isClosed = false
  /** Newest message seen; all up to it were, from where this page began. Undefined: the page has read nothing yet. */
  #seen: number | undefined = 0
  /** Messages that came live before the pages were read; undefined: the pages are read. */
  #early: Message[] | undefined
  /** Number of the newest message that came live on this connection. */
  #lastLive: number | undefined
  #acknowledged = 0
  #onEmpty: (() => void) | undefined
  #retry: NodeJS.Timeout | undefined

  constructor(options: ClientOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.name
  }

  /** Whether it has sent all and all is acknowledged. */
  get isDone(): boolean {
    return this.#left === 0 && this.#outbox.size === 0
  }

  /** How many messages it would send now before any of them is acknowledged. */
  get unanswered(): number {
    return Math.min(windowSize, this.#left + this.#outbox.size)
  }

  /** Newest message that it was shown. */
  get seen(): number {
    return this.#seen ?? 0
  }

  /** Connects and sends a number of messages as fast as the window allows. */
  start(messages: number): void {
    this.#left = messages
    this.#connect()
  }

  /** Sends nothing new; resolves when all that was sent is acknowledged. */
  async pause(): Promise<void> {
    this.#isPaused = true
    if (this.#outbox.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve))
  }

  /** Goes on sending. */
  resume(): void {
    this.#isPaused = false
    this.#fill()
  }

  /** Loses the connection in the middle, without a farewell. */
  drop(): void {
    // Only what stands can fall: one that is just being made would wait for its time to run out.
    if (this.#socket?.connected === true) this.#socket.io.engine?.close()
  }

  /**
   * Has its page loaded anew in the middle: whatever it had read is gone. What it still has to send is not: that lies in
   * a store of the device, as with the SDK.
   */
  refresh(): void {
    if (this.#socket?.connected !== true) return
    this.#life += 1
    this.#seen = undefined
    this.#socket.io.engine?.close()
  }

  close(): void {
    this.#isClosed = true
    this.#socket?.disconnect()
  }

  #connect(): void {
    if (this.#isClosed) return
    this.#life += 1
    const life = this.#life
    const socket = io(this.#options.url, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      timeout: connectTimeoutMs,
      auth: {
        token: this.#options.token,
        protocolVersion: PROTOCOL_VERSION,
        client: 'checker',
        deviceId: this.#options.name,
      },
    })
    this.#socket = socket
    this.#early = []
    this.#lastLive = undefined
    for (const message of this.#outbox.values()) message.isUnderWay = false
    let isOver = false
    const again = (): void => {
      if (isOver) return
      isOver = true
      socket.disconnect()
      setTimeout(() => this.#connect(), reconnectMs + between(this.#options.random, 0, reconnectMs))
    }
    socket.once('connect_error', again)
    socket.once('disconnect', again)
    socket.on('conversation.message', ({ message }: { message: Message }) => {
      if (life === this.#life) this.#showLive(message)
    })
    socket.once('session.ready', () => {
      this.#catchUp(socket, life).catch(again)
    })
  }

  /** Opens the conversation, reads what it misses, and only then sends. */
  async #catchUp(socket: Socket, life: number): Promise<void> {
    const { conversationId } = this.#options
    const opened = await ask<ReplyOf<'conversation.open'>>(socket, 'conversation.open', {
      conversationId,
      // A page that holds nothing begins with the newest messages.
      ...(this.#seen === undefined ? {} : { after: this.#seen }),
    })
    let page: { readonly messages: readonly Message[]; readonly more: boolean } = opened
    for (;;) {
      if (life !== this.#life) return
      const isFirst = this.#seen === undefined
      this.#showPage(page.messages)
      // Of the first page `more` means earlier ones, which nobody scrolls to.
      if (isFirst || !page.more) break
      page = await ask<ReplyOf<'conversation.history'>>(socket, 'conversation.history', {
        conversationId,
        after: this.seen,
        limit: pageSize,
      })
    }
    this.#seen ??= 0
    const early = this.#early ?? []
    this.#early = undefined
    for (const message of early) this.#showLive(message)
    for (const message of this.#outbox.values()) this.#send(message)
    this.#fill()
  }

  #showPage(messages: readonly Message[]): void {
    const { history, name } = this.#options
    for (const message of messages) {
      history.showedNext(`${name} (page)`, this.#seen ?? message.number - 1, message.number)
      history.shown(message)
      this.#seen = message.number
    }
  }

  #showLive(message: Message): void {
    if (this.#early !== undefined) {
      this.#early.push(message)
      return
    }
    const { history, name } = this.#options
    // What was stored while the pages were read comes live as well: the first may lie within them, none may be skipped.
    const previous = this.#lastLive ?? Math.min(this.seen, message.number - 1)
    history.showedNext(name, previous, message.number)
    history.shown(message)
    this.#lastLive = message.number
    this.#seen = Math.max(this.seen, message.number)
  }

  #fill(): void {
    if (this.#early !== undefined || this.#socket?.connected !== true) return
    while (!this.#isPaused && this.#left > 0 && this.#outbox.size < windowSize) {
      this.#left -= 1
      const id = this.#options.history.send(this.#options.name)
      const message: Outgoing = { id, previousId: this.#lastId, isUnderWay: false }
      this.#lastId = id
      this.#outbox.set(message.id, message)
      this.#send(message)
    }
  }

  #send(message: Outgoing): void {
    if (message.isUnderWay) return
    message.isUnderWay = true
    const life = this.#life
    // What is not acknowledged yet may be refused yet: this one must not come before it then.
    const follows = this.#outbox.has(message.previousId ?? '') ? message.previousId : undefined
    const onAck = (ack: Ack<ReplyOf<'conversation.send'>>): void => {
      if (ack.ok) this.#stored(message.id, ack.value.number)
      else if (life === this.#life) this.#refused(message)
    }
    this.#emit(message.id, onAck, follows)
  }

  #emit(id: string, onAck: (ack: Ack<ReplyOf<'conversation.send'>>) => void, follows?: string): void {
    const { conversationId, history } = this.#options
    this.#socket?.emit(
      'conversation.send',
      {
        conversationId,
        clientMessageId: id,
        text: history.textOf(id),
        ...(follows === undefined ? {} : { follows }),
      },
      onAck,
    )
  }

  #stored(id: string, number: number): void {
    const { history } = this.#options
    history.acknowledged(id, number)
    this.#outbox.delete(id)
    this.#acknowledged += 1
    // A retry of what was acknowledged long ago: it must be told the same number.
    if (this.#acknowledged % duplicateEvery === 0) {
      this.#emit(id, (ack) => {
        if (ack.ok) history.acknowledged(id, ack.value.number)
      })
    }
    if (this.#outbox.size === 0) {
      this.#onEmpty?.()
      this.#onEmpty = undefined
    }
    this.#fill()
  }

  #refused(message: Outgoing): void {
    this.#options.history.refused(message.id)
    message.isUnderWay = false
    // All that waits again, in order: what came after a refused message was refused too.
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      if (this.#early !== undefined) return
      for (const waiting of this.#outbox.values()) this.#send(waiting)
    }, retryRefusedMs)
  }
}

/** Asks and gives the value; rejects on an error or when the connection ends first. */
export async function ask<Value>(socket: Socket, event: string, request: object): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Ack<Value>>()
  const onGone = (): void => reject(new Error('the connection ended'))
  socket.once('disconnect', onGone)
  socket.emit(event, request, resolve)
  const ack = await promise.finally(() => socket.off('disconnect', onGone))
  if (!ack.ok) throw new Error(`${event}: ${ack.error.code}`)
  return ack.value
}
