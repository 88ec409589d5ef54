import type {
  CacheStore,
  Call,
  CallOptions,
  ConnectionSnapshot,
  Conversation,
  ConversationSummary,
  JoinOptions,
  Knock,
  NewConversation,
  OutboxStore,
  Person,
  PushOptions,
  Room,
  RoomSummary,
  SearchOptions,
  SearchResult,
  Session,
  SessionEvents,
  SettablePresence,
  Store,
  Upload,
  UploadOptions,
} from '../api.ts'
import { BROWSER_MEDIA } from '../calls/call.ts'
import { CallCenter } from '../calls/call-center.ts'
import { ChatCache } from '../chat/chat-cache.ts'
import { Conversations } from '../chat/conversations.ts'
import { Outbox } from '../chat/outbox.ts'
import type { Connection, Greeting } from '../connection/connection.ts'
import { errors, isSangamError, type SangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import type { AuthorizedHttp } from '../files/authorized-http.ts'
import { Files } from '../files/files.ts'
import { browserPlatform, type PeerPlatform } from '../peer/peer-connection.ts'
import { subscribeToPush, unsubscribeFromPush } from '../push/push.ts'
import { KnockHandle } from '../rooms/knock.ts'
import { RoomHandle } from '../rooms/room.ts'
import { People } from './people.ts'
import { RoomList } from './room-list.ts'

/** What a session stands on besides its connection. */
export interface SessionParts {
  readonly outbox: OutboxStore
  readonly cache: CacheStore
  readonly http: AuthorizedHttp
  /** Forgets the credentials that this device keeps. */
  readonly forgetCredentials: () => void
  readonly platform?: PeerPlatform | undefined
}

/** One person on this device: owns the nouns and tells them when the connection is new. */
export class SessionHandle extends TypedEmitter<SessionEvents> implements Session {
  readonly identity: string
  readonly name: string
  readonly #connection: Connection
  readonly #outbox: Outbox
  readonly #people: People
  readonly #files: Files
  readonly #http: AuthorizedHttp
  readonly #conversations: Conversations
  readonly #roomList: RoomList
  readonly #callCenter: CallCenter
  readonly #cache: ChatCache
  readonly #platform: PeerPlatform | undefined
  readonly #forgetCredentials: () => void
  readonly #rooms = new Map<string, Promise<RoomHandle>>()
  #status: SettablePresence = 'online'
  /** Calls that rang before the application could listen. */
  #early: Call[] | undefined = []
  #closing: Promise<void> | undefined
  /** Whether nothing of this person may stay on this device. */
  #forgets = false

  constructor(
    connection: Connection,
    greeting: Pick<Greeting, 'identity' | 'name'>,
    { outbox, cache, http, forgetCredentials, platform = browserPlatform() }: SessionParts,
  ) {
    super()
    this.#forgetCredentials = forgetCredentials
    this.#platform = platform
    this.#cache = new ChatCache(cache, greeting.identity)
    this.identity = greeting.identity
    this.name = greeting.name
    this.#connection = connection
    this.#http = http
    this.#files = new Files(http)
    this.#outbox = new Outbox(connection, outbox, greeting.identity)
    this.#people = new People(connection, greeting.identity)
    this.#conversations = new Conversations(connection, this.#outbox, greeting, this.#cache)
    this.#roomList = new RoomList(connection)
    this.#callCenter = new CallCenter({ signalling: connection, ...BROWSER_MEDIA }, this.#people)
    this.#conversations.on('message', (message) => this.emit('message', message))
    this.#callCenter.on('incomingCall', (call) => this.#announce(call))
    connection.on('server.stopping', () => this.emit('serverStopping'))
    connection.onOnline(() => this.#resume())
    connection.onClosed((error) => void this.#end(error))
    connection.release()
  }

  get connection(): Store<ConnectionSnapshot> {
    return this.#connection.state
  }

  get people(): Store<readonly Person[]> {
    return this.#people.store
  }

  get conversationList(): Store<readonly ConversationSummary[]> {
    return this.#conversations.list
  }

  get rooms(): Store<readonly RoomSummary[]> {
    return this.#roomList.store
  }

  get calls(): Store<readonly Call[]> {
    return this.#callCenter.calls
  }

  /** Fills the lists and takes up what an earlier page left unsent. */
  async begin(): Promise<void> {
    await Promise.all([this.#conversations.restore(), this.#outbox.load()])
    if (this.#connection.online) {
      await Promise.all([this.#people.refresh(), this.#roomList.refresh(), this.#conversations.resume()])
    }
    // A macrotask: whoever awaits this session can add listeners first.
    setTimeout(() => {
      const early = this.#early ?? []
      this.#early = undefined
      for (const call of early) if (call.state.get().state === 'incoming') this.emit('incomingCall', call)
    }, 0)
  }

  conversation(target: string | { readonly with: string }): Promise<Conversation> {
    return this.#conversations.open(target)
  }

  conversations(): Promise<readonly ConversationSummary[]> {
    return this.#conversations.refresh()
  }

  createConversation(options: NewConversation): Promise<Conversation> {
    return this.#conversations.create(options)
  }

  search(query: string, options: SearchOptions = {}): Promise<SearchResult> {
    return this.#conversations.search(query, options)
  }

  call(identity: string, options: CallOptions = {}): Promise<Call> {
    return this.#callCenter.start(identity, options)
  }

  join(roomId: string, options: JoinOptions = {}): Promise<Room> {
    if (this.#closing) return Promise.reject(errors.sessionClosed())
    const known = this.#rooms.get(roomId)
    if (known) return known
    const joining = RoomHandle.join(this.#connection, roomId, options, this.#platform)
    this.#rooms.set(roomId, joining)
    const forget = (): void => {
      if (this.#rooms.get(roomId) === joining) this.#rooms.delete(roomId)
    }
    joining.then((room) => room.on('closed', forget), forget)
    return joining
  }

  knock(roomId: string, options: { readonly invite?: string } = {}): Promise<Knock> {
    if (this.#closing) return Promise.reject(errors.sessionClosed())
    return KnockHandle.at(this.#connection, roomId, options.invite)
  }

  async setStatus(status: SettablePresence): Promise<void> {
    this.#status = status
    await this.#connection.request('presence.set', { status }, { idempotent: true })
  }

  async exportConversation(conversationId: string, format: 'json' | 'html'): Promise<Blob> {
    const path = `/conversations/${encodeURIComponent(conversationId)}/export?format=${format}`
    const text = await this.#http.read({ method: 'GET', path })
    return new Blob([text], { type: format === 'json' ? 'application/json' : 'text/html' })
  }

  async enablePush(registration: ServiceWorkerRegistration, options: PushOptions = {}): Promise<void> {
    await subscribeToPush(this.#connection, registration, options)
  }

  async disablePush(registration: ServiceWorkerRegistration): Promise<void> {
    await unsubscribeFromPush(this.#connection, registration)
  }

  async block(identity: string, on: boolean): Promise<void> {
    await this.#connection.request('person.block', { identity, on }, { idempotent: true })
  }

  async blocked(): Promise<readonly string[]> {
    return (await this.#connection.request('person.blocked', {}, { idempotent: true })).identities
  }

  async report(identity: string, reason: string): Promise<void> {
    await this.#connection.request('person.report', { identity, reason }, { idempotent: true })
  }

  upload(conversationId: string, file: Blob, options: UploadOptions = {}): Upload {
    return this.#files.upload(conversationId, file, options)
  }

  fileUrl(fileId: string, variant: 'content' | 'thumbnail' = 'content'): Promise<string> {
    return this.#files.urlOf(fileId, variant)
  }

  async exportOwnData(): Promise<Blob> {
    const text = await this.#http.read({ method: 'GET', path: '/me/export' })
    return new Blob([text], { type: 'application/json' })
  }

  async eraseOwnData(): Promise<void> {
    const { identity } = this
    const headers = { 'content-type': 'application/json' }
    await this.#http.ask({ method: 'DELETE', path: '/me', headers, body: JSON.stringify({ identity }) })
    // The server has said so to every connection; this one may have been away.
    this.#connection.close(errors.erased())
    await this.#closing
  }

  async close({ forget = false }: { readonly forget?: boolean } = {}): Promise<void> {
    this.#forgets ||= forget
    if (this.#closing === undefined) {
      await this.#callCenter.close()
      await Promise.allSettled([...this.#rooms.values()].map(async (room) => (await room).leave()))
      this.#connection.close()
    }
    await this.#closing
  }

  #announce(call: Call): void {
    if (this.#early) this.#early.push(call)
    else this.emit('incomingCall', call)
  }

  #resume(): void {
    if (this.#connection.greeting?.identity !== this.identity) {
      // Begun without the server, and in the name of somebody else: nothing of it may be shown to them.
      this.#connection.close(errors.sessionClosed())
      return
    }
    void this.#people.refresh()
    void this.#roomList.refresh()
    void this.#conversations.resume()
    // The server knows a new connection as online.
    if (this.#status !== 'online') void this.setStatus(this.#status).catch(() => {})
  }

  #end(error: SangamError | undefined): Promise<void> {
    this.#closing ??= this.#finish(error)
    return this.#closing
  }

  async #finish(error: SangamError | undefined): Promise<void> {
    this.#conversations.close()
    await this.#callCenter.close()
    for (const joining of this.#rooms.values()) joining.then((room) => room.endWithSession()).catch(() => {})
    this.emit('closed', error)
    this.removeAll()
    const forget = this.#forgets || isSangamError(error, 'erased')
    if (forget) this.#forgetCredentials()
    await this.#outbox.close({ forget })
    await this.#cache.close({ forget })
  }
}
