import { randomBytes } from 'node:crypto'
import {
  type Moderator,
  nameSchema,
  type Participant,
  type RoomSettings,
  roleSchema,
  roomIdSchema,
  roomSettingsChangeSchema,
} from '@sangam/protocol'
import * as z from 'zod'
import type { InviteSigner } from '../access/invites.ts'
import { customRolesSchema, type RoleDefinitionInput, roleDefinition } from '../access/roles.ts'
import type { Clock } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import type { LiveRoom, LiveRooms } from './live-rooms.ts'
import type { RecordBook } from './record-book.ts'
import { type Member, participantOf } from './room.ts'
import type { RoomActions, SettingsChange } from './room-actions.ts'
import type { RoomLobby } from './room-lobby.ts'
import type { RoomMessage, RoomMessaging, RoomMethod } from './room-messaging.ts'
import type { RoomRow, RoomStore } from './store/room-store.ts'

/** A room as the application sees it. */
export type RoomInfo = {
  readonly roomId: string
  readonly name: string
  readonly settings: RoomSettings
  /** Who is in it; empty when nobody is. */
  readonly participants: readonly Participant[]
  /** Identities of who waits in its lobby. */
  readonly waiting: readonly string[]
  /** Milliseconds since 1970 when it ends by its length; undefined: it does not. */
  readonly endsAtMs: number | undefined
}

/** How an application sets a room up. */
export type RoomSetup = {
  readonly name?: string
  /** What is left out has the default of the protocol's `defaultRoomSettings`. */
  readonly settings?: SettingsChange
  /** Roles besides the built-in ones. */
  readonly roles?: { readonly [name: string]: RoleDefinitionInput }
}

/**
 * What an application's backend may do to rooms. Ids that name nothing reject with a RequestError `notFound`; arguments
 * that do not fit with a TypeError. Works once `listen()` resolved.
 */
export type RoomsApi = {
  /** The rooms that somebody is in, and those that were set up; at most `limit` of the latter (default 1000). */
  readonly list: (limit?: number) => Promise<readonly RoomInfo[]>
  /** A room that somebody is in or that was set up; undefined: neither. */
  readonly get: (roomId: string) => Promise<RoomInfo | undefined>
  /** Sets a room up, or changes it. It stays when it is empty, until `delete()`. */
  readonly create: (roomId: string, setup?: RoomSetup) => Promise<RoomInfo>
  /** Ends the room for everybody and forgets it with its roles, bans and invites. */
  readonly delete: (roomId: string) => Promise<void>
  /** Ends the room for everybody in it. */
  readonly end: (roomId: string) => Promise<void>
  /** Gives somebody a role, whether they are in the room or not. */
  readonly setRole: (roomId: string, identity: string, role: string) => Promise<void>
  /** Pauses a participant's microphone, or ends their camera or screen share. */
  readonly mute: (
    roomId: string,
    participantId: string,
    source?: 'microphone' | 'camera' | 'screen',
  ) => Promise<void>
  /** Puts a participant out, on all devices. */
  readonly removeParticipant: (roomId: string, participantId: string) => Promise<void>
  readonly ban: (roomId: string, identity: string) => Promise<void>
  readonly unban: (roomId: string, identity: string) => Promise<void>
  /** Lets somebody in who waits in the lobby. */
  readonly admit: (roomId: string, identity: string) => Promise<void>
  /** Makes an invite: the secret to put into a link, `https://HOST/rooms/ROOM?invite=SECRET`. */
  readonly invite: (
    roomId: string,
    options?: { readonly role?: string; readonly ttlSeconds?: number },
  ) => Promise<{ readonly invite: string; readonly inviteId: string; readonly expiresAtMs: number }>
  /** Sends a message to the participants of a room, or to some of them. Gives how many it was sent to. */
  readonly sendMessage: (
    roomId: string,
    topic: string,
    payload: unknown,
    options?: { readonly to?: readonly string[] },
  ) => number
  /** Listens to messages that participants send to `server`. Gives the removal. */
  readonly onMessage: (listener: (message: RoomMessage) => void) => () => void
  /** Calls a method of a participant and waits for its result (5 seconds, if not said otherwise). */
  readonly invoke: (
    roomId: string,
    participantId: string,
    method: string,
    payload?: unknown,
    options?: { readonly timeoutMs?: number },
  ) => Promise<unknown>
  /** Handles a method that participants call at `server`. Gives the removal. */
  readonly handle: (method: string, run: RoomMethod) => () => void
}

/** What {@link createRoomsApi} needs. */
export type RoomsApiOptions = {
  readonly live: LiveRooms
  readonly lobby: RoomLobby
  readonly actions: RoomActions
  readonly messaging: RoomMessaging
  readonly book: RecordBook
  readonly store: RoomStore
  readonly invites: InviteSigner
  readonly now: Clock
  readonly serverName: string
}

const setupSchema = z.strictObject({
  name: nameSchema.optional(),
  settings: roomSettingsChangeSchema.default({}),
  roles: customRolesSchema.default({}),
})

/** Checks what an application gave. @throws TypeError */
const checked = <Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> => {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const problem = result.error.issues.map(({ path, message }) => `${path.join('.') || what}: ${message}`)
  throw new TypeError(`The ${what} is not valid: ${problem.join('; ')}`)
}

