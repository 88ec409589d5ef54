import type { Server as HttpServer } from 'node:http'
import type { ErasedPeople } from './access/erased-people.ts'
import { conversationIdOfRoom } from './access/policy.ts'
import type { Tokens } from './access/tokens.ts'
import { CallService } from './calls/call-service.ts'
import { type CareApi, createCare } from './care/create-care.ts'
import type { OwnData } from './care/own-data-routes.ts'
import { createChatParts } from './chat/chat-parts.ts'
import { ConversationCache } from './chat/conversation-cache.ts'
import { entitled } from './chat/conversation-rights.ts'
import { observedStore } from './chat/observed-store.ts'
import type { ChatStore } from './chat/store.ts'
import type { Settings } from './config/settings.ts'
import type { FileService, Person } from './files/file-service.ts'
import type { MediaCounts } from './media/media-counts.ts'
import type { MediaWorkers } from './media/media-workers.ts'
import type { Logger } from './observability/log.ts'
import type { Metrics } from './observability/metrics.ts'
import type { Clock } from './ports.ts'
import { PeopleService } from './presence/people-service.ts'
import { fetchPage, publicWeb, type TargetCheck } from './previews/fetch-page.ts'
import { PreviewService } from './previews/preview-service.ts'
import { createAwayTeller } from './push/away-teller.ts'
import type { PushService } from './push/push-service.ts'
import type { RecordStore } from './records/record-store.ts'
import { requestErrors } from './request-errors.ts'
import { connectRooms } from './rooms/connect-rooms.ts'
import type { PolicyApi } from './rooms/policy-api.ts'
import type { RoomsApi } from './rooms/rooms-api.ts'
import type { RoomStore } from './rooms/store/room-store.ts'
import { createAnswerer } from './socket/answer.ts'
import { createEventTable } from './socket/event-table.ts'
import { createIo, Gateway } from './socket/gateway.ts'
import { risingClock } from './socket/rising-clock.ts'
import { createSocketNotifier } from './socket/socket-notifier.ts'
import type { WebhookService } from './webhooks/webhook-service.ts'

/** What the parts stand on. */
export type PartsOptions = {
  readonly httpServer: HttpServer
  readonly settings: Settings
  readonly tokens: Tokens
  readonly erased: ErasedPeople
  readonly store: ChatStore
  readonly files: FileService
  readonly records: RecordStore
  readonly push: PushService
  readonly webhooks: WebhookService | undefined
  readonly roomStore: RoomStore
  /** Key of tokens and invites. */
  readonly secret: Uint8Array
  readonly metrics: Metrics
  readonly workers: MediaWorkers
  readonly counts: MediaCounts
  readonly log: Logger
  readonly now: Clock
  /** Where pages of links may be fetched from, instead of the public web. */
  readonly previewTarget: TargetCheck | undefined
}

/** The parts that serve connections, wired together. */
export type Parts = {
  readonly rooms: RoomsApi
  readonly policy: PolicyApi
  readonly care: CareApi
  readonly ownData: OwnData
  /** @throws RequestError `forbidden` when this person may not chat in a room */
  readonly checkMayChatIn: (person: Person, roomId: string) => Promise<void>
  /** Reads what is kept in memory; before connections come. */
  readonly start: () => Promise<void>
  /** Ends calls, rooms and connections. */
  readonly close: () => void
}

