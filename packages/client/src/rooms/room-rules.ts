import { defaultRoomSettings, limits, type PayloadOf, type ServerEventName } from '@sangam/protocol'
import type { Signalling } from '../connection/signalling.ts'
import { errors, isSangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import { WritableStore } from '../store.ts'
import type { Joined } from './membership.ts'
import type { RoomRequest } from './room-requests.ts'
import type {
  NewRoomInvite,
  Reaction,
  RoomMethodHandler,
  RoomModeration,
  RoomRulesEvents,
  RoomRulesSnapshot,
} from './rules-api.ts'

/** What nobody knows before the first join. */
export const NO_RULES: RoomRulesSnapshot = {
  role: 'listener',
  permissions: [],
  settings: defaultRoomSettings,
  endsAt: undefined,
  waiting: [],
  stageInvitation: undefined,
  mutedBy: undefined,
}

/** A method's call has to be answered before this side gives up waiting. */
const ANSWER_MARGIN_MS = 5_000

/** The rules of one room on this side: follows what the server tells, asks for what this person wants. */
export class RoomRules extends TypedEmitter<RoomRulesEvents> {
  readonly state = new WritableStore<RoomRulesSnapshot>(NO_RULES)
  readonly moderation: RoomModeration
  readonly #roomId: string
  readonly #request: RoomRequest
  readonly #methods = new Map<string, RoomMethodHandler>()
  readonly #stops: readonly (() => void)[]

  constructor(signalling: Signalling, roomId: string, request: RoomRequest) {
    super()
    this.#roomId = roomId
    this.#request = request
    this.moderation = moderationOver(request)
    this.#stops = this.#listen(signalling)
  }

  /** The server's answer to a join holds all of it. */
  settle({ role, permissions, settings, endsAt }: Joined): void {
    const before = this.state.get()
    this.#patch({ role, permissions, settings, endsAt: endsAt ?? undefined })
    const changed = before !== NO_RULES && permissions.join() !== before.permissions.join()
    if (changed) this.emit('roleChanged', { role, permissions })
    if (!permissions.includes('moderate')) this.#patch({ waiting: [] })
    else void this.#refreshLobby()
  }

  async setHandRaised(raised: boolean): Promise<void> {
    await this.#request('room.setHand', { raised }, { idempotent: true })
  }

  async answerStage(accept: boolean): Promise<void> {
    await this.#request('room.answerStage', { accept })
    this.#patch({ stageInvitation: undefined })
  }

  async react(reaction: Reaction): Promise<void> {
    await this.#request('room.react', { reaction })
  }

  async sendMessage(topic: string, payload: unknown, to?: readonly string[]): Promise<number> {
    const addressed = to === undefined ? {} : { to: [...to] }
    const message = { topic, payload: jsonText(payload), ...addressed }
    return (await this.#request('room.sendMessage', message)).reached
  }

  async invoke(to: string, method: string, payload: unknown, timeoutMs = 5_000): Promise<unknown> {
    const call = { to, method, payload: jsonText(payload), timeoutMs }
    const answer = await this.#request('room.invoke', call, { timeoutMs: timeoutMs + ANSWER_MARGIN_MS })
    return parsed(answer.payload)
  }

  handle(method: string, handler: RoomMethodHandler): () => void {
    this.#methods.set(method, handler)
    return () => {
      if (this.#methods.get(method) === handler) this.#methods.delete(method)
    }
  }

  /** The own microphone sends again. */
  unmuted(): void {
    if (this.state.get().mutedBy !== undefined) this.#patch({ mutedBy: undefined })
  }

  close(): void {
    for (const stop of this.#stops) stop()
    this.#methods.clear()
    this.removeAll()
  }

  #listen(signalling: Signalling): (() => void)[] {
    const on = <Name extends ServerEventName>(
      event: Name,
      listener: (payload: PayloadOf<Name> & { readonly roomId: string }) => void,
    ): (() => void) =>
      signalling.on(event, (payload) => {
        const ofRoom = payload as PayloadOf<Name> & { readonly roomId: string }
        if (ofRoom.roomId === this.#roomId) listener(ofRoom)
      })
    return [
      on('room.permissionsChanged', ({ role, permissions }) => {
        const hadModeration = this.state.get().permissions.includes('moderate')
        this.#patch({ role, permissions, ...(role === 'listener' ? {} : { stageInvitation: undefined }) })
        this.emit('roleChanged', { role, permissions })
        if (!permissions.includes('moderate')) this.#patch({ waiting: [] })
        else if (!hadModeration) void this.#refreshLobby()
      }),
      on('room.settingsChanged', ({ settings, endsAt }) => {
        const { mutedBy } = this.state.get()
        const mayUnmute = settings.mayUnmute || this.state.get().permissions.includes('moderate')
        this.#patch({
          settings,
          endsAt: endsAt ?? undefined,
          mutedBy: mutedBy && { ...mutedBy, mayUnmute },
        })
        this.emit('settingsChanged', settings)
      }),
      on('room.lobbyChanged', ({ waiting }) => this.#setWaiting(waiting)),
      on('room.mutedByModerator', ({ source, by, mayUnmute }) => {
        if (source === 'microphone') this.#patch({ mutedBy: { by, mayUnmute } })
        this.emit('muted', { source, by, mayUnmute })
      }),
      on('room.unmuteAllowed', ({ by }) => {
        this.#patch({ mutedBy: undefined })
        this.emit('unmuteAllowed', by)
      }),
      on('room.stageInvited', ({ by }) => {
        this.#patch({ stageInvitation: by })
        this.emit('stageInvited', by)
      }),
      on('room.endingSoon', ({ endsAt }) => {
        this.#patch({ endsAt })
        this.emit('endingSoon', endsAt)
      }),
      on('room.reacted', ({ participantId, reaction }) => this.emit('reaction', { participantId, reaction })),
      on('room.message', ({ from, topic, payload }) =>
        this.emit('message', { from, topic, payload: parsed(payload) }),
      ),
      on('room.invoked', (call) => void this.#answer(call)),
    ]
  }

  async #answer({ rpcId, from, method, payload }: PayloadOf<'room.invoked'>): Promise<void> {
    const handler = this.#methods.get(method)
    const answer = await runMethod(handler, method, parsed(payload), from)
    // Who asked gave up, or the connection is away: nobody waits for it any more.
    await this.#request('room.answerInvoke', { rpcId, ...answer }).catch(() => undefined)
  }

  async #refreshLobby(): Promise<void> {
    try {
      this.#setWaiting((await this.#request('room.lobby', {}, { idempotent: true })).waiting)
    } catch (error) {
      // No longer a moderator, or no longer there: the next change tells.
      if (!isSangamError(error)) throw error
    }
  }

  #setWaiting(waiting: RoomRulesSnapshot['waiting']): void {
    const before = this.state.get().waiting
    if (waiting.length === 0 && before.length === 0) return
    this.#patch({ waiting })
    this.emit('lobbyChanged', waiting)
  }

  #patch(change: Partial<RoomRulesSnapshot>): void {
    this.state.update((snapshot) => ({ ...snapshot, ...change }))
  }
}

