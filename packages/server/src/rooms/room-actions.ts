import type { Moderator, RoomSettings, TrackSource } from '@sangam/protocol'
import type { Clock } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import type { LiveRoom, LiveRooms } from './live-rooms.ts'
import type { RecordBook } from './record-book.ts'
import { type Member, seatOf } from './room.ts'
import type { RoomLobby } from './room-lobby.ts'
import type { RoomNotices } from './room-notices.ts'
import type { RoomService } from './room-service.ts'
import type { RoomTracks } from './room-tracks.ts'

/** What {@link RoomActions} needs. */
export type RoomActionsOptions = {
  readonly rooms: RoomService
  readonly live: LiveRooms
  readonly notices: RoomNotices
  readonly tracks: RoomTracks
  readonly lobby: RoomLobby
  readonly book: RecordBook
  readonly now: Clock
  /** Takes somebody out of a room's own chat. */
  readonly leaveChat: (roomId: string, identity: string) => Promise<void>
}

/** Most people who are banned from one room. */
const mostBanned = 1000

/** What a change of the settings may hold. */
export type SettingsChange = { readonly [Name in keyof RoomSettings]?: RoomSettings[Name] | undefined }

/**
 * What is done to rooms and the people in them, whoever asked for it: a moderator, whom {@link RoomModeration} checked, or
 * the application. Everything takes effect at once; a promise resolves when it is stored.
 */
export class RoomActions {
  readonly #options: RoomActionsOptions

  constructor(options: RoomActionsOptions) {
    this.#options = options
  }

  /** Pauses somebody's microphone, and remembers it. Gives whether there was anything to pause. */
  async mute(live: LiveRoom, member: Member, by: Moderator): Promise<boolean> {
    const { room } = live
    const { book, now } = this.#options
    const changes = room.record.setMuted(member.identity, member.name, 'microphone', true, now())
    const open = [...member.tracks.values()].filter(
      ({ source, paused }) => source === 'microphone' && !paused,
    )
    for (const { producerId } of open) {
      await live.media.controlProducer(member.participantId, producerId, 'pause')
      this.#options.tracks.paused({ ...live, member }, producerId, true, by.name)
      this.#tellMuted(live, member, producerId, 'microphone', by)
    }
    await book.save(room.roomId, changes)
    return open.length > 0
  }

  /** Lets somebody unmute themselves who was muted, and asks them to. */
  async allowUnmute({ room }: LiveRoom, member: Member, by: Moderator): Promise<void> {
    const { notices, book, now } = this.#options
    const { roomId, record } = room
    const changes = record.setMuted(member.identity, member.name, 'microphone', false, now())
    notices.tellOne(room, member.participantId, 'room.unmuteAllowed', { roomId, by })
    await book.save(roomId, changes)
  }

  /** Ends somebody's camera, or their screen share with its sound. */
  async stopVideo(live: LiveRoom, member: Member, source: 'camera' | 'screen', by: Moderator): Promise<void> {
    const sources: readonly TrackSource[] = source === 'screen' ? ['screen', 'screenAudio'] : ['camera']
    for (const track of [...member.tracks.values()].filter((one) => sources.includes(one.source))) {
      await live.media.controlProducer(member.participantId, track.producerId, 'close')
      if (track.source === source) this.#tellMuted(live, member, track.producerId, source, by)
    }
  }

  /** Raises or lowers somebody's hand. */
  async setHand({ room }: LiveRoom, member: Member, raised: boolean): Promise<void> {
    const { notices, book, now } = this.#options
    if ((member.handRaisedAtMs !== undefined) === raised) return
    member.handRaisedAtMs = raised ? now() : undefined
    notices.tellOfMember(room, member)
    await book.save(room.roomId, [{ type: 'seat', seat: seatOf(member) }])
  }

  /** Offers somebody the role of a speaker. */
  inviteToStage({ room }: LiveRoom, member: Member, by: Moderator): void {
    const { roomId } = room
    member.isInvitedToStage = true
    this.#options.notices.tellOne(room, member.participantId, 'room.stageInvited', { roomId, by })
  }

  /** Answers such an offer. */
  async answerStage(live: LiveRoom, member: Member, accept: boolean): Promise<void> {
    member.isInvitedToStage = false
    if (!accept) return
    await this.setHand(live, member, false)
    await this.setRole(live, member.identity, 'speaker')
  }

  /** Gives a person a role, on all their devices, now and when they come again. */
  async setRole(live: LiveRoom, identity: string, role: string): Promise<void> {
    const { rooms, book, now } = this.#options
    const { record, roomId } = live.room
    const name = nameIn(live, identity)
    const changes = record.setRole(identity, name, role, now())
    rooms.refresh(live)
    await book.save(roomId, changes)
  }

