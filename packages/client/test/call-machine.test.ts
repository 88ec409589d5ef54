import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CALLEE_RESTART_DELAY_MS,
  type CallEffect,
  type CallInput,
  type CallMachine,
  CONNECT_TIMEOUT_MS,
  ICE_RESTART_DELAY_MS,
  ICE_RESTART_INTERVAL_MS,
  incomingCall,
  nextTickMs,
  outgoingCall,
  RECONNECT_TIMEOUT_MS,
  RING_GRACE_MS,
  stepCall,
} from '../src/calls/call-machine.ts'

/** Runs inputs at one moment; gives the last machine and all effects. */
function run(
  machine: CallMachine,
  inputs: readonly CallInput[],
  now = 0,
): { machine: CallMachine; effects: string[] } {
  const effects: string[] = []
  for (const input of inputs) {
    const step = stepCall(machine, input, now)
    machine = step.machine
    effects.push(...step.effects.map(({ type }) => type))
  }
  return { machine, effects }
}

const STARTED: CallInput = { type: 'started', callId: 'c1', ringEndsAtMs: 30_000 }
const peer = (state: 'connected' | 'disconnected' | 'failed'): CallInput => ({ type: 'peer', state })
const connectedCaller = (): CallMachine =>
  run(outgoingCall(), [STARTED, { type: 'remoteAccepted' }, peer('connected')]).machine
const connectedCallee = (): CallMachine =>
  run(incomingCall('c1', 0), [{ type: 'accept' }, { type: 'acceptConfirmed' }, peer('connected')]).machine

describe('call machine', () => {
  test('an accepted outgoing call opens the peer connection and becomes connected', () => {
    const { machine, effects } = run(outgoingCall(), [STARTED, { type: 'remoteAccepted' }])
    expect(machine.state).toBe('connecting')
    expect(effects).toEqual(['openPeer'])
    expect(run(machine, [peer('connected')]).machine.state).toBe('connected')
  })

  test('an incoming call is accepted only when the server confirms', () => {
    const accepting = run(incomingCall('c1', 0), [{ type: 'accept' }, { type: 'accept' }])
    expect(accepting.machine.state).toBe('incoming')
    expect(accepting.effects).toEqual(['requestAccept'])
    expect(run(accepting.machine, [{ type: 'acceptConfirmed' }]).effects).toEqual(['openPeer'])
  })

  test.each([
    ['a ring outward', outgoingCallNamed, 'requestCancel', 'cancelled'],
    ['a ring here', () => incomingCall('c1', 0), 'requestReject', 'rejected'],
    ['a connected call', connectedCaller, 'requestHangUp', 'hangup'],
    ['an answered call', connectedCallee, 'requestHangUp', 'hangup'],
  ] as const)('hanging up %s tells the server and stops media', (_name, make, request, reason) => {
    const { machine, effects } = run(make(), [{ type: 'hangUp' }])
    expect(effects).toEqual([request, 'stopMedia'])
    expect(machine).toMatchObject({ state: 'ended', endReason: reason })
  })

  test('a call that is cancelled before the server named it is cancelled when it does', () => {
    const early = run(outgoingCall(), [{ type: 'hangUp' }])
    expect(early.effects).toEqual(['stopMedia'])
    const step = stepCall(early.machine, STARTED, 0)
    expect(step.effects).toEqual([{ type: 'requestCancel', callId: 'c1' }])
    expect(stepCall(step.machine, STARTED, 0).effects).toEqual([])
  })

  test('the first failure restarts ICE at once for the caller, later for the callee', () => {
    expect(run(connectedCaller(), [peer('failed')]).effects).toEqual(['restartIce'])
    const callee = run(connectedCallee(), [peer('failed')], 1_000)
    expect(callee.effects).toEqual([])
    expect(nextTickMs(callee.machine)).toBe(1_000 + CALLEE_RESTART_DELAY_MS)
  })

  test('an interruption restarts ICE only when it lasts, and again at intervals', () => {
    let { machine } = run(connectedCaller(), [peer('disconnected')], 0)
    expect(machine.state).toBe('reconnecting')
    expect(run(machine, [{ type: 'tick' }], ICE_RESTART_DELAY_MS - 1).effects).toEqual([])
    const first = run(machine, [{ type: 'tick' }], ICE_RESTART_DELAY_MS)
    expect(first.effects).toEqual(['restartIce'])
    machine = first.machine
    expect(nextTickMs(machine)).toBe(ICE_RESTART_DELAY_MS + ICE_RESTART_INTERVAL_MS)
    const healed = run(machine, [peer('connected')])
    expect(healed.machine.state).toBe('connected')
    expect(nextTickMs(healed.machine)).toBeUndefined()
  })

  test.each([
    ['a ring that nobody ends', outgoingCallNamed, [], 30_000 + RING_GRACE_MS, 'timeout'],
    ['a set-up without media', outgoingCallNamed, [{ type: 'remoteAccepted' }], CONNECT_TIMEOUT_MS, 'failed'],
    ['lost media', connectedCaller, [peer('disconnected')], RECONNECT_TIMEOUT_MS, 'disconnected'],
  ] as const)('%s ends by itself, and not before its time', (_name, make, inputs, afterMs, reason) => {
    const { machine } = run(make(), inputs)
    expect(run(machine, [{ type: 'tick' }], afterMs - 1).machine.state).not.toBe('ended')
    expect(run(machine, [{ type: 'tick' }], afterMs).machine.endReason).toBe(reason)
  })

  test('a server that forgot the call ends it only where no media flows', () => {
    expect(run(outgoingCallNamed(), [{ type: 'serverForgot' }]).machine.endReason).toBe('disconnected')
    const orphan = run(connectedCaller(), [{ type: 'serverForgot' }])
    expect(orphan.machine.state).toBe('connected')
    expect(run(orphan.machine, [peer('disconnected')]).machine.endReason).toBe('disconnected')
  })

  test('whatever happens: an end is final, media opens and stops at most once, and every waiting ends', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(fc.tuple(anyInput(), fc.nat(20_000)), { maxLength: 40 }),
        (outgoing, script) => {
          let machine = outgoing ? outgoingCall() : incomingCall('c1', 30_000)
          const effects: CallEffect[] = []
          let now = 0
          const take = (input: CallInput): void => {
            const before = machine
            const step = stepCall(machine, input, now)
            machine = step.machine
            effects.push(...step.effects)
            checkStep(before, step.machine, step.effects)
          }
          for (const [input, pauseMs] of script) {
            now += pauseMs
            take(input)
          }
          // Left alone, a call that waits for something must end.
          for (let turn = 0; turn < 100 && nextTickMs(machine) !== undefined; turn += 1) {
            now = Math.max(now, nextTickMs(machine) ?? now)
            take({ type: 'tick' })
          }
          const count = (type: CallEffect['type']): number =>
            effects.filter((one) => one.type === type).length
          const waits = ['connecting', 'reconnecting', 'incoming'].includes(machine.state)
          expect(waits).toBe(false)
          expect(count('openPeer')).toBeLessThanOrEqual(1)
          expect(count('stopMedia')).toBe(machine.state === 'ended' ? 1 : 0)
          if (count('openPeer') === 0) expect(count('restartIce')).toBe(0)
        },
      ),
      { numRuns: 500 },
    )
  })
})

