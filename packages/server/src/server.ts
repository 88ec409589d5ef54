import { randomBytes } from 'node:crypto'
import type { Server as HttpsServer } from 'node:https'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { ErasedPeople } from './access/erased-people.ts'
import { createTokens, type TokenRequest, type Tokens } from './access/tokens.ts'
import type { CareApi } from './care/create-care.ts'
import { addOwnDataRoutes } from './care/own-data-routes.ts'
import { addExportRoute } from './chat/export-route.ts'
import { storePlace } from './chat/open-store.ts'
import type { ChatStore } from './chat/store.ts'
import { loadTokenSecret, lockDataFolder, openDataFolder } from './config/data-folder.ts'
import type { LocalAddresses } from './config/network-addresses.ts'
import type { Settings } from './config/settings.ts'
import { createFiles, type Files } from './files/create-files.ts'
import { addFileRoutes } from './files/file-routes.ts'
import { addApi, answerHttpError } from './http/api.ts'
import { type Certificate, loadCertificate } from './http/certificate.ts'
import { closeServer, createHttpsTwin, listenHttp, listenHttps } from './http/listeners.ts'
import { addOperatorApi } from './http/operator.ts'
import { securityHeaders } from './http/security-headers.ts'
import { serveWebApp } from './http/web-app.ts'
import { type Engine, engineOf } from './media/engine.ts'
import { MediaCounts } from './media/media-counts.ts'
import { type MediaWorkerState, MediaWorkers } from './media/media-workers.ts'
import type { Logger } from './observability/log.ts'
import { createMetrics, type Metrics } from './observability/metrics.ts'
import { createOutbound } from './outbound/outbound-request.ts'
import { connectParts, type Parts } from './parts.ts'
import type { Clock } from './ports.ts'
import type { TargetCheck } from './previews/fetch-page.ts'
import { PushService } from './push/push-service.ts'
import { openRecordStore } from './records/open-record-store.ts'
import type { RecordStore } from './records/record-store.ts'
import type { PolicyApi } from './rooms/policy-api.ts'
import type { RoomsApi } from './rooms/rooms-api.ts'
import { openRoomStore } from './rooms/store/open-room-store.ts'
import type { RoomStore } from './rooms/store/room-store.ts'
import { risingClock } from './socket/rising-clock.ts'
import { startErrors } from './start-errors.ts'
import { createWebhooks } from './webhooks/create-webhooks.ts'
import type { WebhookService } from './webhooks/webhook-service.ts'

/** Where a server can be reached and where its data lies. */
export type Addresses = {
  /** Address (http) for browsers on this machine. */
  readonly localUrl: string
  /** Addresses (https) for browsers on the network, the best first; empty when https is off. */
  readonly networkUrls: readonly string[]
  /** SHA-256 of the https certificate, hex with colons, to compare in the browser; undefined when https is off. */
  readonly certificateSha256: string | undefined
  /** Ports of the media workers, rising (0: chosen by the system). */
  readonly mediaPorts: readonly number[]
  /** Whether media is served over TCP besides UDP. */
  readonly mediaTcp: boolean
  /** Absolute path. */
  readonly dataDir: string
}

/** A Sangam server. Made by {@link createServer}. */
export type Sangam = {
  /** The settings in force. */
  readonly settings: Settings
  /** Makes tokens for an application's users. */
  readonly tokens: {
    /**
     * Issues a signed token (a compact JWS) for one person.
     * @throws TypeError when the request does not fit
     */
    readonly issue: (request: TokenRequest) => Promise<string>
  }
  /** Rooms and the people in them, for the application's backend. @throws Error before `listen()` */
  readonly rooms: RoomsApi
  /** The policy's dry run: who may do what where, and why. @throws Error before `listen()` */
  readonly policy: PolicyApi
  /** Reports, export and erasure of people, slow mode and retention. Once `listen()` resolved. */
  readonly care: CareApi
  /** The media workers, for whoever operates the server. */
  readonly media: {
    /** All of them; empty before `listen()`. */
    readonly workers: () => readonly MediaWorkerState[]
    /** Has a worker take nobody and its participants move to the others, without joining again. @throws RangeError */
    readonly drain: (index: number) => void
    /** Has it take people again. @throws RangeError */
    readonly undrain: (index: number) => void
  }
  /** Prometheus registry with the server's metrics (also at `/metrics`). */
  readonly metrics: Registry
  /** Where it can be reached; complete once `listen()` resolved. */
  readonly addresses: Addresses
  /**
   * Starts the media workers and listens.
   * @param port of http, instead of the setting `port`
   * @throws StartError that says in one sentence what is wrong
   */
  readonly listen: (port?: number) => Promise<Addresses>
  /** Tells clients, ends calls and rooms, stores what waits, and releases ports, processes and files. Safe to call twice. */
  readonly close: () => Promise<void>
}

