/**
 * The life of one 1:1 call on this device: pure, on a clock that its caller reads. It says which requests to make
 * and when the peer connection opens, restarts and ends; the shell does it and reports back.
 *
 *   outgoing ──accepted──▶ connecting ──▶ connected ◀──▶ reconnecting
 *   incoming ──accept()──▶     │              │              │
 *       └───────────────────── ended (from every state) ─────┘
 */
import type { CallEndReason, CallState } from '../api.ts'

/** How long the two sides may take from the acceptance to the first media. */
export const CONNECT_TIMEOUT_MS = 30_000
/** How long a connected call may be without media before it is given up. */
export const RECONNECT_TIMEOUT_MS = 45_000
/** The server ends a ring; this device ends it by itself when the server's word is this much overdue. */
export const RING_GRACE_MS = 5_000
/** Pause between two ICE restarts. */
export const ICE_RESTART_INTERVAL_MS = 6_000
/** An interruption shorter than this usually heals by itself (RFC 7675 consent checks go on). */
export const ICE_RESTART_DELAY_MS = 2_500
/** The callee leaves the first restart to the caller, so that their offers don't collide each time. */
export const CALLEE_RESTART_DELAY_MS = 5_000

/** Where a call stands. Treat it as a value. */
export interface CallMachine {
  readonly state: CallState
  readonly direction: 'outgoing' | 'incoming'
  readonly callId: string | undefined
  /** Answered here, the server's word still missing. */
  readonly accepting: boolean
  /** Hung up before the server named the call: cancelled as soon as it does. */
  readonly cancelWanted: boolean
  /** The server lost the call while media flows: it goes on, but can't be mended. */
  readonly orphaned: boolean
  /** The state ends by itself at this moment. */
  readonly deadlineMs: number | undefined
  /** The next ICE restart, while media is away. */
  readonly restartAtMs: number | undefined
  readonly connectedAtMs: number | undefined
  readonly endReason: CallEndReason | undefined
  readonly endedBy: string | undefined
}

/** How the peer connection is doing (RTCPeerConnectionState, of which these matter). */
export type PeerState = 'connected' | 'disconnected' | 'failed'

/** Everything that can happen to a call. */
export type CallInput =
  | { readonly type: 'started'; readonly callId: string; readonly ringEndsAtMs: number }
  | { readonly type: 'startRefused'; readonly reason: CallEndReason }
  | { readonly type: 'accept' }
  | { readonly type: 'acceptConfirmed' }
  | { readonly type: 'acceptRefused'; readonly reason: CallEndReason }
  | { readonly type: 'remoteAccepted' }
  | { readonly type: 'hangUp' }
  | { readonly type: 'reject'; readonly busy: boolean }
  | { readonly type: 'serverEnded'; readonly reason: CallEndReason; readonly by?: string }
  | { readonly type: 'serverForgot' }
  | { readonly type: 'peer'; readonly state: PeerState }
  | { readonly type: 'failed' }
  | { readonly type: 'tick' }

/** What the shell has to do. */
export type CallEffect =
  | { readonly type: 'requestAccept' }
  | { readonly type: 'requestReject'; readonly reason: 'declined' | 'busy' }
  | { readonly type: 'requestCancel'; readonly callId: string }
  | { readonly type: 'requestHangUp'; readonly callId: string }
  | { readonly type: 'openPeer' }
  | { readonly type: 'restartIce' }
  | { readonly type: 'stopMedia' }

/** The next state and what to do. */
export interface CallStep {
  readonly machine: CallMachine
  readonly effects: readonly CallEffect[]
}

const IDLE = {
  accepting: false,
  cancelWanted: false,
  orphaned: false,
  deadlineMs: undefined,
  restartAtMs: undefined,
  connectedAtMs: undefined,
  endReason: undefined,
  endedBy: undefined,
} as const

/** A call that this device makes; it has no id until `started`. */
export function outgoingCall(): CallMachine {
  return { ...IDLE, state: 'outgoing', direction: 'outgoing', callId: undefined }
}

/** A call that rings here until `ringEndsAtMs`. */
export function incomingCall(callId: string, ringEndsAtMs: number): CallMachine {
  return {
    ...IDLE,
    state: 'incoming',
    direction: 'incoming',
    callId,
    deadlineMs: ringEndsAtMs + RING_GRACE_MS,
  }
}

/** Takes one input at `now`. An ended call takes none: every late answer and event is ignored. */
export function stepCall(machine: CallMachine, input: CallInput, now: number): CallStep {
  if (machine.state === 'ended') return lateInput(machine, input)
  switch (input.type) {
    case 'started':
      return started(machine, input.callId, input.ringEndsAtMs)
    case 'startRefused':
      return machine.state === 'outgoing' && machine.callId === undefined
        ? end(machine, input.reason)
        : stay(machine)
    case 'accept':
      return machine.state === 'incoming' && !machine.accepting
        ? { machine: { ...machine, accepting: true }, effects: [{ type: 'requestAccept' }] }
        : stay(machine)
    case 'acceptConfirmed':
      return machine.state === 'incoming' && machine.accepting ? connect(machine, now) : stay(machine)
    case 'acceptRefused':
      return machine.state === 'incoming' && machine.accepting ? end(machine, input.reason) : stay(machine)
    case 'remoteAccepted':
      return machine.state === 'outgoing' && machine.callId !== undefined
        ? connect(machine, now)
        : stay(machine)
    case 'hangUp':
      return hangUp(machine)
    case 'reject':
      return reject(machine, input.busy)
    case 'serverEnded':
      return end(machine, input.reason, { by: input.by })
    case 'serverForgot':
      // A restarted server knows no calls; two people who hear each other need not hang up for that.
      return machine.state === 'connected'
        ? stay({ ...machine, orphaned: true })
        : end(machine, 'disconnected')
    case 'failed':
      return end(machine, 'failed', { effects: leaveRequests(machine) })
    case 'peer':
      return peerChanged(machine, input.state, now)
    case 'tick':
      return tick(machine, now)
  }
}