/** Wires people, chat, calls, rooms and the gateway: the only place where they know of each other. */
export const connectParts = (options: PartsOptions): Parts => {
  const { httpServer, settings, tokens, files, records, push, webhooks, metrics, workers, counts, log, now } =
    options
  const io = createIo(httpServer, settings.allowedOrigins)
  const notifier = createSocketNotifier(io)
  const uptime = risingClock(now)
  const store = observedStore(options.store, {
    onStored: (message) => {
      webhooks?.hasNews(message.conversationId)
      tellAway(message)
    },
    onChanged: (conversationId) => webhooks?.hasNews(conversationId),
  })
  const tellAway = createAwayTeller({ store: options.store, notifier, push, log })
  const graceMs = settings.reconnectGraceSeconds * 1000

  const cache = new ConversationCache(store)
  const care = createCare({
    store,
    cache,
    records,
    files,
    notifier,
    now,
    uptime,
    log,
    erased: options.erased,
    endConnections: (identity) => gateway.endPerson(identity),
    forgetInRooms: (identity) => rooms.forgetPerson(identity),
  })

  const people = new PeopleService({ store, notifier, now, log })
  const onEngaged = (identity: string, engaged: boolean): void => people.setEngaged(identity, engaged)
  const { chat, messages, members, callLines, ...chatParts } = createChatParts({
    store,
    notifier,
    files,
    cache,
    beforeSend: (record, identity) => care.service.beforeSend(record, identity),
    now,
    onStored: metrics.messageStored,
  })
  const calls = new CallService({
    notifier,
    now,
    log,
    graceMs,
    ringMs: settings.ringSeconds * 1000,
    iceServers: settings.iceServers,
    nameOf: (identity) => people.nameOf(identity),
    onOver: (call) => {
      callLines.write(call).catch((error: unknown) => {
        log.error({ err: error, callId: call.callId }, 'what became of a call could not be noted in the chat')
      })
    },
    reachesByPush: (identity) => push.reaches(identity),
    onRingingAway: ({ to, ...call }) => void push.callStarted(to, { type: 'call', ...call }),
    onEngaged,
  })
  const rooms = connectRooms({
    settings,
    store: options.roomStore,
    secret: options.secret,
    notifier,
    workers,
    counts,
    log,
    now,
    onEngaged,
    grantsOf: (identity) => gateway.grantsOf(identity),
    leaveChat: async (roomId, identity) => {
      const conversationId = conversationIdOfRoom(roomId)
      notifier.unsubscribePerson(identity, conversationId)
      const change = { type: 'remove', identity } as const
      if ((await cache.changeMembership(conversationId, change, now())) === undefined) return
      notifier.toPerson({ identity }, 'conversation.gone', { conversationId, reason: 'removed' })
    },
  })
  const gateway: Gateway = new Gateway(io, {
    tokens,
    now,
    uptime,
    log,
    rateLimitFactor: settings.rateLimitFactor,
    events: {
      onConnected: (session) => {
        void people.connected(session)
        calls.connected(session)
      },
      onDisconnected: (session, deviceGone) => {
        people.disconnected(session)
        rooms.connectionLost(session)
        if (deviceGone) calls.deviceLost(session)
      },
      onRefused: metrics.connectionRefused,
    },
  })
  const table = createEventTable({
    chat,
    messages,
    members,
    calls,
    push,
    care: care.service,
    previews: new PreviewService({
      isOn: settings.linkPreviews,
      checkMaySend: (session, conversationId) => entitled(cache, session, conversationId, 'write'),
      fetchPage: (url) => fetchPage(url, options.previewTarget ?? publicWeb),
      uptime,
      rateLimitFactor: settings.rateLimitFactor,
    }),
    room: rooms.targets,
    renewToken: async (session, { token }) => {
      const { expiresAtMs } = await gateway.renew(session, token)
      rooms.grantsChanged(session)
      chat.grantsChanged(session)
      return { expiresAt: expiresAtMs }
    },
    setPresence: (session, { status }) => {
      people.setStatus(session, status)
      return {}
    },
    listPeople: () => people.list(),
  })
  metrics.bind({
    connections: () => gateway.size,
    calls: () => calls.size,
    rooms: () => rooms.live.size,
    participants: () => rooms.live.participants,
    transports: () => counts.transports,
    producers: () => counts.producers,
    consumers: () => counts.consumers,
    mediaWorkers: () => workers.size,
    pipes: () => rooms.live.pipes,
    streamReasons: () => rooms.live.countReasons(),
    workerParticipants: () => workers.states().map(({ participants }) => participants),
    workerCpuSeconds: () => workers.cpuSeconds(),
    workerPackets: () => workers.packetCounts(),
  })
  gateway.start(createAnswerer({ table, now, uptime, log, onAnswered: metrics.requestAnswered }))
  return {
    care: care.api,
    ownData: care.ownData,
    checkMayChatIn: async (person, roomId) => {
      const { allowed, code, reason } = await rooms.targets.access.decideChat(
        { ...person, connectionId: '' },
        roomId,
      )
      if (!allowed) throw requestErrors.notAllowed(code, reason)
    },
    start: () => care.service.start(),
    rooms: rooms.api,
    policy: rooms.policy,
    close: () => {
      care.close()
      people.close()
      calls.close()
      rooms.close()
      chatParts.close()
      gateway.close()
    },
  }
}
