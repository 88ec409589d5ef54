import type { ClientEventName, PayloadOf, ReplyOf, RequestOf, ServerEventName } from '@sangam/protocol'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Call, ConnectionSnapshot } from '../src/api.ts'
import { CallCenter } from '../src/calls/call-center.ts'
import type { Signalling } from '../src/connection/signalling.ts'
import { errors, SangamError } from '../src/errors.ts'
import { TypedEmitter } from '../src/events.ts'
import { WritableStore } from '../src/store.ts'

/** A server that answers calls as the test says. */
class CallServer implements Signalling {
  readonly state = new WritableStore<ConnectionSnapshot>({ state: 'online', attempt: 0 })
  readonly requests: (readonly [ClientEventName, unknown])[] = []
  answer: (event: ClientEventName) => unknown = () => ({})
  readonly #notices = new TypedEmitter<Record<string, [unknown]>>()
  readonly #online = new TypedEmitter<{ online: [] }>()

  get online(): boolean {
    return this.state.get().state === 'online'
  }

  on<Name extends ServerEventName>(event: Name, listener: (payload: PayloadOf<Name>) => void): () => void {
    return this.#notices.on(event, listener as (payload: unknown) => void)
  }

  onOnline(listener: () => void): () => void {
    return this.#online.on('online', listener)
  }

  tell<Name extends ServerEventName>(event: Name, payload: PayloadOf<Name>): void {
    this.#notices.emit(event, payload)
  }

  reconnect(): void {
    this.state.set({ state: 'reconnecting', attempt: 1 })
    this.state.set({ state: 'online', attempt: 0 })
    this.#online.emit('online')
  }

  async request<Name extends ClientEventName>(event: Name, payload: RequestOf<Name>): Promise<ReplyOf<Name>> {
    this.requests.push([event, payload])
    return this.answer(event) as ReplyOf<Name>
  }
}

const STARTED = { callId: 'c1', iceServers: [], expiresAt: 0 }
const RING = {
  callId: 'c2',
  from: { identity: 'ravi', name: 'Ravi' },
  media: { audio: true, video: false },
  expiresAt: 0,
}

let server: CallServer
let center: CallCenter
let incoming: Call[]
let names: WritableStore<ReadonlyMap<string, string>>

beforeEach(() => {
  server = new CallServer()
  incoming = []
  const context = {
    signalling: server,
    openTracks: async () => ({ tracks: [], errors: [errors.mediaNotFound('microphone')] }),
    openDevice: () => Promise.reject(errors.mediaNotFound('camera')),
    createPeerConnection: () => {
      throw errors.mediaUnsupported('calls')
    },
  }
  names = new WritableStore<ReadonlyMap<string, string>>(new Map([['ravi', 'RAVI']]))
  center = new CallCenter(context, { store: names, nameOf: (identity) => names.get().get(identity) })
  center.on('incomingCall', (call) => incoming.push(call))
})

describe('calls of a session', () => {
  test('a call without any device rings all the same and says what is missing', async () => {
    server.answer = () => STARTED
    const call = await center.start('ravi', {})
    expect(call.state.get()).toMatchObject({
      state: 'outgoing',
      callId: 'c1',
      peer: { identity: 'ravi', name: 'RAVI' },
      mediaErrors: [{ code: 'mediaNotFound' }],
      microphoneEnabled: false,
    })
    await expect(call.setCameraEnabled(true)).rejects.toMatchObject({ code: 'mediaNotFound' })
  })

  test('the name of the other side follows what is known of the person', async () => {
    server.answer = () => STARTED
    names.set(new Map())
    const call = await center.start('ravi', {})
    expect(call.state.get().peer).toEqual({ identity: 'ravi', name: 'ravi' })
    names.set(new Map([['mira', 'Mira']]))
    expect(call.state.get().peer).toEqual({ identity: 'ravi', name: 'ravi' })
    names.set(new Map([['ravi', 'Ravi Rao']]))
    expect(call.state.get().peer).toEqual({ identity: 'ravi', name: 'Ravi Rao' })
  })

  test('an end that arrives before the answer that names the call is not lost', async () => {
    server.answer = () => {
      server.tell('call.ended', { callId: 'c1', reason: 'rejected', by: 'ravi' })
      return STARTED
    }
    const call = await center.start('ravi', {})
    expect(call.state.get()).toMatchObject({ state: 'ended', endReason: 'rejected', endedBy: 'ravi' })
    expect(center.calls.get()).toEqual([])
  })

  test('a ring that is repeated after a reconnect is the same call', () => {
    server.tell('call.incoming', RING)
    server.tell('call.incoming', RING)
    expect(incoming).toHaveLength(1)
    expect(center.calls.get()).toEqual(incoming)
  })

  test('two people who ring each other get one call', async () => {
    server.answer = (event) => {
      if (event !== 'call.start') return { iceServers: [] }
      queueMicrotask(() => server.tell('call.incoming', RING))
      throw new SangamError('conflict', 'crossing', { details: { callId: 'c2' } })
    }
    const call = await center.start('ravi', {})
    expect(call).toBe(incoming[0])
    expect(server.requests.slice(0, 2).map(([event]) => event)).toEqual(['call.start', 'call.accept'])
  })

  test('a cancel that crosses the acceptance hangs up instead', async () => {
    server.answer = (event) => {
      if (event === 'call.cancel') throw new SangamError('wrongState', 'accepted')
      return STARTED
    }
    const call = await center.start('ravi', {})
    await call.hangUp()
    await Promise.resolve()
    expect(server.requests.map(([event]) => event)).toEqual(['call.start', 'call.cancel', 'call.hangup'])
  })

  test('an acceptance that came while away is learned on the new connection', async () => {
    server.answer = () => STARTED
    const call = await center.start('ravi', {})
    server.answer = () => ({
      ...STARTED,
      state: 'accepted',
      role: 'caller',
      peer: RING.from,
      media: RING.media,
    })
    const states: string[] = []
    call.on('stateChanged', (state) => states.push(state))
    server.reconnect()
    await Promise.resolve()
    expect(states[0]).toBe('connecting')
  })

  test('a call that the server no longer knows ends', async () => {
    server.answer = () => STARTED
    const call = await center.start('ravi', {})
    server.answer = () => {
      throw new SangamError('notFound', 'no such call')
    }
    server.reconnect()
    await Promise.resolve()
    expect(call.state.get()).toMatchObject({ state: 'ended', endReason: 'disconnected' })
  })

  test('without WebRTC an answered call fails with the reason, and the other side is told', async () => {
    server.tell('call.incoming', RING)
    server.answer = () => ({ iceServers: [] })
    await incoming[0]?.accept()
    await Promise.resolve()
    expect(incoming[0]?.state.get()).toMatchObject({
      endReason: 'failed',
      error: { code: 'mediaUnsupported' },
    })
    expect(server.requests.map(([event]) => event)).toEqual(['call.accept', 'call.hangup'])
  })
})