const runMethod = async (
  handler: RoomMethodHandler | undefined,
  method: string,
  payload: unknown,
  from: PayloadOf<'room.invoked'>['from'],
): Promise<{ payload: string } | { error: string }> => {
  if (handler === undefined) return { error: `There is no method ${method} here.` }
  try {
    return { payload: jsonText(await handler(payload, from)) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { error: message.slice(0, 512) || 'The method failed.' }
  }
}

const jsonText = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'null'
  if (text.length > limits.roomPayloadLength) throw errors.tooLarge(limits.roomPayloadLength)
  return text
}

/** The value of a JSON text; the text itself when it is none. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const moderationOver = (request: RoomRequest): RoomModeration => {
  const settled = async (answer: Promise<unknown>): Promise<void> => {
    await answer
  }
  return {
    admit: (identity) => settled(request('room.admit', { identity })),
    admitAll: () => settled(request('room.admitAll', {}, { idempotent: true })),
    refuse: (identity) => settled(request('room.refuse', { identity })),
    mute: (participantId) => settled(request('room.mute', { participantId }, { idempotent: true })),
    muteAll: async () => (await request('room.muteAll', {}, { idempotent: true })).muted,
    allowUnmute: (participantId) =>
      settled(request('room.allowUnmute', { participantId }, { idempotent: true })),
    stopCamera: (participantId) => settled(request('room.stopVideo', { participantId, source: 'camera' })),
    stopScreenShare: (participantId) =>
      settled(request('room.stopVideo', { participantId, source: 'screen' })),
    lowerHand: (participantId) => settled(request('room.lowerHand', { participantId }, { idempotent: true })),
    inviteToStage: (participantId) => settled(request('room.inviteToStage', { participantId })),
    setRole: (participantId, role) =>
      settled(request('room.setRole', { participantId, role }, { idempotent: true })),
    transferHost: (participantId) => settled(request('room.transferHost', { participantId })),
    remove: (participantId) => settled(request('room.remove', { participantId })),
    ban: (identity) => settled(request('room.ban', { identity })),
    unban: (identity) => settled(request('room.unban', { identity })),
    bans: async () => (await request('room.bans', {}, { idempotent: true })).banned,
    changeSettings: (settings, name) =>
      settled(
        request(
          'room.changeSettings',
          { settings, ...(name === undefined ? {} : { name }) },
          { idempotent: true },
        ),
      ),
    createInvite: (options = {}): Promise<NewRoomInvite> => request('room.createInvite', options),
    invites: async () => (await request('room.invites', {}, { idempotent: true })).invites,
    revokeInvite: (inviteId) => settled(request('room.revokeInvite', { inviteId })),
    end: () => settled(request('room.end', {})),
  }
}