/** Builds the application's way to rooms. */
export const createRoomsApi = (options: RoomsApiOptions): RoomsApi => {
  const { live: liveRooms, lobby, actions, messaging, book, store, invites, now } = options
  const by: Moderator = { name: options.serverName }

  const liveRoom = (roomId: string): LiveRoom => {
    const live = liveRooms.get(roomId)
    if (live === undefined) throw requestErrors.notFound('room with somebody in it')
    return live
  }
  const member = (live: LiveRoom, participantId: string): Member => {
    const found = live.room.member(participantId)
    if (found === undefined) throw requestErrors.notFound('participant')
    return found
  }
  const withRecord = async <Result>(
    roomId: string,
    run: (record: NonNullable<ReturnType<RecordBook['get']>>['record']) => Promise<Result>,
  ): Promise<Result> => {
    const id = checked(roomIdSchema, roomId, 'room id')
    const { record } = await book.open(id, id.slice(0, 64))
    try {
      return await run(record)
    } finally {
      liveRooms.releaseIfUnused(id)
    }
  }

  const get = (roomId: string): Promise<RoomInfo | undefined> =>
    withRecord(roomId, async (record) => {
      const live = liveRooms.get(roomId)
      if (live === undefined && !record.isWorthKeeping(now())) return undefined
      return {
        roomId,
        name: record.name,
        settings: record.settings,
        participants: live?.room.members.map(participantOf) ?? [],
        waiting: record.waiting().map(({ identity }) => identity),
        endsAtMs: record.endsAtMs,
      }
    })

  return {
    get,
    list: async (limit = 1000) => {
      const stored = await store.rooms(limit)
      const ids = new Set([
        ...liveRooms.all.map(({ room }) => room.roomId),
        ...stored.map(({ roomId }: RoomRow) => roomId),
      ])
      const infos = await Promise.all([...ids].map(get))
      return infos.filter((info) => info !== undefined)
    },
    create: async (roomId, setup = {}) => {
      const { name, settings, roles } = checked(setupSchema, setup, 'room setup')
      await withRecord(roomId, async (record) => {
        await book.save(roomId, record.keep(roles, now()))
        await actions.changeSettings(roomId, settings, name)
      })
      const info = await get(roomId)
      if (info === undefined) throw requestErrors.notFound('room')
      return info
    },
    delete: async (roomId) => {
      await actions.end(roomId)
      // A moderator may have opened it again meanwhile: then it lives on, as they wanted.
      if (liveRooms.get(roomId) !== undefined) return
      book.forget(roomId)
      await book.save(roomId, [{ type: 'roomGone' }])
    },
    end: (roomId) => actions.end(roomId),
    setRole: (roomId, identity, role) =>
      withRecord(roomId, async (record) => {
        checked(roleSchema, role, 'role')
        if (roleDefinition(role, record.customRoles) === undefined) {
          throw new TypeError(`The room knows no role ${role}.`)
        }
        const name = record.person(identity)?.name ?? identity.slice(0, 64)
        const live = liveRooms.get(roomId)
        if (live !== undefined) await actions.setRole(live, identity, role)
        else await book.save(roomId, record.setRole(identity, name, role, now()))
      }),
    mute: async (roomId, participantId, source = 'microphone') => {
      const live = liveRoom(roomId)
      const target = member(live, participantId)
      if (source === 'microphone') await actions.mute(live, target, by)
      else await actions.stopVideo(live, target, source, by)
    },
    removeParticipant: async (roomId, participantId) => {
      const live = liveRoom(roomId)
      await actions.remove(live, member(live, participantId))
    },
    ban: (roomId, identity) => actions.ban(checked(roomIdSchema, roomId, 'room id'), identity),
    unban: (roomId, identity) => actions.unban(checked(roomIdSchema, roomId, 'room id'), identity),
    admit: (roomId, identity) =>
      withRecord(roomId, async (record) => {
        if (record.person(identity)?.standing !== 'waiting') {
          throw requestErrors.notFound('person in the lobby')
        }
        await lobby.letIn(record, [identity])
      }),
    invite: (roomId, { role, ttlSeconds = 86_400 } = {}) =>
      withRecord(roomId, async (record) => {
        const given = role ?? record.settings.newcomerRole
        if (roleDefinition(given, record.customRoles) === undefined) {
          throw new TypeError(`The room knows no role ${given}.`)
        }
        const inviteId = randomBytes(12).toString('base64url')
        const expiresAtMs = (Math.ceil(now() / 1000) + ttlSeconds) * 1000
        await book.save(
          roomId,
          record.addInvite({ inviteId, role: given, createdBy: 'server', expiresAtMs }, now()),
        )
        return { invite: await invites.sign({ roomId, inviteId }, expiresAtMs), inviteId, expiresAtMs }
      }),
    sendMessage: (roomId, topic, payload, { to } = {}) =>
      messaging.sendAsApplication(liveRoom(roomId).room, topic, payload, to),
    onMessage: (listener) => messaging.onMessage(listener),
    invoke: (roomId, participantId, method, payload = null, { timeoutMs = 5000 } = {}) => {
      const live = liveRoom(roomId)
      const target = member(live, participantId)
      return messaging.invokeAsApplication(live.room, target, { method, payload, timeoutMs })
    },
    handle: (method, run) => messaging.handle(method, run),
  }
}
