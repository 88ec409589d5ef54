import type { ReplyOf, RequestOf } from '@sangam/protocol'
import type { JoinOptions } from '../api.ts'
import { backoffMs } from '../connection/backoff.ts'
import type { Signalling } from '../connection/signalling.ts'
import { errors, isSangamError, type SangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import type { RoomRequest } from './room-requests.ts'

/** What the server answers to a join. */
export type Joined = ReplyOf<'room.join'>

interface MembershipEvents {
  /** The participation is on; `resumed` tells whether transports and tracks of the earlier one live on. */
  joined: [joined: Joined, resumed: boolean]
  /** Signalling is away, or the participation is being made anew. */
  interrupted: []
  /** It can't be had back. */
  refused: [error: SangamError]
}

/** A refusal that joining again can't change. */
const FINAL_CODES = ['forbidden', 'notFound', 'unsupported', 'invalidMessage'] as const

/**
 * Keeps one person a participant of one room: joins, resumes with the participant's key after a reconnect, and joins
 * afresh when the server no longer knows it. Requests wait while it is not joined.
 */
export class Membership extends TypedEmitter<MembershipEvents> {
  readonly #signalling: Signalling
  readonly #roomId: string
  readonly #options: Pick<JoinOptions, 'name' | 'invite'>
  readonly #stops: readonly (() => void)[]
  #key: string | undefined
  #joined = false
  #entered = false
  #closed = false
  #joining = false
  #attempt = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #waiting: { readonly resolve: () => void; readonly reject: (error: SangamError) => void }[] = []

  constructor(signalling: Signalling, roomId: string, options: Pick<JoinOptions, 'name' | 'invite'>) {
    super()
    this.#signalling = signalling
    this.#roomId = roomId
    this.#options = options
    this.#stops = [
      signalling.onOnline(() => {
        if (this.#entered) void this.#join()
      }),
      signalling.state.subscribe(() => {
        if (!signalling.online && this.#entered) this.#interrupt()
      }),
    ]
  }

  /** Whether a join is on its way: events that come meanwhile may be older than its answer. */
  get joining(): boolean {
    return this.#joining
  }

  /** Whether requests go out at once. */
  get joined(): boolean {
    return this.#joined && this.#signalling.online
  }

  /** The first join; its refusal is the caller's. */
  async enter(): Promise<Joined> {
    this.#joining = true
    try {
      const joined = await this.#signalling.request('room.join', this.#payload())
      this.#key = joined.participantKey
      this.#entered = true
      return joined
    } finally {
      this.#joining = false
    }
  }

  /** What was joined is set up: requests may go out. */
  open(): void {
    if (this.#closed) return
    this.#joined = true
    const waiting = this.#waiting
    this.#waiting = []
    for (const { resolve } of waiting) resolve()
  }

  /** Leaves for good. */
  async leave(): Promise<void> {
    if (this.#closed) return
    this.close()
    if (!this.#entered) return
    await this.#signalling
      .request('room.leave', { roomId: this.#roomId }, { offline: 'fail' })
      .catch(() => {})
  }

  close(): void {
    this.#closed = true
    this.#joined = false
    clearTimeout(this.#timer)
    for (const stop of this.#stops) stop()
    for (const { reject } of this.#waiting) reject(errors.roomClosed(this.#roomId))
    this.#waiting = []
    this.removeAll()
  }

  readonly request: RoomRequest = async (event, payload, options = {}) => {
    for (;;) {
      await this.#untilJoined()
      try {
        // Not narrowed by the spread: the payload without its room id, and the room id, make the whole.
        const whole = { ...payload, roomId: this.#roomId } as unknown as RequestOf<typeof event>
        const timeout = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }
        return await this.#signalling.request(event, whole, { offline: 'fail', ...timeout })
      } catch (error) {
        if (!options.idempotent || !isSangamError(error, 'offline')) throw error
      }
    }
  }

  #untilJoined(): Promise<void> {
    if (this.#closed) return Promise.reject(errors.roomClosed(this.#roomId))
    if (this.joined) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  #interrupt(): void {
    clearTimeout(this.#timer)
    if (this.#closed || !this.#joined) return
    this.#joined = false
    this.emit('interrupted')
  }

  async #join(): Promise<void> {
    if (this.#closed || this.#joining || !this.#signalling.online) return
    this.#joining = true
    try {
      const hadKey = this.#key !== undefined
      const joined = await this.#signalling.request('room.join', this.#payload(), { offline: 'fail' })
      if (this.#closed) return
      this.#key = joined.participantKey
      this.#attempt = 0
      // Over before anybody hears of it: what came meanwhile is taken up now.
      this.#joining = false
      this.emit('joined', joined, hadKey && joined.resumed)
    } catch (error) {
      this.#handleRefusal(error)
    } finally {
      this.#joining = false
    }
  }

  #handleRefusal(error: unknown): void {
    if (this.#closed || !isSangamError(error) || error.code === 'sessionClosed') return
    const retryAfterMs = error.retryAfterMs ?? 0
    if (isSangamError(error, ...FINAL_CODES)) {
      this.emit('refused', error)
      return
    }
    this.#attempt += 1
    const pauseMs = Math.max(retryAfterMs, backoffMs(this.#attempt, Math.random()))
    this.#timer = setTimeout(() => void this.#join(), pauseMs)
  }

  #payload(): RequestOf<'room.join'> {
    const { name, invite } = this.#options
    return {
      roomId: this.#roomId,
      ...(name === undefined ? {} : { name }),
      // Its role and admission are remembered: once inside, it may expire.
      ...(invite === undefined || this.#entered ? {} : { invite }),
      ...(this.#key === undefined ? {} : { participantKey: this.#key }),
    }
  }
}