/** What a server is made of, apart from its settings. */
export type Foundation = {
  readonly settings: Settings
  readonly engine: unknown
  readonly network: LocalAddresses
  readonly log: Logger
  readonly now: Clock
  /** Opens the chat's store instead of the one that the settings name. */
  readonly openStore: (() => Promise<ChatStore>) | undefined
  /** Where pages of links may be fetched from, instead of the public web. */
  readonly previewTarget: TargetCheck | undefined
}

/** What lasts, in its parts. */
type Stores = { readonly chat: ChatStore; readonly rooms: RoomStore; readonly records: RecordStore }

type Lifecycle = 'created' | 'listening' | 'closed'

/** The running whole: what it opened, in the order in which it must be released. */
export class SangamServer implements Sangam {
  readonly settings: Settings
  readonly tokens: Tokens
  readonly #foundation: Foundation
  readonly #dataDir: string
  readonly #store: ChatStore
  readonly #roomStore: RoomStore
  readonly #records: RecordStore
  #files: Files | undefined
  #webhooks: WebhookService | undefined
  readonly #secret: Uint8Array
  readonly #erased: ErasedPeople
  readonly #unlock: () => void
  readonly #metrics: Metrics
  readonly #counts = new MediaCounts()
  readonly #app: FastifyInstance
  #https: HttpsServer | undefined
  #workers: MediaWorkers | undefined
  #parts: Parts | undefined
  #certificate: Certificate | undefined
  #ports = { http: 0, https: 0 }
  #lifecycle: Lifecycle = 'created'
  #closing: Promise<void> | undefined

  private constructor(foundation: Foundation, dataDir: string, stores: Stores, unlock: () => void) {
    this.#foundation = foundation
    this.#unlock = unlock
    this.#dataDir = dataDir
    this.#store = stores.chat
    this.#roomStore = stores.rooms
    this.#records = stores.records
    this.#secret = loadTokenSecret(dataDir)
    this.settings = foundation.settings
    this.#metrics = createMetrics()
    const { now } = foundation
    this.#erased = new ErasedPeople(stores.records, this.#secret, now)
    this.tokens = createTokens({
      secret: this.#secret,
      hasErased: (identity, issuedAtMs) => this.#erased.hasErased(identity, issuedAtMs),
      guestsSeeOthers: this.settings.guestDirectory,
      tokenTtlSeconds: this.settings.tokenTtlSeconds,
      guestTokenTtlSeconds: this.settings.guestTokenTtlSeconds,
      now,
    })
    this.#app = Fastify({ logger: false, bodyLimit: 16 * 1024, forceCloseConnections: true })
  }

  /** @throws StartError `dataDirReadOnly`, `dataDirInUse`, `storeUnavailable` */
  static async open(foundation: Foundation): Promise<SangamServer> {
    const dataDir = openDataFolder(foundation.settings.dataDir)
    const unlock = lockDataFolder(dataDir)
    let stores: Stores | undefined
    try {
      stores = await openStores(foundation, dataDir)
      return new SangamServer(foundation, dataDir, stores, unlock)
    } catch (error) {
      if (stores !== undefined) await closeAll(Object.values(stores))
      unlock()
      throw error
    }
  }

