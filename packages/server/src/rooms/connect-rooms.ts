import type { Grants } from '../access/grants.ts'
import { createInviteSigner } from '../access/invites.ts'
import type { Settings } from '../config/settings.ts'
import type { MediaCounts } from '../media/media-counts.ts'
import type { MediaWorkers } from '../media/media-workers.ts'
import type { Logger } from '../observability/log.ts'
import type { Clock, Notifier, Session } from '../ports.ts'
import type { RoomTargets } from '../socket/event-table.ts'
import { createPolicyApi, type PolicyApi } from './policy-api.ts'
import { RecordBook } from './record-book.ts'
import { RoomActions } from './room-actions.ts'
import { RoomLobby } from './room-lobby.ts'
import { RoomMediaRequests } from './room-media-requests.ts'
import { RoomMessaging } from './room-messaging.ts'
import { RoomModeration } from './room-moderation.ts'
import { RoomService } from './room-service.ts'
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
  readonly api: RoomsApi
  readonly policy: PolicyApi
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
  const rooms = new RoomService({
    notifier,
    now,
    log,
    counts,
    book,
    invites,
    graceMs,
    mediaGraceMs: settings.mediaGraceSeconds * 1000,
    media: workers,
    mostParticipants: settings.roomParticipants,
    maxVoices: settings.roomVoices,
    maxVideos: settings.roomVideos,
    onEngaged,
    onEntered: (live, participantId) => lobby.tellNewcomer(live, participantId),
    hasWaiting: (roomId) => lobby.hasWaiting(roomId),
  })
  const lobby: RoomLobby = new RoomLobby({ rooms, book, notifier, now, graceMs })
  const actions = new RoomActions({ rooms, lobby, book, now, leaveChat: options.leaveChat })
  const messaging = new RoomMessaging({ rooms, log, serverName: settings.serverName })
  const moderation = new RoomModeration({ rooms, actions, book, invites, now })
  forgetOldRooms(store, now() - settings.roomRetentionHours * 3_600_000, log)
  return {
    targets: { rooms, media: new RoomMediaRequests(rooms), lobby, moderation, messaging },
    api: createRoomsApi({
      rooms,
      lobby,
      actions,
      messaging,
      book,
      store,
      invites,
      now,
      serverName: settings.serverName,
    }),
    policy: createPolicyApi({ rooms, book, grantsOf }),
    connectionLost: (session) => {
      rooms.connectionLost(session)
      lobby.connectionLost(session)
    },
    close: () => {
      messaging.close()
      lobby.close()
      rooms.close()
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
