import { defaultRoomSettings, type RoomSettings, type TrackSource } from '@sangam/protocol'
import { type CustomRoles, roleDefinition } from '../access/roles.ts'
import type { InviteRow, PersonRow, RoomChange, RoomRow, StoredRoom } from './store/room-store.ts'

/** How long an ended room stays ended for those who don't moderate it. */
const endedForMs = 3_600_000
/** Most people that a room remembers by name; beyond it those who were only admitted are forgotten first. */
export const mostPeople = 2000
/** Most invites that are valid at a time. */
export const mostInvites = 100

/**
 * What a room is apart from who is in it now: settings, roles, bans, lobby, invites. No clock, no socket, no store:
 * every method that changes something gives the changes to be stored.
 */
export class RoomRecord {
  readonly roomId: string
  #row: RoomRow
  readonly #people: Map<string, PersonRow>
  readonly #invites: Map<string, InviteRow>

  constructor({ room, people, invites }: Pick<StoredRoom, 'room' | 'people' | 'invites'>) {
    this.roomId = room.roomId
    this.#row = room
    this.#people = new Map(people.map((person) => [person.identity, person]))
    this.#invites = new Map(invites.map((invite) => [invite.inviteId, invite]))
  }

  /** A room that nobody set up yet. */
  static fresh(roomId: string, name: string, nowMs: number): RoomRecord {
    return new RoomRecord({
      room: {
        roomId,
        name,
        settings: defaultRoomSettings,
        customRoles: {},
        isKept: false,
        openedAtMs: undefined,
        endedAtMs: undefined,
        touchedAtMs: nowMs,
      },
      people: [],
      invites: [],
    })
  }

  /** The room's own row, as it is to be stored. */
  get row(): RoomRow {
    return this.#row
  }

  get name(): string {
    return this.#row.name
  }

  get settings(): RoomSettings {
    return this.#row.settings
  }

  get customRoles(): CustomRoles {
    return this.#row.customRoles
  }

  /** When the room ends by its length; undefined: never, or not open. */
  get endsAtMs(): number | undefined {
    const { openedAtMs, settings } = this.#row
    return openedAtMs === undefined || settings.maxMinutes === null
      ? undefined
      : openedAtMs + settings.maxMinutes * 60_000
  }

