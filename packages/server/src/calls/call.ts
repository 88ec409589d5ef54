import type { CallEndReason, CallMedia, CallSignal, CallState } from '@sangam/protocol'
import type { DeviceRef } from '../ports.ts'

/** Which side of a call. */
export type CallRole = 'caller' | 'callee'

/** A person with their name, as a call shows it. */
export type CallPeer = { readonly identity: string; readonly name: string }

type Side = CallPeer & {
  /** The device in the call; the callee has none until it accepts. */
  deviceId?: string
  /** When the device's last connection was lost. */
  lostAtMs?: number
  /** What the other side said while the device was lost. */
  missed: CallSignal[]
}

/** A call that rings or runs. It changes only through {@link CallBook}. */
export type Call = {
  readonly callId: string
  readonly caller: Side
  readonly callee: Side
  readonly media: CallMedia
  state: CallState
  /** When the ringing times out. */
  readonly expiresAtMs: number
  /** When it was accepted; absent until then. */
  acceptedAtMs?: number
}

/** Whom an effect concerns: one device, or all devices of a person but one. */
export type Audience =
  | { readonly type: 'device'; readonly device: DeviceRef }
  | { readonly type: 'person'; readonly identity: string; readonly exceptDeviceId?: string | undefined }

/** What the shell has to do after a transition, in order. */
export type CallEffect =
  | { readonly type: 'incoming'; readonly call: Call }
  | { readonly type: 'accepted'; readonly call: Call; readonly device: DeviceRef }
  | {
      readonly type: 'ended'
      readonly call: Call
      readonly to: Audience
      readonly reason: CallEndReason
      readonly by?: string | undefined
    }
  | {
      readonly type: 'signal'
      readonly callId: string
      readonly device: DeviceRef
      readonly signal: CallSignal
    }
  /** The two people are in a call from now on (`true`) or no longer (`false`). */
  | { readonly type: 'engaged'; readonly identities: readonly string[]; readonly engaged: boolean }
  /** The call is gone from the book. */
  | { readonly type: 'over'; readonly call: Call; readonly reason: CallEndReason }

/** Why a request about a call is refused. */
export type CallRefusal =
  | { readonly code: 'busy' | 'notFound' | 'unavailable' | 'callEnded' | 'selfCall' | 'backlog' }
  | { readonly code: 'wrongState'; readonly why: string }
  | { readonly code: 'conflict'; readonly callId: string }

/** The outcome of a request. */
export type CallOutcome =
  | { readonly ok: true; readonly call: Call; readonly effects: readonly CallEffect[] }
  | { readonly ok: false; readonly refusal: CallRefusal }

/** How long calls ring and wait, in milliseconds. */
export type CallTimes = { readonly ringMs: number; readonly graceMs: number }

/** How many ended calls are remembered, to answer `callEnded` rather than `notFound`. */
const remembered = 1000
/** How many signals are kept for a lost device. */
const mostMissed = 256

const refuse = (refusal: CallRefusal): CallOutcome => ({ ok: false, refusal })
const deviceOf = (side: Side): DeviceRef | undefined =>
  side.deviceId === undefined ? undefined : { identity: side.identity, deviceId: side.deviceId }
const sameDevice = (side: Side, device: DeviceRef): boolean =>
  side.identity === device.identity && side.deviceId === device.deviceId
const toDevice = (side: Side): Audience[] => {
  const device = deviceOf(side)
  return device === undefined ? [] : [{ type: 'device', device }]
}

/**
 * All calls of the server and their rules; no clock, no socket. A call is `ringing`, then `accepted`, then gone.
 * Everybody is in at most one call. Glare: when two people ring each other, the first call stays and the second
 * caller is told of it (`conflict`), so that their device can accept it.
 */
export class CallBook {
  readonly #times: CallTimes
  readonly #calls = new Map<string, Call>()
  readonly #byIdentity = new Map<string, Call>()
  readonly #ended = new Set<string>()

  constructor(times: CallTimes) {
    this.#times = times
  }

  /** How many calls ring or run. */
  get size(): number {
    return this.#calls.size
  }

