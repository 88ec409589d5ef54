import type { LossyPayload, PayloadOf, Participant as WireParticipant } from '@sangam/protocol'
import type {
  DeviceOptions,
  JoinOptions,
  MediaStats,
  Participant,
  Reaction,
  ReceiveWishes,
  Room,
  RoomCloseReason,
  RoomEvents,
  RoomMethodHandler,
  RoomModeration,
  RoomPermission,
  RoomRulesEvents,
  RoomSnapshot,
  RoomState,
  Store,
  TrackSource,
} from '../api.ts'
import type { Signalling } from '../connection/signalling.ts'
import type { SangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import type { StatsRecord, StreamOwner } from '../media/stats.ts'
import { StatsPoller } from '../media/stats-poller.ts'
import type { TrackHandle } from '../media/track.ts'
import type { PeerPlatform } from '../peer/peer-connection.ts'
import { WritableStore } from '../store.ts'
import { LocalDevices } from './local-devices.ts'
import { MediaSupervisor } from './media-supervisor.ts'
import { type Joined, Membership } from './membership.ts'
import { participantView } from './participants.ts'
import { Publications } from './publications.ts'
import { ROOM_NOTICES, type RoomNotice, rosterStepOf } from './room-notices.ts'
import { NO_RULES, RoomRules } from './room-rules.ts'
import { EMPTY_ROSTER, type Roster, type RosterStep, syncRoster, withChange } from './roster.ts'
import { SpeakerWatch } from './speaker-watch.ts'
import { Subscriptions } from './subscriptions.ts'
import { ViewWatch } from './view-watch.ts'

/** Events of the rules that are told as they come. */
const PASSED_ON = [
  'settingsChanged',
  'lobbyChanged',
  'unmuteAllowed',
  'stageInvited',
  'endingSoon',
  'reaction',
  'message',
] as const

/** A room that this device is in: joins its parts (membership, roster, what is sent, what is received) into one. */
export class RoomHandle extends TypedEmitter<RoomEvents> implements Room {
  readonly roomId: string
  readonly state: WritableStore<RoomSnapshot>
  readonly #participants = new WritableStore<readonly Participant[]>([])
  readonly moderation: RoomModeration
  readonly #membership: Membership
  readonly #rules: RoomRules
  readonly #publications: Publications
  readonly #devices: LocalDevices
  readonly #subscriptions: Subscriptions
  readonly #speakerWatch: SpeakerWatch
  readonly #poller: StatsPoller
  readonly #stops: (() => void)[] = []
  readonly #viewWatch: ViewWatch
  readonly #supervisor: MediaSupervisor
  #participantId = ''
  #self: WireParticipant | undefined
  #roster: Roster = EMPTY_ROSTER
  #notices: RoomNotice[] = []
  #settled = false

  private constructor(
    signalling: Signalling,
    roomId: string,
    options: JoinOptions,
    platform: PeerPlatform | undefined,
  ) {
    super()
    this.roomId = roomId
    this.#membership = new Membership(signalling, roomId, options)
    this.#rules = new RoomRules(signalling, roomId, this.#membership.request)
    this.moderation = this.#rules.moderation
    this.#publications = new Publications(this.#membership.request)
    this.#devices = new LocalDevices(roomId, this.#publications)
    this.#subscriptions = new Subscriptions()
    this.state = new WritableStore<RoomSnapshot>({
      roomId,
      name: options.name ?? roomId,
      state: 'reconnecting',
      topology: 'sfu',
      topologyReason: '',
      participants: [],
      activeSpeakers: [],
      playbackBlocked: false,
      ...NO_RULES,
    })
    this.#speakerWatch = new SpeakerWatch(this.#publications, this.#subscriptions, (speakers) =>
      this.#handleSpeakers(speakers),
    )
    this.#poller = new StatsPoller(
      () => this.#supervisor.media?.statsSources() ?? [],
      (record) => this.#ownerOf(record),
    )
    this.#supervisor = new MediaSupervisor({
      platform,
      membership: this.#membership,
      publications: this.#publications,
      subscriptions: this.#subscriptions,
    })
    this.#viewWatch = new ViewWatch({
      adaptive: options.adaptiveStream ?? true,
      tracks: () => this.#subscriptions.tracks.filter(({ kind }) => kind === 'video'),
      send: (view) => {
        // A view that got lost is told with the next connection.
        this.#membership.request('room.setView', view, { idempotent: true }).catch(() => undefined)
      },
    })
    this.#watchParts(signalling)
  }

  /** Joins and sets media up, where there is a platform for it. Throws the server's refusal. */
  static async join(
    signalling: Signalling,
    roomId: string,
    options: JoinOptions,
    platform: PeerPlatform | undefined,
  ): Promise<RoomHandle> {
    const room = new RoomHandle(signalling, roomId, options, platform)
    try {
      await room.#settle(await room.#membership.enter(), false)
    } catch (error) {
      await room.#membership.leave()
      room.#close('rejoinFailed')
      throw error
    }
    room.#speakerWatch.start()
    room.#poller.start()
    return room
  }

  get participantId(): string {
    return this.#participantId
  }

  get participants(): Store<readonly Participant[]> {
    return this.#participants
  }

  get stats(): Store<MediaStats> {
    return this.#poller.store
  }

  setMicrophoneEnabled(enabled: boolean, options: DeviceOptions = {}): Promise<void> {
    return this.#devices.setMicrophone(enabled, options).then(() => {
      if (enabled) this.#rules.unmuted()
    })
  }

  setCameraEnabled(enabled: boolean, options: DeviceOptions = {}): Promise<void> {
    return this.#devices.setCamera(enabled, options)
  }

  setScreenShareEnabled(enabled: boolean): Promise<void> {
    return this.#devices.setScreenShare(enabled)
  }

  setReceiving(wishes: ReceiveWishes): void {
    this.#viewWatch.setWishes(wishes)
  }

  setHandRaised(raised: boolean): Promise<void> {
    return this.#rules.setHandRaised(raised)
  }

  answerStage(accept: boolean): Promise<void> {
    return this.#rules.answerStage(accept)
  }

  react(reaction: Reaction): Promise<void> {
    return this.#rules.react(reaction)
  }

  sendMessage(
    topic: string,
    payload: unknown,
    options: { readonly to?: readonly string[] } = {},
  ): Promise<number> {
    return this.#rules.sendMessage(topic, payload, options.to)
  }

  invoke(
    to: string,
    method: string,
    payload: unknown = null,
    options: { readonly timeoutMs?: number } = {},
  ): Promise<unknown> {
    return this.#rules.invoke(to, method, payload, options.timeoutMs)
  }

  handle(method: string, handler: RoomMethodHandler): () => void {
    return this.#rules.handle(method, handler)
  }

  sendLossy(topic: string, payload: LossyPayload): boolean {
    return this.#supervisor.sendLossy({ topic, payload })
  }

  async resumePlayback(): Promise<void> {
    this.#patch({ playbackBlocked: false })
    await this.#subscriptions.resumePlayback()
  }

  async leave(): Promise<void> {
    if (this.#closed) return
    const left = this.#membership.leave()
    this.#close('left')
    await left
  }

  /** The session ends: everything stops, without a word to the server, whose connection goes too. */
  endWithSession(): void {
    this.#membership.close()
    this.#close('sessionClosed')
  }

  get #closed(): boolean {
    return this.state.get().state === 'closed'
  }

  #watchParts(signalling: Signalling): void {
    for (const name of ROOM_NOTICES) {
      const stop = signalling.on(name, (payload) => {
        if (payload.roomId === this.roomId) this.#handleNotice({ name, payload } as RoomNotice)
      })
      this.#stops.push(stop)
    }
    this.#watchRules()
    this.#membership.on('interrupted', () => {
      // As long as media flows nobody hears of it.
      if (!this.#supervisor.flowing) this.#setState('reconnecting')
    })
    this.#membership.on('joined', (joined, resumed) => void this.#settleAgain(joined, resumed))
    this.#membership.on('refused', (error) => this.#close('rejoinFailed', error))
    this.#supervisor.on('flowing', (flowing) => {
      if (this.#settled) this.#setState(flowing ? 'joined' : 'reconnecting')
    })
    this.#supervisor.on('data', (message) => this.emit('data', message))
    this.#supervisor.on('failed', (error) => this.#close('rejoinFailed', error))
    this.#publications.on('changed', () => this.#publish())
    this.#publications.on('ended', (source) => this.emit('localTrackEnded', source))
    this.#subscriptions.on('changed', () => this.#publish())
    this.#subscriptions.on('shown', () => this.#viewWatch.refresh())
    this.#subscriptions.on('playbackBlocked', () => {
      this.#patch({ playbackBlocked: true })
      this.emit('playbackBlocked')
    })
    this.#subscriptions.on('subscribed', (track, id) => this.#tellOfTrack('trackSubscribed', track, id))
    this.#subscriptions.on('unsubscribed', (track, id) => this.#tellOfTrack('trackUnsubscribed', track, id))
  }

  #watchRules(): void {
    const rules = this.#rules
    this.#stops.push(
      rules.state.subscribe(() => this.#patch(rules.state.get())),
      () => rules.close(),
    )
    rules.on('roleChanged', (change) => {
      this.emit('roleChanged', change)
      this.#stopForbidden(change.permissions)
    })
    rules.on('muted', (muting) => {
      this.emit('muted', muting)
      this.#stopMuted(muting.source).catch(() => undefined)
    })
    for (const name of PASSED_ON) {
      rules.on(name, (...values: RoomRulesEvents[typeof name]) => this.emit(name, ...(values as never)))
    }
  }

  /** Lets go of the device that a moderator muted or stopped; the server has done its part. */
  async #stopMuted(source: TrackSource): Promise<void> {
    if (source === 'microphone') await this.#devices.setMicrophone(false, {})
    else if (source === 'camera') await this.#devices.setCamera(false, {})
    else await this.#devices.setScreenShare(false)
  }

  /** Lets go of devices whose streams the role no longer allows. */
  #stopForbidden(permissions: readonly RoomPermission[]): void {
    for (const source of ['microphone', 'camera', 'screen', 'screenAudio'] as const) {
      if (permissions.includes(source === 'screenAudio' ? 'screen' : source)) continue
      const publications = this.#publications
      void publications.inTurn(source, () => publications.unpublish(source)).catch(() => undefined)
    }
  }

  /** Brings everything in line with what the server answered to a join. */
  async #settle(joined: Joined, resumed: boolean): Promise<void> {
    const { name, topology, topologyReason, participantId } = joined
    this.#participantId = participantId
    this.#self = joined.participants.find((one) => one.participantId === participantId)
    this.#patch({ name, topology, topologyReason })
    this.#rules.settle(joined)
    this.#membership.open()
    this.#apply(
      syncRoster(
        this.#roster,
        joined.participants.filter((one) => one !== this.#self),
      ),
    )
    this.#publications.honourMutings(this.#self?.tracks ?? [])
    const keep = resumed && this.#supervisor.holds(joined.media?.transportId)
    // Whether an older one is gone may have been said while nobody listened.
    this.#supervisor.handleTransportClosed()
    if (keep) this.#supervisor.media?.keepOnly(joined.media?.consumerIds ?? [])
    this.#settled = true
    for (const notice of this.#notices.splice(0)) this.#handleNotice(notice)
    this.#viewWatch.forget()
    if (keep) {
      await this.#publications.reconcile(this.#self?.tracks ?? [])
      if (this.#supervisor.flowing) this.#setState('joined')
    } else {
      await this.#supervisor.open(participantId, joined.routerRtpCapabilities)
      this.#setState('joined')
    }
  }

  async #settleAgain(joined: Joined, resumed: boolean): Promise<void> {
    try {
      await this.#settle(joined, resumed)
    } catch (caught) {
      this.#supervisor.handleTrouble(caught)
    }
  }

  #handleNotice(notice: RoomNotice): void {
    if (this.#closed) return
    if (notice.name === 'room.closed') {
      this.#handleRoomClosed(notice.payload.reason)
      return
    }
    // What comes while a join is on its way may be newer than its answer: it is taken after it.
    if (!this.#settled || this.#membership.joining) {
      this.#notices.push(notice)
      return
    }
    if (notice.name === 'room.topologyChanged') {
      const { from, to, reason } = notice.payload
      this.#patch({ topology: to, topologyReason: reason })
      this.emit('topologyChanged', { from, to, reason })
    } else if (!this.#handleMediaNotice(notice)) {
      this.#followSelf(notice)
      const step = rosterStepOf(this.#roster, notice, this.#participantId)
      if (step) this.#apply(step)
    }
  }

  /** Whether the notice was one of media. */
  #handleMediaNotice({ name, payload }: RoomNotice): boolean {
    switch (name) {
      case 'room.consumersAdded':
        void this.#supervisor.media?.handleConsumersAdded(payload)
        return true
      case 'room.consumersRemoved':
        this.#supervisor.media?.handleConsumersRemoved(payload.consumerIds)
        return true
      case 'room.streamStates':
        this.#subscriptions.handleStreamStates(payload.states)
        return true
      case 'room.layersWanted':
        this.#publications.handleLayersWanted(payload.producerId, payload.spatialLayer)
        return true
      case 'room.mediaMoved':
        if (payload.reason === 'drained') void this.#supervisor.move(payload.transport)
        else void this.#supervisor.reopen(payload.transport)
        return true
      case 'room.transportClosed':
        this.#supervisor.handleTransportClosed(payload.transportId)
        return true
      default:
        return false
    }
  }

  /** One's own role and hand: oneself stands apart from the roster. */
  #followSelf(notice: RoomNotice): void {
    if (notice.name !== 'room.participantChanged' || this.#self === undefined) return
    if (notice.payload.participantId !== this.#participantId) return
    this.#self = withChange(this.#self, notice.payload)
    this.#publish()
  }

  #handleRoomClosed(reason: PayloadOf<'room.closed'>['reason']): void {
    if (reason !== 'serverStopping') {
      this.#membership.close()
      this.#close(reason)
    }
  }

  #apply({ roster, changes }: RosterStep): void {
    const gone = changes.left.map((person) => this.#view(person))
    for (const { track } of changes.unpublished) this.#subscriptions.remove(track.producerId)
    this.#roster = roster
    for (const { participantId, track } of changes.published) this.#subscriptions.add(participantId, track)
    for (const { track } of changes.pausedChanged)
      this.#subscriptions.setPaused(track.producerId, track.paused)
    this.#publish()
    for (const { participantId } of changes.joined) {
      const participant = this.#find(participantId)
      if (participant) this.emit('participantJoined', participant)
    }
    for (const participant of gone) this.emit('participantLeft', participant)
  }

  #handleSpeakers(speakers: readonly string[]): void {
    this.#patch({ activeSpeakers: speakers })
    this.#publish()
    this.emit('activeSpeakersChanged', speakers)
  }

  #tellOfTrack(
    event: 'trackSubscribed' | 'trackUnsubscribed',
    track: TrackHandle,
    participantId: string,
  ): void {
    // Looked up first: with somebody who left, the participant goes before the track is told of.
    const before = this.#find(participantId)
    this.#publish()
    const participant = this.#find(participantId) ?? before
    if (participant) this.emit(event, track, participant)
  }

  #publish(): void {
    const others = [...this.#roster.values()]
    const everybody = this.#self ? [this.#self, ...others] : others
    const views = everybody.map((person) => this.#view(person))
    const before = this.#participants.get()
    if (views.length === before.length && views.every((view, index) => view === before[index])) return
    this.#participants.set(views)
    this.#patch({ participants: views })
  }

  #view(person: WireParticipant): Participant {
    const local = person.participantId === this.#participantId
    const tracks = local ? this.#publications.tracks : this.#subscriptions.tracksOf(person.participantId)
    const speaking = this.state.get().activeSpeakers.includes(person.participantId)
    return participantView({ person, local, tracks, speaking }, this.#find(person.participantId))
  }

  #find(participantId: string): Participant | undefined {
    return this.#participants.get().find((one) => one.participantId === participantId)
  }

  #ownerOf(record: StatsRecord): StreamOwner | undefined {
    const upload = record.type === 'outbound-rtp'
    const track = upload
      ? this.#publications.trackByMid(record.mid)
      : this.#subscriptions.trackByMediaId(record.trackIdentifier)
    return track && { trackId: track.trackId, participantId: track.participantId }
  }

  #setState(state: RoomState): void {
    if (this.#closed || this.state.get().state === state) return
    if (state === 'reconnecting' && !this.#settled) return
    this.#patch({ state })
    this.emit('stateChanged', state)
  }

  #close(closeReason: RoomCloseReason, error?: SangamError): void {
    if (this.#closed) return
    this.#patch({ state: 'closed', closeReason, ...(error === undefined ? {} : { error }) })
    this.#membership.close()
    for (const stop of this.#stops) stop()
    this.#speakerWatch.stop()
    this.#poller.stop()
    this.#viewWatch.close()
    this.#supervisor.close()
    this.#publications.close()
    this.#subscriptions.close()
    this.emit('stateChanged', 'closed')
    this.emit('closed', closeReason)
  }

  #patch(change: Partial<RoomSnapshot>): void {
    this.state.update((snapshot) => ({ ...snapshot, ...change }))
  }
}
