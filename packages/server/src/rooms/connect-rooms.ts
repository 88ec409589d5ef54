import type { Grants } from '../access/grants.ts'
import { createInviteSigner } from '../access/invites.ts'
import type { Settings } from '../config/settings.ts'
import type { MediaCounts } from '../media/media-counts.ts'
import type { MediaWorkers } from '../media/media-workers.ts'
import type { Logger } from '../observability/log.ts'
import type { Clock, Notifier, Session } from '../ports.ts'
import type { RoomTargets } from '../socket/event-table.ts'
import { LiveRooms } from './live-rooms.ts'
import { createPolicyApi, type PolicyApi } from './policy-api.ts'
import { RecordBook } from './record-book.ts'
import { RoomAccess } from './room-access.ts'
import { RoomActions } from './room-actions.ts'
import { RoomLobby } from './room-lobby.ts'
import { RoomMediaRequests } from './room-media-requests.ts'
import { RoomMessaging } from './room-messaging.ts'
import { RoomModeration } from './room-moderation.ts'
import { RoomNotices } from './room-notices.ts'
import { RoomService } from './room-service.ts'
import { RoomTracks } from './room-tracks.ts'
import { createRoomsApi, type RoomsApi } from './rooms-api.ts'
import type { RoomStore } from './store/room-store.ts'

/** What the rooms stand on. */
export type RoomsPartsOptions = {
  readonly settings: Settings
  readonly store: RoomStore
  /** Key of tokens and invites. */
  readonly secret: Uint8Array
  readonly notifier: Notifier
  readonly workers: MediaWorkers
  readonly counts: MediaCounts
  readonly log: Logger
  readonly now: Clock
  readonly onEngaged: (identity: string, engaged: boolean) => void
  readonly grantsOf: (identity: string) => Grants | undefined
  /** Takes somebody out of a room's own chat. */
  readonly leaveChat: (roomId: string, identity: string) => Promise<void>
}

/** The parts that serve rooms, wired together. */
export type RoomsParts = {
  readonly targets: RoomTargets
  readonly live: LiveRooms
  /** A connection renewed its token. */
  readonly grantsChanged: (session: Session) => void
  readonly api: RoomsApi
  readonly policy: PolicyApi
  /** Puts a person out of every room and forgets them there, in memory and on disk. */
  readonly forgetPerson: (identity: string) => Promise<void>
  /** A connection is gone. */
  readonly connectionLost: (session: Session) => void
  readonly close: () => void
}

/** How long the places of an earlier run wait at least: a client tries to come back every few seconds. */
const leastReturnWindowMs = 60_000

/** Wires the rooms: the only place where their parts know of each other. */
export const connectRooms = (options: RoomsPartsOptions): RoomsParts => {
  const { settings, store, secret, notifier, workers, counts, log, now, onEngaged, grantsOf } = options
  const graceMs = settings.reconnectGraceSeconds * 1000
  const invites = createInviteSigner(secret, now)
  const returnWindowMs = Math.max(leastReturnWindowMs, graceMs)
  const book = new RecordBook({ store, now, log, returnWindowMs })
  const live = new LiveRooms({ book, now, hasWaiting: (roomId) => lobby.hasWaiting(roomId) })
  const notices = new RoomNotices({ notifier, live })
  const { roomParticipants: mostParticipants } = settings
  const access = new RoomAccess({ live, book, invites, now, mostParticipants })
  const tracks = new RoomTracks({ notices, book, now })
  const rooms = new RoomService({
    live,
    notices,
    access,
    notifier,
    now,
    log,
    counts,
    book,
    graceMs,
    mediaGraceMs: settings.mediaGraceSeconds * 1000,
    media: workers,
    maxVoices: settings.roomVoices,
    maxVideos: settings.roomVideos,
    onEngaged,
    onEntered: (room, participantId) => lobby.tellNewcomer(room, participantId),
  })
  const lobby: RoomLobby = new RoomLobby({ live, access, notices, book, notifier, now, graceMs })
  const actions = new RoomActions({
    rooms,
    live,
    notices,
    tracks,
    lobby,
    book,
    now,
    leaveChat: options.leaveChat,
  })
  const messaging = new RoomMessaging({ live, access, notices, log, serverName: settings.serverName })
  const moderation = new RoomModeration({ live, access, actions, book, invites, now })
  const media = new RoomMediaRequests({ live, access, tracks })
  forgetOldRooms(store, now() - settings.roomRetentionHours * 3_600_000, log)
  return {
    targets: { rooms, access, notices, media, lobby, moderation, messaging },
    api: createRoomsApi({
      live,
      lobby,
      actions,
      messaging,
      book,
      store,
      invites,
      now,
      serverName: settings.serverName,
    }),
    policy: createPolicyApi({ live, access, book, grantsOf }),
    live,
    grantsChanged: (session) => rooms.grantsChanged(session),
    forgetPerson: async (identity) => {
      for (const room of live.all) {
        for (const member of room.room.membersOf(identity)) rooms.expel(room, member, 'removed')
      }
      await book.forgetPerson(identity)
      await store.scrub()
    },
    connectionLost: (session) => {
      rooms.connectionLost(session)
      lobby.connectionLost(session)
    },
    close: () => {
      messaging.close()
      lobby.close()
      rooms.close()
      notices.close()
    },
  }
}

const forgetOldRooms = (store: RoomStore, beforeMs: number, log: Logger): void => {
  store.forgetBefore(beforeMs).then(
    (rooms) => {
      if (rooms > 0) log.info({ rooms }, 'rooms forgotten that nobody entered for long')
    },
    (error: unknown) => log.error({ err: error }, 'old rooms could not be forgotten'),
  )
}
