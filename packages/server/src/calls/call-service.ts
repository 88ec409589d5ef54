import { randomBytes } from 'node:crypto'
import type { CallEndReason, IceServer, ParsedRequestOf, PayloadOf, ReplyOf } from '@sangam/protocol'
import type { EndedCall } from '../chat/call-lines.ts'
import type { Logger } from '../observability/log.ts'
import type { Clock, DeviceRef, Notifier, Session } from '../ports.ts'
import { type RequestError, requestErrors } from '../request-errors.ts'
import {
  type Audience,
  type Call,
  CallBook,
  type CallEffect,
  type CallOutcome,
  type CallRefusal,
} from './call.ts'

/** What {@link CallService} needs. */
export type CallOptions = {
  readonly notifier: Notifier
  readonly now: Clock
  readonly ringMs: number
  readonly graceMs: number
  readonly iceServers: readonly IceServer[]
  readonly log: Logger
  /** The name of a person who is known. */
  readonly nameOf: (identity: string) => Promise<string | undefined>
  /** A call is over, or never rang because the callee was busy or away. */
  readonly onOver: (call: EndedCall) => void
  /** Whether a person without a connection may be told of a call, and come. */
  readonly reachesByPush: (identity: string) => boolean
  /** It rings somebody who has no connection. */
  readonly onRingingAway: (call: {
    readonly callId: string
    readonly to: string
    readonly from: string
    readonly video: boolean
  }) => void
  /** Somebody is in a call from now on, or no longer. */
  readonly onEngaged: (identity: string, engaged: boolean) => void
}

/** The shell of the calls: gives the book its clock and tells devices what it decided. */
export class CallService {
  readonly #options: CallOptions
  readonly #book: CallBook
  #timer: NodeJS.Timeout | undefined

  constructor(options: CallOptions) {
    this.#options = options
    this.#book = new CallBook({ ringMs: options.ringMs, graceMs: options.graceMs })
  }

  /** How many calls ring or run. */
  get size(): number {
    return this.#book.size
  }

  /** `call.start` */
  async start(
    session: Session,
    { to, media }: ParsedRequestOf<'call.start'>,
  ): Promise<ReplyOf<'call.start'>> {
    const name = await this.#options.nameOf(to)
    if (name === undefined) throw requestErrors.notFound('person')
    const callId = randomBytes(12).toString('hex')
    const caller = { identity: session.identity, name: session.name, deviceId: session.deviceId }
    const callee = { identity: to, name }
    const outcome = this.#book.start(
      {
        callId,
        caller,
        callee,
        reachable: this.#options.notifier.isConnected(to) || this.#options.reachesByPush(to),
        media,
      },
      this.#options.now(),
    )
    if (!outcome.ok) this.#noteUnreached({ callId, caller, callee, video: media.video }, outcome.refusal)
    const call = this.#settle(outcome)
    this.#options.log.info({ callId: call.callId, caller: session.identity, callee: to }, 'call rings')
    if (!this.#options.notifier.isConnected(to)) {
      this.#options.onRingingAway({ callId, to, from: session.name, video: media.video })
    }
    return { callId: call.callId, iceServers: this.#iceServers(), expiresAt: call.expiresAtMs }
  }

