import { randomBytes } from 'node:crypto'
import { limits, type ParsedRequestOf, type ReplyOf, type RoomSender } from '@sangam/protocol'
import type { Logger } from '../observability/log.ts'
import type { Session } from '../ports.ts'
import { RequestError, requestErrors } from '../request-errors.ts'
import type { LiveRooms } from './live-rooms.ts'
import type { Member, Room } from './room.ts'
import type { RoomAccess } from './room-access.ts'
import type { RoomNotices } from './room-notices.ts'

type Empty = Record<never, never>

/** Who calls a method, as the application's handler sees them. */
export type RoomCaller = {
  readonly roomId: string
  readonly participantId: string
  readonly identity: string
  readonly name: string
}

/** A message of a participant to the application. `payload` is the value that the JSON text says. */
export type RoomMessage = { readonly from: RoomCaller; readonly topic: string; readonly payload: unknown }

/** Handles a method of the application. What it returns must be JSON; what it throws is told as `methodFailed`. */
export type RoomMethod = (payload: unknown, caller: RoomCaller) => unknown

/** What {@link RoomMessaging} needs. */
export type RoomMessagingOptions = {
  readonly live: LiveRooms
  readonly access: RoomAccess
  readonly notices: RoomNotices
  readonly log: Logger
  /** Name that people see of the application. */
  readonly serverName: string
}

type Pending = {
  readonly participantId: string
  readonly resolve: (payload: string) => void
  readonly reject: (error: Error) => void
}

/** Most invocations that one participant may be asked at a time. */
const mostPending = 100

/** What participants and the application say to each other in rooms: reactions, messages, methods. Nothing is stored. */
export class RoomMessaging {
  readonly #options: RoomMessagingOptions
  readonly #pending = new Map<string, Pending>()
  readonly #methods = new Map<string, RoomMethod>()
  readonly #listeners = new Set<(message: RoomMessage) => void>()

  constructor(options: RoomMessagingOptions) {
    this.#options = options
  }

  /** `room.react` */
  react(session: Session, { roomId, reaction }: ParsedRequestOf<'room.react'>): Empty {
    const { access, notices } = this.#options
    const { room, member } = access.seatFor(session, roomId, 'react')
    notices.tell(room, 'room.reacted', { roomId, participantId: member.participantId, reaction })
    return {}
  }

  /** `room.sendMessage` */
  sendMessage(
    session: Session,
    { roomId, topic, payload, to }: ParsedRequestOf<'room.sendMessage'>,
  ): ReplyOf<'room.sendMessage'> {
    const { room, member } = this.#options.access.seatFor(session, roomId, 'publishData')
    const others = room.members.filter((other) => other !== member)
    const reached = this.#deliver(room, senderOf(member), { topic, payload }, receiversIn(others, to))
    if (to?.includes('server') !== true) return { reached }
    this.#tellApplication({ from: callerOf(room, member), topic, payload: parsed(payload) })
    return { reached: reached + 1 }
  }