  /** Whether somebody is a host on record. */
  get hasHost(): boolean {
    return [...this.#people.values()].some(({ role }) => role === 'host')
  }

  isEnded(nowMs: number): boolean {
    const { endedAtMs } = this.#row
    return endedAtMs !== undefined && nowMs < endedAtMs + endedForMs
  }

  person(identity: string): PersonRow | undefined {
    return this.#people.get(identity)
  }

  isBanned(identity: string): boolean {
    return this.#people.get(identity)?.standing === 'banned'
  }

  /** Those who wait in the lobby, the longest first. */
  waiting(): PersonRow[] {
    return this.#standing('waiting')
  }

  /** Those who are banned, the longest first. */
  banned(): PersonRow[] {
    return this.#standing('banned')
  }

  /** The invites that are valid. */
  invites(nowMs: number): InviteRow[] {
    return [...this.#invites.values()].filter(({ expiresAtMs }) => expiresAtMs > nowMs)
  }

  invite(inviteId: string): InviteRow | undefined {
    return this.#invites.get(inviteId)
  }

  /** Whether something of it is to be remembered when the last participant left. */
  isWorthKeeping(nowMs: number): boolean {
    return (
      this.#row.isKept ||
      this.isEnded(nowMs) ||
      this.invites(nowMs).length > 0 ||
      settingNames.some((name) => this.settings[name] !== defaultRoomSettings[name]) ||
      [...this.#people.values()].some(({ role, standing }) => standing !== 'none' || isGiven(role))
    )
  }

  /** The first participant enters: its length counts from now on, and an end is over. */
  open(nowMs: number): RoomChange[] {
    return this.#update({ openedAtMs: nowMs, endedAtMs: undefined }, nowMs)
  }

  /** Somebody enters: the room is not one that nobody touched for long. */
  touch(nowMs: number): RoomChange[] {
    return this.#update({}, nowMs)
  }

  /** The last participant left. The lock goes with them, unless the application made the room: nobody could enter any more. */
  closed(nowMs: number): RoomChange[] {
    const settings = { ...this.settings, locked: this.#row.isKept && this.settings.locked }
    return this.#update({ openedAtMs: undefined, settings }, nowMs)
  }

  end(nowMs: number): RoomChange[] {
    return this.#update({ openedAtMs: undefined, endedAtMs: nowMs }, nowMs)
  }

  changeSettings(
    change: { readonly [Name in keyof RoomSettings]?: RoomSettings[Name] | undefined },
    name: string | undefined,
    nowMs: number,
  ): RoomChange[] {
    const given = Object.entries(change).filter(([, value]) => value !== undefined)
    const settings = { ...this.settings, ...Object.fromEntries(given) } as RoomSettings
    return this.#update({ settings, name: name ?? this.name }, nowMs)
  }

  /** What only the application may say: its own roles, and that the room stays when it is empty. */
  keep(customRoles: CustomRoles, nowMs: number): RoomChange[] {
    return this.#update({ customRoles, isKept: true }, nowMs)
  }

  /** Gives somebody a role; undefined takes it back. */
  setRole(identity: string, name: string, role: string | undefined, nowMs: number): RoomChange[] {
    return this.#updatePerson(identity, name, { role }, nowMs)
  }

  setStanding(identity: string, name: string, standing: PersonRow['standing'], nowMs: number): RoomChange[] {
    const before = this.#people.get(identity)
    if ((before?.standing ?? 'none') === standing) return []
    // A ban takes every right with it: lifted, it leaves a newcomer.
    const change = standing === 'banned' ? { standing, role: undefined } : { standing }
    return this.#updatePerson(identity, name, { ...change, sinceMs: nowMs }, nowMs)
  }

  setMuted(identity: string, name: string, source: TrackSource, muted: boolean, nowMs: number): RoomChange[] {
    const before = this.#people.get(identity)?.muted ?? []
    if (before.includes(source) === muted) return []
    const after = muted ? [...before, source] : before.filter((other) => other !== source)
    return this.#updatePerson(identity, name, { muted: after }, nowMs)
  }

  addInvite(invite: InviteRow, nowMs: number): RoomChange[] {
    const expired = [...this.#invites.values()].filter(({ expiresAtMs }) => expiresAtMs <= nowMs)
    for (const { inviteId } of expired) this.#invites.delete(inviteId)
    this.#invites.set(invite.inviteId, invite)
    return [
      { type: 'room', room: this.#row },
      ...expired.map(({ inviteId }): RoomChange => ({ type: 'inviteGone', inviteId })),
      { type: 'invite', invite },
    ]
  }

  revokeInvite(inviteId: string): RoomChange[] {
    return this.#invites.delete(inviteId) ? [{ type: 'inviteGone', inviteId }] : []
  }

  /** Forgets a person, and the invites that they made; the store forgets them everywhere at once. */
  forgetPerson(identity: string): void {
    this.#people.delete(identity)
    for (const { inviteId, createdBy } of [...this.#invites.values()]) {
      if (createdBy === identity) this.#invites.delete(inviteId)
    }
  }

  #standing(standing: PersonRow['standing']): PersonRow[] {
    return [...this.#people.values()]
      .filter((person) => person.standing === standing)
      .sort((a, b) => a.sinceMs - b.sinceMs)
  }

  #update(change: Partial<RoomRow>, nowMs: number): RoomChange[] {
    this.#row = { ...this.#row, ...change, touchedAtMs: nowMs }
    return [{ type: 'room', room: this.#row }]
  }

  #updatePerson(identity: string, name: string, change: Partial<PersonRow>, nowMs: number): RoomChange[] {
    const before: PersonRow = this.#people.get(identity) ?? {
      identity,
      name,
      role: undefined,
      standing: 'none',
      sinceMs: nowMs,
      muted: [],
    }
    const person: PersonRow = { ...before, name, ...change }
    this.#people.delete(identity)
    if (isNothing(person)) return [{ type: 'personGone', identity }]
    const forgotten = this.#makeRoom()
    this.#people.set(identity, person)
    return [{ type: 'room', room: this.#row }, ...forgotten, { type: 'person', person }]
  }

  #makeRoom(): RoomChange[] {
    if (this.#people.size < mostPeople) return []
    const oldest = [...this.#people.values()].find(
      ({ role, standing }) => standing !== 'banned' && standing !== 'waiting' && !isGiven(role),
    )
    if (oldest === undefined) return []
    this.#people.delete(oldest.identity)
    return [{ type: 'personGone', identity: oldest.identity }]
  }
}

const settingNames = Object.keys(defaultRoomSettings) as (keyof RoomSettings)[]

/** A role that somebody was given on purpose. Who creates a room is its host without that: the room is not kept for it. */
const isGiven = (role: string | undefined): boolean => role !== undefined && role !== 'host'

const isNothing = ({ role, standing, muted }: PersonRow): boolean =>
  role === undefined && standing === 'none' && muted.length === 0

/** The role that somebody has on record, by token or as a newcomer. A role that is no longer known counts as that of a newcomer. */
export const roleOnRecord = (record: RoomRecord, identity: string, tokenRole: string | undefined): string => {
  const known = (role: string | undefined): role is string =>
    role !== undefined && roleDefinition(role, record.customRoles) !== undefined
  const given = record.person(identity)?.role
  if (known(given)) return given
  if (known(tokenRole)) return tokenRole
  const { newcomerRole } = record.settings
  return known(newcomerRole) ? newcomerRole : 'listener'
}