  /** `call.accept` */
  accept(session: Session, { callId }: ParsedRequestOf<'call.accept'>): ReplyOf<'call.accept'> {
    this.#settle(this.#book.accept(callId, session, this.#options.now()))
    this.#options.log.info({ callId }, 'call accepted')
    return { iceServers: this.#iceServers() }
  }

  /** `call.reject` */
  reject(session: Session, { callId, reason }: ParsedRequestOf<'call.reject'>): ReplyOf<'call.reject'> {
    this.#settle(this.#book.reject(callId, session, reason ?? 'declined'))
    return {}
  }

  /** `call.cancel` */
  cancel(session: Session, { callId }: ParsedRequestOf<'call.cancel'>): ReplyOf<'call.cancel'> {
    this.#settle(this.#book.cancel(callId, session))
    return {}
  }

  /** `call.hangup` */
  hangup(session: Session, { callId }: ParsedRequestOf<'call.hangup'>): ReplyOf<'call.hangup'> {
    this.#settle(this.#book.hangup(callId, session))
    return {}
  }

  /** `call.signal` */
  signal(session: Session, { callId, signal }: ParsedRequestOf<'call.signal'>): ReplyOf<'call.signal'> {
    this.#settle(this.#book.signal(callId, session, signal))
    return {}
  }

  /** `call.resume` */
  resume(session: Session, { callId }: ParsedRequestOf<'call.resume'>): ReplyOf<'call.resume'> {
    const outcome = this.#book.resume(callId, session)
    if (!outcome.ok) throw errorOf(outcome.refusal)
    const { call, role } = outcome
    // The missed signals follow the acknowledgement, so that the client is ready for them.
    setImmediate(() => this.#apply(this.#book.catchUp(callId, session)))
    this.#arm()
    const peer = role === 'caller' ? call.callee : call.caller
    return {
      callId,
      state: call.state,
      role,
      peer: { identity: peer.identity, name: peer.name },
      media: call.media,
      iceServers: this.#iceServers(),
    }
  }

  /** A connection came: it learns of a call that rings for its person. */
  connected(session: Session): void {
    const call = this.#book.ringingFor(session.identity)
    if (call !== undefined) {
      this.#options.notifier.toConnection(session.connectionId, 'call.incoming', incomingOf(call))
    }
  }

  /** The last connection of a device is gone. */
  deviceLost(device: DeviceRef): void {
    this.#book.deviceLost(device, this.#options.now())
    this.#arm()
  }

  /** Ends all calls. */
  close(): void {
    this.#apply(this.#book.endAll())
    clearTimeout(this.#timer)
  }

  #iceServers(): IceServer[] {
    return [...this.#options.iceServers]
  }

  #settle(outcome: CallOutcome): Call {
    if (!outcome.ok) throw errorOf(outcome.refusal)
    this.#apply(outcome.effects)
    this.#arm()
    return outcome.call
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const deadlineMs = this.#book.nextDeadlineMs()
    if (deadlineMs === undefined) return
    this.#timer = setTimeout(
      () => {
        this.#apply(this.#book.tick(this.#options.now()))
        this.#arm()
      },
      Math.max(1, deadlineMs - this.#options.now()),
    )
  }

  #apply(effects: readonly CallEffect[]): void {
    const { notifier, onEngaged, log } = this.#options
    for (const effect of effects) {
      switch (effect.type) {
        case 'incoming':
          notifier.toPerson(effect.call.callee, 'call.incoming', incomingOf(effect.call))
          break
        case 'accepted':
          notifier.toDevice(effect.device, 'call.accepted', {
            callId: effect.call.callId,
            by: effect.call.callee.identity,
          })
          break
        case 'ended':
          this.#tellEnd(effect.to, { callId: effect.call.callId, reason: effect.reason, by: effect.by })
          break
        case 'signal':
          notifier.toDevice(effect.device, 'call.signal', { callId: effect.callId, signal: effect.signal })
          break
        case 'engaged':
          for (const identity of effect.identities) onEngaged(identity, effect.engaged)
          break
        case 'over':
          log.info({ callId: effect.call.callId, reason: effect.reason }, 'call ended')
          this.#options.onOver(endedCall(effect.call, effect.reason, this.#options.now()))
          break
      }
    }
  }

  /** Somebody could not be rung: they find that in the chat. */
  #noteUnreached(call: Omit<EndedCall, 'reason' | 'durationMs'>, { code }: CallRefusal): void {
    if (code !== 'busy' && code !== 'unavailable') return
    this.#options.onOver({ ...call, reason: code === 'busy' ? 'busy' : 'timeout', durationMs: undefined })
  }

  #tellEnd(to: Audience, payload: PayloadOf<'call.ended'>): void {
    const { notifier } = this.#options
    if (to.type === 'device') notifier.toDevice(to.device, 'call.ended', payload)
    else notifier.toPerson(to, 'call.ended', payload)
  }
}

const endedCall = (call: Call, reason: CallEndReason, nowMs: number): EndedCall => ({
  callId: call.callId,
  caller: { identity: call.caller.identity, name: call.caller.name },
  callee: { identity: call.callee.identity, name: call.callee.name },
  video: call.media.video,
  reason,
  durationMs: call.acceptedAtMs === undefined ? undefined : Math.max(0, nowMs - call.acceptedAtMs),
})

const incomingOf = (call: Call): PayloadOf<'call.incoming'> => ({
  callId: call.callId,
  from: { identity: call.caller.identity, name: call.caller.name },
  media: call.media,
  expiresAt: call.expiresAtMs,
})

const errorOf = (refusal: CallRefusal): RequestError => {
  switch (refusal.code) {
    case 'busy':
      return requestErrors.busy()
    case 'unavailable':
      return requestErrors.offline()
    case 'callEnded':
      return requestErrors.callEnded()
    case 'selfCall':
    case 'notFound':
      return requestErrors.notFound(refusal.code === 'selfCall' ? 'other person' : 'call')
    case 'backlog':
      return requestErrors.unavailable('The other device')
    case 'wrongState':
      return requestErrors.wrongState(refusal.why)
    case 'conflict':
      return requestErrors.callingEachOther(refusal.callId)
  }
}