  get media(): Sangam['media'] {
    const at = (index: number): MediaWorkers => {
      if (this.#workers === undefined) throw new RangeError(`there is no media worker ${index}`)
      return this.#workers
    }
    return {
      workers: () => this.#workers?.states() ?? [],
      drain: (index) => at(index).drain(index),
      undrain: (index) => at(index).undrain(index),
    }
  }

  get metrics(): Registry {
    return this.#metrics.registry
  }

  get rooms(): RoomsApi {
    return this.#connected().rooms
  }

  get care(): CareApi {
    return this.#connected().care
  }

  get policy(): PolicyApi {
    return this.#connected().policy
  }

  #connected(): Parts {
    if (this.#parts === undefined) throw new Error('The server knows its rooms once listen() resolved.')
    return this.#parts
  }

  get addresses(): Addresses {
    const { network, settings } = this.#foundation
    const names = [...settings.announcedAddress, ...network.lan]
    const httpHost =
      settings.host === '0.0.0.0' || settings.host === '127.0.0.1' ? 'localhost' : settings.host
    return {
      localUrl: `http://${httpHost}:${this.#ports.http}`,
      networkUrls:
        this.#https === undefined ? [] : names.map((name) => `https://${name}:${this.#ports.https}`),
      certificateSha256: this.#certificate?.fingerprint,
      mediaTcp: settings.mediaTcp,
      mediaPorts: Array.from({ length: settings.mediaWorkers }, (_, index) =>
        settings.mediaPort === 0 ? 0 : settings.mediaPort + index,
      ),
      dataDir: this.#dataDir,
    }
  }

  async listen(port?: number): Promise<Addresses> {
    if (this.#lifecycle !== 'created') throw new Error('listen() was called before, or after close()')
    this.#lifecycle = 'listening'
    try {
      await this.#start(port ?? this.settings.port)
    } catch (error) {
      await this.close()
      throw error
    }
    const { localUrl, networkUrls } = this.addresses
    this.#foundation.log.info({ localUrl, networkUrls }, 'listening')
    return this.addresses
  }

  close(): Promise<void> {
    this.#closing ??= this.#release()
    return this.#closing
  }

  async #start(port: number): Promise<void> {
    const { settings, network, log, now } = this.#foundation
    this.#workers = new MediaWorkers({
      engine: settings.mediaWorkers === 0 ? noEngine : this.#engine(),
      count: settings.mediaWorkers,
      mediaPort: settings.mediaPort,
      mediaTcp: settings.mediaTcp,
      nice: settings.mediaNice,
      addresses: network,
      announced: settings.announcedAddress,
      roomSpread: settings.roomSpread,
      log,
      onDied: this.#metrics.workerDied,
    })
    const workersStarted = this.#workers.start()
    // Both may fail; what fails first is told, and the other must not go unheard.
    workersStarted.catch(() => undefined)
    await this.#prepareHttp(this.#workers)
    if (settings.httpsPort !== 'off') {
      const names = ['localhost', ...network.loopback, ...network.lan, ...settings.announcedAddress]
      this.#certificate = await loadCertificate(settings, this.#dataDir, [...new Set(names)], now())
      this.#https = createHttpsTwin(this.#app.server, this.#certificate)
    }
    await workersStarted
    this.#ports.http = await listenHttp(this.#app.server, settings.host, port)
    if (this.#https !== undefined && settings.httpsPort !== 'off') {
      this.#ports.https = await listenHttps(this.#https, settings.httpsHost, settings.httpsPort)
    }
  }

  #engine(): Engine {
    try {
      return engineOf(this.#foundation.engine)
    } catch (cause) {
      throw startErrors.engineUnavailable(cause)
    }
  }

  async #prepareHttp(workers: MediaWorkers): Promise<void> {
    const { settings, log, now } = this.#foundation
    const app = this.#app
    app.addHook('onRequest', (request, reply, done) => {
      reply.headers(securityHeaders)
      const { origin } = request.headers
      if (
        origin !== undefined &&
        (settings.allowedOrigins.includes('*') || settings.allowedOrigins.includes(origin))
      ) {
        reply.headers({
          'access-control-allow-origin': origin,
          'access-control-allow-headers': 'authorization, content-type, upload-offset',
          'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
          vary: 'origin',
        })
        if (request.method === 'OPTIONS') {
          reply.code(204).send()
          return
        }
      }
      done()
    })
    app.setErrorHandler((error, _request, reply) =>
      answerHttpError(error, reply, (internal) => {
        const errorId = randomBytes(6).toString('hex')
        log.error({ err: internal, errorId }, 'an HTTP request failed')
        return errorId
      }),
    )
    addOperatorApi(app, { secret: this.#secret, now, media: this.media, policy: () => this.policy })
    addApi(app, {
      settings,
      tokens: this.tokens,
      metrics: this.#metrics,
      now,
      problem: () =>
        workers.size < settings.mediaWorkers
          ? `${settings.mediaWorkers - workers.size} media workers are down`
          : undefined,
    })
    this.#files = createFiles({
      settings,
      dataDir: this.#dataDir,
      secret: this.#secret,
      store: this.#store,
      records: this.#records,
      now,
      log,
    })
    addFileRoutes(app, this.#files.service, this.tokens)
    const store = this.#store
    addExportRoute(app, {
      store,
      tokens: this.tokens,
      checkMayChatIn: (person, roomId) => this.#connected().checkMayChatIn(person, roomId),
    })
    addOwnDataRoutes(app, {
      tokens: this.tokens,
      mayErase: settings.selfErasure,
      rateLimitFactor: settings.rateLimitFactor,
      uptime: risingClock(now),
      ownData: () => this.#connected().ownData,
    })
    const records = this.#records
    this.#webhooks = createWebhooks({ settings, store, records, now, log })
    const push = new PushService({
      records,
      now,
      log,
      contact: settings.pushContact,
      post: createOutbound({ allowPrivate: settings.outboundPrivate }),
    })
    await push.start()
    await this.#webhooks?.start()
    await serveWebApp(app, settings.webDir)
    await app.ready()
    this.#parts = connectParts({
      httpServer: app.server,
      settings,
      tokens: this.tokens,
      erased: this.#erased,
      store: this.#store,
      files: this.#files.service,
      records,
      push,
      webhooks: this.#webhooks,
      roomStore: this.#roomStore,
      secret: this.#secret,
      metrics: this.#metrics,
      workers,
      counts: this.#counts,
      log,
      now,
      previewTarget: this.#foundation.previewTarget,
    })
    await this.#parts.start()
  }

  async #release(): Promise<void> {
    const wasListening = this.#lifecycle === 'listening'
    this.#lifecycle = 'closed'
    this.#parts?.close()
    await closeServer(this.#https)
    await closeServer(this.#app.server)
    await this.#app.close()
    this.#workers?.close()
    await this.#webhooks?.close()
    await this.#store.close()
    this.#files?.close()
    await this.#roomStore.close()
    await this.#records.close()
    this.#unlock()
    if (wasListening) this.#foundation.log.info('closed')
  }
}

