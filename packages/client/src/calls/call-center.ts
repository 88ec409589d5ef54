import type { CallSignal, PayloadOf } from '@sangam/protocol'
import type { Call, CallOptions, Store } from '../api.ts'
import { isSangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import { WritableStore } from '../store.ts'
import { type CallContext, CallHandle, RING_FALLBACK_MS } from './call.ts'
import { type CallInput, incomingCall, outgoingCall } from './call-machine.ts'

interface CallCenterEvents {
  incomingCall: [call: Call]
}

/** What is known of people's names, and when that changes. */
export interface KnownNames {
  readonly store: Store<unknown>
  nameOf(identity: string): string | undefined
}

type Early = { readonly input: CallInput } | { readonly signal: CallSignal }

/** Events of calls that this device has not heard of yet, kept at most. */
const MAX_EARLY_CALLS = 8
/** How long the ring of a call that crossed an own one may take to arrive after the refusal that names it. */
const CROSSING_WAIT_MS = 3_000

/** All calls of this device, and the way of the server's events to them. */
export class CallCenter extends TypedEmitter<CallCenterEvents> {
  readonly #calls = new WritableStore<readonly CallHandle[]>([])
  readonly #context: CallContext
  readonly #names: KnownNames
  /** What came before the answer that names the call: with HTTP polling both may lie in one payload. */
  readonly #early = new Map<string, Early[]>()

  constructor(context: CallContext, names: KnownNames) {
    super()
    this.#context = context
    this.#names = names
    const { signalling } = context
    signalling.on('call.incoming', (ring) => this.#handleIncoming(ring))
    signalling.on('call.accepted', ({ callId }) => this.#route(callId, { input: { type: 'remoteAccepted' } }))
    signalling.on('call.ended', ({ callId, reason, by }) => {
      const input: CallInput = { type: 'serverEnded', reason, ...(by === undefined ? {} : { by }) }
      this.#route(callId, { input })
    })
    signalling.on('call.signal', ({ callId, signal }) => this.#route(callId, { signal }))
    // By an event or by the list of people: a call may begin before either told the name.
    names.store.subscribe(() => {
      for (const call of this.#calls.get()) {
        const { identity } = call.state.get().peer
        const name = names.nameOf(identity)
        if (name !== undefined) call.nameTold(identity, name)
      }
    })
    signalling.onOnline(() => {
      for (const call of this.#calls.get()) void call.resume()
    })
    signalling.state.subscribe(() => {
      if (signalling.online) return
      for (const call of this.#calls.get()) call.handleOffline()
    })
  }

  get calls(): Store<readonly Call[]> {
    return this.#calls
  }

  /** Rings a person. When that person is ringing here at the same moment, the two calls become that one. */
  async start(identity: string, options: CallOptions): Promise<Call> {
    const peer = { identity, name: this.#names.nameOf(identity) ?? identity }
    const media = { audio: true, video: options.video === true }
    const call = new CallHandle(this.#context, outgoingCall(), peer, media)
    this.#add(call)
    const stop = call.state.subscribe(() => this.#replayEarly(call))
    try {
      await call.start(options)
      return call
    } catch (error) {
      const crossing = isSangamError(error, 'conflict') ? await this.#crossingCall(error.details) : undefined
      if (crossing === undefined) throw error
      await crossing.accept(options)
      return crossing
    } finally {
      stop()
    }
  }

  /** Ends every call. */
  async close(): Promise<void> {
    for (const call of this.#calls.get()) await call.hangUp()
    this.removeAll()
  }

  #handleIncoming({ callId, from, media }: PayloadOf<'call.incoming'>): void {
    // Rung again after a reconnect.
    if (this.#find(callId)) return
    const machine = incomingCall(callId, performance.now() + RING_FALLBACK_MS)
    const call = new CallHandle(this.#context, machine, from, media)
    this.#add(call)
    this.#replayEarly(call)
    if (call.state.get().state !== 'ended') this.emit('incomingCall', call)
  }

  #add(call: CallHandle): void {
    this.#calls.update((calls) => [...calls, call])
    call.on('ended', () => this.#calls.update((calls) => calls.filter((one) => one !== call)))
  }

  #find(callId: string): CallHandle | undefined {
    return this.#calls.get().find((call) => call.callId === callId)
  }

  #route(callId: string, event: Early): void {
    const call = this.#find(callId)
    if (call !== undefined) {
      deliver(call, event)
      return
    }
    const awaiting = this.#calls.get().some((one) => one.callId === undefined)
    if (!awaiting || (this.#early.size >= MAX_EARLY_CALLS && !this.#early.has(callId))) return
    this.#early.set(callId, [...(this.#early.get(callId) ?? []), event])
  }

  #replayEarly(call: CallHandle): void {
    const events = call.callId === undefined ? undefined : this.#early.get(call.callId)
    if (call.callId === undefined || events === undefined) return
    this.#early.delete(call.callId)
    for (const event of events) deliver(call, event)
  }

  #crossingCall(details: unknown): Promise<CallHandle | undefined> {
    const { callId } = (details ?? {}) as { readonly callId?: unknown }
    if (typeof callId !== 'string') return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const finish = (call: CallHandle | undefined): void => {
        clearTimeout(timer)
        stop()
        resolve(call)
      }
      const timer = setTimeout(() => finish(undefined), CROSSING_WAIT_MS)
      const look = (): void => {
        const call = this.#find(callId)
        if (call?.state.get().state === 'incoming') finish(call)
      }
      const stop = this.#calls.subscribe(look)
      look()
    })
  }
}

function deliver(call: CallHandle, event: Early): void {
  if ('input' in event) call.input(event.input)
  else call.handleSignal(event.signal)
}