function checkStep(before: CallMachine, after: CallMachine, effects: readonly CallEffect[]): void {
  if (before.state === 'ended') expect(after.state).toBe('ended')
  if (before.state === 'ended') expect(after.endReason).toBe(before.endReason)
  if (after.state === 'ended') expect(after.endReason).toBeDefined()
  if (before.connectedAtMs !== undefined) expect(after.connectedAtMs).toBe(before.connectedAtMs)
  if (before.callId !== undefined) expect(after.callId).toBe(before.callId)
  const requests = effects.filter((one) => one.type.startsWith('request'))
  if (requests.length > 0) expect(after.callId).toBeDefined()
  expect(requests.length).toBeLessThanOrEqual(1)
}

function outgoingCallNamed(): CallMachine {
  return run(outgoingCall(), [STARTED]).machine
}

function anyInput(): fc.Arbitrary<CallInput> {
  return fc.oneof(
    fc.constantFrom<CallInput>(
      STARTED,
      { type: 'startRefused', reason: 'busy' },
      { type: 'accept' },
      { type: 'acceptConfirmed' },
      { type: 'acceptRefused', reason: 'cancelled' },
      { type: 'remoteAccepted' },
      { type: 'tick' },
      peer('connected'),
      peer('disconnected'),
      peer('failed'),
      { type: 'serverForgot' },
    ),
    { weight: 1, arbitrary: fc.constantFrom<CallInput>({ type: 'hangUp' }, { type: 'failed' }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<CallInput>(
        { type: 'reject', busy: false },
        { type: 'serverEnded', reason: 'hangup', by: 'ravi' },
      ),
    },
  )
}