  /** Somebody rings. `reachable`: whether the callee has a device connected. */
  start(
    request: {
      callId: string
      caller: CallPeer & DeviceRef
      callee: CallPeer
      reachable: boolean
      media: CallMedia
    },
    nowMs: number,
  ): CallOutcome {
    const { callId, caller, callee, reachable, media } = request
    if (caller.identity === callee.identity) return refuse({ code: 'selfCall' })
    const own = this.#byIdentity.get(caller.identity)
    if (own !== undefined) {
      const isGlare =
        own.state === 'ringing' &&
        own.caller.identity === callee.identity &&
        own.callee.identity === caller.identity
      return refuse(
        isGlare
          ? { code: 'conflict', callId: own.callId }
          : { code: 'wrongState', why: 'You are in a call already.' },
      )
    }
    if (this.#byIdentity.has(callee.identity)) return refuse({ code: 'busy' })
    if (!reachable) return refuse({ code: 'unavailable' })
    const call: Call = {
      callId,
      caller: { identity: caller.identity, name: caller.name, deviceId: caller.deviceId, missed: [] },
      callee: { identity: callee.identity, name: callee.name, missed: [] },
      media,
      state: 'ringing',
      expiresAtMs: nowMs + this.#times.ringMs,
    }
    this.#calls.set(callId, call)
    this.#byIdentity.set(caller.identity, call)
    this.#byIdentity.set(callee.identity, call)
    return { ok: true, call, effects: [{ type: 'incoming', call }] }
  }

  /** A device of the callee accepts: the first one wins. */
  accept(callId: string, device: DeviceRef, nowMs: number): CallOutcome {
    const call = this.#calls.get(callId)
    if (call === undefined || call.callee.identity !== device.identity) return this.#missing(callId)
    if (call.state !== 'ringing') {
      return sameDevice(call.callee, device)
        ? refuse({ code: 'wrongState', why: 'The call was accepted already.' })
        : refuse({ code: 'callEnded' })
    }
    call.state = 'accepted'
    call.acceptedAtMs = nowMs
    call.callee.deviceId = device.deviceId
    const effects: CallEffect[] = [
      {
        type: 'ended',
        call,
        to: { type: 'person', identity: device.identity, exceptDeviceId: device.deviceId },
        reason: 'answeredElsewhere',
        by: device.identity,
      },
    ]
    const caller = deviceOf(call.caller)
    if (caller !== undefined) effects.push({ type: 'accepted', call, device: caller })
    effects.push({ type: 'engaged', identities: [call.caller.identity, call.callee.identity], engaged: true })
    return { ok: true, call, effects }
  }

  /** The callee declines, on whichever device. */
  reject(callId: string, device: DeviceRef, reason: 'declined' | 'busy'): CallOutcome {
    const call = this.#calls.get(callId)
    if (call === undefined || call.callee.identity !== device.identity) return this.#missing(callId)
    if (call.state !== 'ringing') return refuse({ code: 'wrongState', why: 'The call was accepted already.' })
    return this.#end(call, reason === 'busy' ? 'busy' : 'rejected', device)
  }

  /** The caller gives up ringing. */
  cancel(callId: string, device: DeviceRef): CallOutcome {
    const call = this.#calls.get(callId)
    if (call === undefined || !sameDevice(call.caller, device)) return this.#missing(callId)
    if (call.state !== 'ringing') return refuse({ code: 'wrongState', why: 'The call was accepted already.' })
    return this.#end(call, 'cancelled', device)
  }

  /** One of the two devices ends a running call. */
  hangup(callId: string, device: DeviceRef): CallOutcome {
    const call = this.#calls.get(callId)
    if (call === undefined || this.#roleOf(call, device) === undefined) return this.#missing(callId)
    if (call.state === 'ringing') return refuse({ code: 'wrongState', why: 'The call was not accepted yet.' })
    return this.#end(call, 'hangup', device)
  }

  /** One device tells the other something; kept for it while it is lost. */
  signal(callId: string, device: DeviceRef, signal: CallSignal): CallOutcome {
    const call = this.#calls.get(callId)
    const role = call && this.#roleOf(call, device)
    if (call === undefined || role === undefined) return this.#missing(callId)
    const other = role === 'caller' ? call.callee : call.caller
    const target = deviceOf(other)
    if (call.state === 'ringing' || target === undefined) {
      return refuse({ code: 'wrongState', why: 'The call was not accepted yet.' })
    }
    if (other.lostAtMs === undefined && other.missed.length === 0) {
      return { ok: true, call, effects: [{ type: 'signal', callId, device: target, signal }] }
    }
    if (other.missed.length >= mostMissed) return refuse({ code: 'backlog' })
    other.missed.push(signal)
    return { ok: true, call, effects: [] }
  }

  /** A device is back after its connection was lost. What it missed waits for {@link catchUp}. */
  resume(
    callId: string,
    device: DeviceRef,
  ): (CallOutcome & { ok: false }) | (CallOutcome & { ok: true; role: CallRole }) {
    const call = this.#calls.get(callId)
    const role = call && this.#roleOf(call, device)
    if (call === undefined || role === undefined) return this.#missing(callId)
    delete call[role].lostAtMs
    return { ok: true, call, role, effects: [] }
  }

  /** What a device missed, in order. Until this is called, newer signals queue behind. */
  catchUp(callId: string, device: DeviceRef): CallEffect[] {
    const call = this.#calls.get(callId)
    const role = call && this.#roleOf(call, device)
    if (call === undefined || role === undefined || call[role].lostAtMs !== undefined) return []
    return call[role].missed.splice(0).map((signal) => ({ type: 'signal', callId, device, signal }))
  }

  /** The last connection of a device is gone: its call waits for the grace time. */
  deviceLost(device: DeviceRef, nowMs: number): void {
    const call = this.#byIdentity.get(device.identity)
    const role = call && this.#roleOf(call, device)
    if (call !== undefined && role !== undefined) call[role].lostAtMs ??= nowMs
  }

  /** The call that rings for a person, for a device that connects meanwhile. */
  ringingFor(identity: string): Call | undefined {
    const call = this.#byIdentity.get(identity)
    return call?.state === 'ringing' && call.callee.identity === identity ? call : undefined
  }

  /** Ends what is due: ringing that took too long, devices that did not come back. */
  tick(nowMs: number): CallEffect[] {
    const effects: CallEffect[] = []
    for (const call of [...this.#calls.values()]) {
      if (this.#dueMs(call) > nowMs) continue
      const timedOut = call.state === 'ringing' && call.expiresAtMs <= nowMs
      const outcome = this.#end(call, timedOut ? 'timeout' : 'disconnected')
      if (outcome.ok) effects.push(...outcome.effects)
    }
    return effects
  }

  /** When {@link tick} has something to do next, or undefined. */
  nextDeadlineMs(): number | undefined {
    let next: number | undefined
    for (const call of this.#calls.values()) {
      const due = this.#dueMs(call)
      if (next === undefined || due < next) next = due
    }
    return next === Number.POSITIVE_INFINITY ? undefined : next
  }

  /** Ends every call: the server stops. */
  endAll(): CallEffect[] {
    return [...this.#calls.values()].flatMap((call) => {
      const outcome = this.#end(call, 'serverStopped')
      return outcome.ok ? [...outcome.effects] : []
    })
  }

  #dueMs(call: Call): number {
    const lostDues = [call.caller.lostAtMs, call.callee.lostAtMs]
      .filter((lostAtMs) => lostAtMs !== undefined)
      .map((lostAtMs) => lostAtMs + this.#times.graceMs)
    return Math.min(call.state === 'ringing' ? call.expiresAtMs : Number.POSITIVE_INFINITY, ...lostDues)
  }

  #roleOf(call: Call, device: DeviceRef): CallRole | undefined {
    if (sameDevice(call.caller, device)) return 'caller'
    return sameDevice(call.callee, device) ? 'callee' : undefined
  }

  #missing(callId: string): CallOutcome & { ok: false } {
    return { ok: false, refusal: { code: this.#ended.has(callId) ? 'callEnded' : 'notFound' } }
  }

  /** Ends a call and tells every device that knew of it but the one that ended it. */
  #end(call: Call, reason: CallEndReason, by?: DeviceRef): CallOutcome {
    this.#calls.delete(call.callId)
    this.#byIdentity.delete(call.caller.identity)
    this.#byIdentity.delete(call.callee.identity)
    this.#ended.add(call.callId)
    const oldest = this.#ended.values().next().value
    if (this.#ended.size > remembered && oldest !== undefined) this.#ended.delete(oldest)
    const calleeAudience: Audience[] =
      call.state === 'accepted'
        ? toDevice(call.callee)
        : [
            {
              type: 'person',
              identity: call.callee.identity,
              exceptDeviceId: by?.identity === call.callee.identity ? by.deviceId : undefined,
            },
          ]
    const audiences = [...toDevice(call.caller), ...calleeAudience].filter(
      (to) =>
        !(to.type === 'device' && to.device.identity === by?.identity && to.device.deviceId === by.deviceId),
    )
    const effects: CallEffect[] = audiences.map((to) => ({
      type: 'ended',
      call,
      to,
      reason,
      by: by?.identity,
    }))
    if (call.state === 'accepted') {
      effects.push({
        type: 'engaged',
        identities: [call.caller.identity, call.callee.identity],
        engaged: false,
      })
    }
    effects.push({ type: 'over', call, reason })
    return { ok: true, call, effects }
  }
}