const noEngine: Engine = {
  createWorker: () => Promise.reject(new Error('rooms are switched off')),
}

type Closable = { readonly close: () => Promise<void> }

const closeAll = async (stores: readonly Closable[]): Promise<void> => {
  for (const store of stores) await store.close()
}

/** Opens all stores at once. When one does not open, the others close again. @throws StartError `storeUnavailable` */
const openStores = async (
  { settings: { databaseUrl }, openStore }: Foundation,
  dataDir: string,
): Promise<Stores> => {
  const place = storePlace(databaseUrl, join(dataDir, 'sangam.db'))
  const named = <Store>(file: string, opening: Promise<Store>): Promise<Store> =>
    opening.catch((cause: unknown) => {
      throw startErrors.storeUnavailable(databaseUrl === '' ? join(dataDir, file) : place.name, cause)
    })
  const [chat, rooms, records] = await Promise.allSettled([
    named('sangam.db', (openStore ?? place.open)()),
    named('rooms.db', openRoomStore(databaseUrl, join(dataDir, 'rooms.db'))),
    named('records.db', openRecordStore(databaseUrl, join(dataDir, 'records.db'))),
  ])
  if (chat.status === 'fulfilled' && rooms.status === 'fulfilled' && records.status === 'fulfilled') {
    return { chat: chat.value, rooms: rooms.value, records: records.value }
  }
  const openings = [chat, rooms, records]
  await closeAll(openings.flatMap((one): Closable[] => (one.status === 'fulfilled' ? [one.value] : [])))
  throw openings.find((one) => one.status === 'rejected')?.reason
}