  /** Makes one person host, and another one, who was, a co-host. */
  async transferHost(live: LiveRoom, from: string, to: string): Promise<void> {
    const { rooms, book, now } = this.#options
    const { record, roomId } = live.room
    const changes = [
      ...record.setRole(to, nameIn(live, to), 'host', now()),
      ...record.setRole(from, nameIn(live, from), 'cohost', now()),
    ]
    rooms.refresh(live)
    await book.save(roomId, changes)
  }

  /** Puts somebody out of the room. Where there is a lobby, they have to be admitted again. */
  async remove(live: LiveRoom, member: Member): Promise<void> {
    const { rooms, book, now } = this.#options
    const { record, roomId } = live.room
    const { identity, name } = member
    const changes = record.setStanding(identity, name, 'none', now())
    for (const one of live.room.membersOf(identity)) rooms.expel(live, one, 'removed')
    await book.save(roomId, changes)
  }

  /**
   * Keeps somebody out of a room, its lobby and its chat, until it is lifted.
   * @throws RequestError `tooMany`
   */
  async ban(roomId: string, identity: string, knownName?: string): Promise<void> {
    const { rooms, lobby, book, now } = this.#options
    const { record } = await book.open(roomId, roomId.slice(0, 64))
    if (record.banned().length >= mostBanned) throw requestErrors.tooMany('banned people')
    const live = this.#options.live.get(roomId)
    const name = knownName ?? (live && nameIn(live, identity)) ?? record.person(identity)?.name ?? identity
    const changes = record.setStanding(identity, name.slice(0, 64), 'banned', now())
    for (const member of live?.room.membersOf(identity) ?? []) {
      if (live !== undefined) rooms.expel(live, member, 'banned')
    }
    lobby.turnAway(roomId, identity, 'banned')
    const entry = book.get(roomId)
    if (entry !== undefined) entry.seats = entry.seats.filter((seat) => seat.identity !== identity)
    await book.save(roomId, changes)
    this.#options.live.releaseIfUnused(roomId)
    await this.#options.leaveChat(roomId, identity)
  }

  /** Lifts a ban. @throws RequestError `notFound` */
  async unban(roomId: string, identity: string): Promise<void> {
    const { book, now } = this.#options
    const { record } = await book.open(roomId, roomId.slice(0, 64))
    const person = record.person(identity)
    if (person?.standing !== 'banned') {
      this.#options.live.releaseIfUnused(roomId)
      throw requestErrors.notFound('banned person')
    }
    await book.save(roomId, record.setStanding(identity, person.name, 'none', now()))
    this.#options.live.releaseIfUnused(roomId)
  }

  /** Changes how a room is set up, whether somebody is in it or not. */
  async changeSettings(roomId: string, change: SettingsChange, name?: string): Promise<RoomSettings> {
    const { rooms, lobby, book, now } = this.#options
    const { record } = await book.open(roomId, name ?? roomId.slice(0, 64))
    const live = this.#options.live.get(roomId)
    const hadLobby = record.settings.lobby
    const changes = record.changeSettings(change, name, now())
    // Who is inside when the lobby begins has been let in.
    if (!hadLobby && record.settings.lobby) {
      for (const member of live?.room.members ?? []) {
        changes.push(...record.setStanding(member.identity, member.name, 'admitted', now()))
      }
    }
    if (live !== undefined) {
      rooms.settingsChanged(live)
      rooms.refresh(live)
    }
    const { settings } = record
    await book.save(roomId, changes)
    if (hadLobby && !settings.lobby) await lobby.clear(record, 'opened')
    this.#options.live.releaseIfUnused(roomId)
    return settings
  }

  /** Ends a room for everybody in it and in its lobby. */
  async end(roomId: string): Promise<void> {
    const { rooms, lobby, book } = this.#options
    const entry = book.get(roomId)
    if (entry !== undefined) await lobby.clear(entry.record, 'ended')
    await rooms.end(roomId, 'ended')
  }

  #tellMuted(
    { room }: LiveRoom,
    member: Member,
    producerId: string,
    source: 'microphone' | 'camera' | 'screen',
    by: Moderator,
  ): void {
    const mayUnmute =
      source !== 'microphone' || room.record.settings.mayUnmute || member.permissions.includes('moderate')
    const { roomId } = room
    this.#options.notices.tellOne(room, member.participantId, 'room.mutedByModerator', {
      roomId,
      producerId,
      source,
      by,
      mayUnmute,
    })
  }
}

const nameIn = ({ room }: LiveRoom, identity: string): string =>
  room.membersOf(identity)[0]?.name ?? room.record.person(identity)?.name ?? identity.slice(0, 64)