  /** `room.invoke` */
  async invoke(session: Session, request: ParsedRequestOf<'room.invoke'>): Promise<ReplyOf<'room.invoke'>> {
    const { roomId, to, method, payload, timeoutMs } = request
    const { room, member } = this.#options.access.seatFor(session, roomId, 'publishData')
    if (to === 'server') return { payload: await this.#runMethod(method, payload, callerOf(room, member)) }
    const target = room.member(to)
    if (target === undefined) throw requestErrors.notAllowed('targetNotFound')
    return { payload: await this.#ask(room, target, senderOf(member), { method, payload, timeoutMs }) }
  }

  /** `room.answerInvoke` */
  answerInvoke(
    session: Session,
    { roomId, rpcId, payload, error }: ParsedRequestOf<'room.answerInvoke'>,
  ): Empty {
    const { member } = this.#options.live.seat(session, roomId)
    const pending = this.#pending.get(rpcId)
    // An id of somebody else's invocation is answered like one that never was.
    if (pending?.participantId !== member.participantId) throw requestErrors.notFound('invocation')
    if (error !== undefined) pending.reject(requestErrors.methodFailed(error))
    else pending.resolve(payload ?? 'null')
    return {}
  }

  /** Sends a message of the application. Gives how many it was sent to. */
  sendAsApplication(room: Room, topic: string, payload: unknown, to?: readonly string[]): number {
    const { serverName: name } = this.#options
    const text = jsonText(payload)
    return this.#deliver(room, { name }, { topic, payload: text }, receiversIn(room.members, to))
  }

  /** Calls a method of a participant for the application. @throws RequestError */
  async invokeAsApplication(
    room: Room,
    target: Member,
    call: { readonly method: string; readonly payload: unknown; readonly timeoutMs: number },
  ): Promise<unknown> {
    const { serverName: name } = this.#options
    const payload = jsonText(call.payload)
    return parsed(await this.#ask(room, target, { name }, { ...call, payload }))
  }

  /** Handles a method that participants call at the server. Gives its removal. @throws Error when it has a handler */
  handle(method: string, run: RoomMethod): () => void {
    if (this.#methods.has(method)) throw new Error(`The method ${method} has a handler already.`)
    this.#methods.set(method, run)
    return () => {
      if (this.#methods.get(method) === run) this.#methods.delete(method)
    }
  }

  /** Listens to messages that participants send to the server. Gives the removal. */
  onMessage(listener: (message: RoomMessage) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Fails what is still waited for. */
  close(): void {
    for (const { reject } of this.#pending.values()) reject(requestErrors.unavailable('The server'))
    this.#pending.clear()
  }

  #deliver(
    room: Room,
    from: RoomSender,
    message: { topic: string; payload: string },
    receivers: readonly Member[],
  ): number {
    const { roomId } = room
    const connected = receivers.filter(({ connectionId }) => connectionId !== undefined)
    for (const { participantId } of connected) {
      this.#options.notices.tellOne(room, participantId, 'room.message', { roomId, from, ...message })
    }
    return connected.length
  }

  async #runMethod(method: string, payload: string, caller: RoomCaller): Promise<string> {
    const run = this.#methods.get(method)
    if (run === undefined) throw requestErrors.notFound('method')
    try {
      return jsonText(await run(parsed(payload), caller))
    } catch (error) {
      if (error instanceof RequestError) throw error
      this.#options.log.warn({ err: error, method }, 'a method of the application failed')
      throw requestErrors.methodFailed(
        error instanceof Error ? error.message.slice(0, 512) : 'The method failed.',
      )
    }
  }

  #tellApplication(message: RoomMessage): void {
    for (const listener of this.#listeners) {
      try {
        listener(message)
      } catch (error) {
        this.#options.log.error({ err: error, topic: message.topic }, 'a listener of the application failed')
      }
    }
  }

  async #ask(
    room: Room,
    target: Member,
    from: RoomSender,
    { method, payload, timeoutMs }: { method: string; payload: string; timeoutMs: number },
  ): Promise<string> {
    const { participantId, connectionId } = target
    const asked = [...this.#pending.values()].filter((pending) => pending.participantId === participantId)
    if (connectionId === undefined || asked.length >= mostPending) {
      throw requestErrors.unavailable('The participant')
    }
    const rpcId = randomBytes(12).toString('base64url')
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    this.#pending.set(rpcId, { participantId, resolve, reject })
    const timer = setTimeout(() => reject(requestErrors.unavailable('The participant')), timeoutMs)
    const { roomId } = room
    this.#options.notices.tellOne(room, participantId, 'room.invoked', {
      roomId,
      rpcId,
      from,
      method,
      payload,
    })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#pending.delete(rpcId)
    }
  }
}

const senderOf = ({ participantId, identity, name }: Member): RoomSender => ({
  participantId,
  identity,
  name,
})

const callerOf = ({ roomId }: Room, { participantId, identity, name }: Member): RoomCaller => ({
  roomId,
  participantId,
  identity,
  name,
})

const receiversIn = (members: readonly Member[], to: readonly string[] | undefined): readonly Member[] =>
  to === undefined ? members : members.filter(({ participantId }) => to.includes(participantId))

/** The value of a JSON text that came over the wire; the text itself when it is none. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A value as JSON text, as long as the wire takes. @throws TypeError */
const jsonText = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'null'
  if (text.length > limits.roomPayloadLength) {
    throw new TypeError(`A payload holds at most ${limits.roomPayloadLength} characters of JSON.`)
  }
  return text
}