/** When `tick` wants to be called next, if ever. */
export function nextTickMs(machine: CallMachine): number | undefined {
  const { deadlineMs, restartAtMs } = machine
  if (deadlineMs === undefined || restartAtMs === undefined) return deadlineMs ?? restartAtMs
  return Math.min(deadlineMs, restartAtMs)
}

function stay(machine: CallMachine): CallStep {
  return { machine, effects: [] }
}

/** The server named a call that was hung up meanwhile: only now can it be cancelled. */
function lateInput(machine: CallMachine, input: CallInput): CallStep {
  if (input.type !== 'started' || !machine.cancelWanted) return stay(machine)
  return {
    machine: { ...machine, callId: input.callId, cancelWanted: false },
    effects: [{ type: 'requestCancel', callId: input.callId }],
  }
}

function started(machine: CallMachine, callId: string, ringEndsAtMs: number): CallStep {
  if (machine.state !== 'outgoing' || machine.callId !== undefined) return stay(machine)
  return stay({ ...machine, callId, deadlineMs: ringEndsAtMs + RING_GRACE_MS })
}

function connect(machine: CallMachine, now: number): CallStep {
  return {
    machine: { ...machine, state: 'connecting', accepting: false, deadlineMs: now + CONNECT_TIMEOUT_MS },
    effects: [{ type: 'openPeer' }],
  }
}

function hangUp(machine: CallMachine): CallStep {
  if (machine.state === 'incoming' && !machine.accepting) return reject(machine, false)
  const reason = machine.state === 'outgoing' ? 'cancelled' : 'hangup'
  const unnamed = machine.state === 'outgoing' && machine.callId === undefined
  const ended = end(machine, reason, { effects: leaveRequests(machine) })
  return unnamed ? { ...ended, machine: { ...ended.machine, cancelWanted: true } } : ended
}

/** What tells the server that this device leaves, according to how far the call went. */
function leaveRequests(machine: CallMachine): readonly CallEffect[] {
  const { state, callId } = machine
  if (callId === undefined) return []
  if (state === 'outgoing') return [{ type: 'requestCancel', callId }]
  if (state === 'incoming' && !machine.accepting) return [{ type: 'requestReject', reason: 'declined' }]
  return [{ type: 'requestHangUp', callId }]
}

function reject(machine: CallMachine, busy: boolean): CallStep {
  if (machine.state !== 'incoming' || machine.accepting) return stay(machine)
  const effect: CallEffect = { type: 'requestReject', reason: busy ? 'busy' : 'declined' }
  return end(machine, busy ? 'busy' : 'rejected', { effects: [effect] })
}

function peerChanged(machine: CallMachine, peer: PeerState, now: number): CallStep {
  const { state } = machine
  if (state !== 'connecting' && state !== 'connected' && state !== 'reconnecting') return stay(machine)
  if (peer === 'connected') {
    if (state === 'connected') return stay(machine)
    const connectedAtMs = machine.connectedAtMs ?? now
    return stay({
      ...machine,
      state: 'connected',
      deadlineMs: undefined,
      restartAtMs: undefined,
      connectedAtMs,
    })
  }
  if (machine.orphaned) return end(machine, 'disconnected')
  const atOnce = peer === 'failed' && machine.direction === 'outgoing'
  const restart: readonly CallEffect[] = atOnce ? [{ type: 'restartIce' }] : []
  const delayMs = machine.direction === 'incoming' ? CALLEE_RESTART_DELAY_MS : ICE_RESTART_DELAY_MS
  const restartAtMs = atOnce ? now + ICE_RESTART_INTERVAL_MS : (machine.restartAtMs ?? now + delayMs)
  if (state !== 'connected') return { machine: { ...machine, restartAtMs }, effects: restart }
  const deadlineMs = now + RECONNECT_TIMEOUT_MS
  return { machine: { ...machine, state: 'reconnecting', deadlineMs, restartAtMs }, effects: restart }
}

function tick(machine: CallMachine, now: number): CallStep {
  if (machine.deadlineMs !== undefined && now >= machine.deadlineMs) {
    const ringing = machine.state === 'outgoing' || machine.state === 'incoming'
    const reason = ringing ? 'timeout' : machine.state === 'reconnecting' ? 'disconnected' : 'failed'
    return end(machine, reason, { effects: leaveRequests(machine) })
  }
  if (machine.restartAtMs === undefined || now < machine.restartAtMs) return stay(machine)
  return {
    machine: { ...machine, restartAtMs: now + ICE_RESTART_INTERVAL_MS },
    effects: [{ type: 'restartIce' }],
  }
}

function end(
  machine: CallMachine,
  endReason: CallEndReason,
  also: { readonly by?: string | undefined; readonly effects?: readonly CallEffect[] } = {},
): CallStep {
  return {
    machine: {
      ...machine,
      state: 'ended',
      accepting: false,
      deadlineMs: undefined,
      restartAtMs: undefined,
      endReason,
      endedBy: also.by,
    },
    effects: [...(also.effects ?? []), { type: 'stopMedia' }],
  }
}
