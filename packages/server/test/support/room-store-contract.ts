import { defaultRoomSettings } from '@sangam/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { StoreError } from '../../src/chat/store.ts'
import type {
  InviteRow,
  PersonRow,
  RoomChange,
  RoomRow,
  RoomStore,
  SeatRow,
} from '../../src/rooms/store/room-store.ts'

const room = (roomId: string, change: Partial<RoomRow> = {}): RoomRow => ({
  roomId,
  name: "Robert'); DROP TABLE rooms;--",
  settings: { ...defaultRoomSettings, lobby: true, maxMinutes: 30 },
  customRoles: {
    usher: {
      publish: { microphone: true, camera: false, screen: false, data: false },
      subscribe: true,
      chat: true,
      moderate: true,
      record: false,
    },
  },
  isKept: false,
  openedAtMs: 1_700_000_000_001,
  endedAtMs: undefined,
  touchedAtMs: 1_700_000_000_001,
  ...change,
})

const person: PersonRow = {
  identity: 'asha',
  name: 'Asha ✨',
  role: 'host',
  standing: 'waiting',
  sinceMs: 1_700_000_000_002,
  muted: ['microphone'],
}

const seat: SeatRow = {
  participantId: 'p1',
  keyHash: 'hash',
  identity: 'asha',
  deviceId: 'd1',
  name: 'Asha',
  joinedAtMs: 1_700_000_000_003,
  handRaisedAtMs: 1_700_000_000_004,
}

const invite: InviteRow = {
  inviteId: 'i1',
  role: 'listener',
  createdBy: 'asha',
  expiresAtMs: 1_700_000_000_005,
}

const whole: readonly RoomChange[] = [
  { type: 'room', room: room('council') },
  { type: 'person', person },
  { type: 'seat', seat },
  { type: 'invite', invite },
]

/** A place where one implementation keeps its rooms, empty at first; opened also a second time. */
export type RoomStorePlace = { readonly open: () => Promise<RoomStore> }

/** What every implementation of {@link RoomStore} keeps to. */
export const describeRoomStoreContract = (name: string, createPlace: () => Promise<RoomStorePlace>): void => {
  const opened: RoomStore[] = []
  const openAt = async (place: RoomStorePlace): Promise<RoomStore> => {
    const store = await place.open()
    opened.push(store)
    return store
  }
  const open = async (): Promise<RoomStore> => openAt(await createPlace())
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close()
  })

  describe(name, () => {
    test('gives back what was written, also to whoever opens it next', async () => {
      const place = await createPlace()
      const first = await openAt(place)
      expect(await first.load('council')).toBeUndefined()
      await first.write('council', whole)
      const stored = { room: room('council'), people: [person], seats: [seat], invites: [invite] }
      expect(await first.load('council')).toEqual(stored)
      await first.close()
      expect(await (await openAt(place)).load('council')).toEqual(stored)
    })

    test('a row takes the place of an older one; what is optional may be gone again', async () => {
      const store = await open()
      await store.write('council', whole)
      const changed = room('council', { name: 'Council', openedAtMs: undefined, endedAtMs: 7, isKept: true })
      await store.write('council', [
        { type: 'room', room: changed },
        { type: 'person', person: { ...person, role: undefined, standing: 'banned', muted: [] } },
        { type: 'seat', seat: { ...seat, handRaisedAtMs: undefined } },
      ])
      expect(await store.load('council')).toEqual({
        room: changed,
        people: [{ ...person, role: undefined, standing: 'banned', muted: [] }],
        seats: [{ ...seat, handRaisedAtMs: undefined }],
        invites: [invite],
      })
    })

    test('parts go one by one, the room with all of them, and other rooms stay', async () => {
      const store = await open()
      await store.write('council', whole)
      await store.write('other', [
        { type: 'room', room: room('other') },
        { type: 'person', person },
      ])
      await store.write('council', [
        { type: 'personGone', identity: 'asha' },
        { type: 'seatGone', participantId: 'p1' },
        { type: 'inviteGone', inviteId: 'i1' },
      ])
      expect(await store.load('council')).toEqual({
        room: room('council'),
        people: [],
        seats: [],
        invites: [],
      })
      await store.write('council', [...whole, { type: 'roomGone' }])
      expect(await store.load('council')).toBeUndefined()
      expect((await store.load('other'))?.people).toEqual([person])
    })

    test('forgetPerson() takes one person out of every room and leaves the rest; scrub() changes nothing', async () => {
      const store = await open()
      const others: readonly RoomChange[] = [
        { type: 'person', person: { ...person, identity: 'ravi' } },
        { type: 'seat', seat: { ...seat, identity: 'ravi', participantId: 'p2' } },
        { type: 'invite', invite: { ...invite, createdBy: 'ravi', inviteId: 'i2' } },
      ]
      await store.write('council', [...whole, ...others])
      await store.write('other', [
        { type: 'room', room: room('other') },
        { type: 'person', person },
      ])
      // All at once: what is asked for first is done first.
      await Promise.all([store.forgetPerson('asha'), store.scrub()])
      expect(await store.load('council')).toEqual({
        room: room('council'),
        people: [{ ...person, identity: 'ravi' }],
        seats: [{ ...seat, identity: 'ravi', participantId: 'p2' }],
        invites: [{ ...invite, createdBy: 'ravi', inviteId: 'i2' }],
      })
      expect((await store.load('other'))?.people).toEqual([])
    })

    test('changes of one call stand all or not at all, and fail without taking others down', async () => {
      const store = await open()
      // The person's room is not stored: the second change cannot stand.
      const failing = store.write('ghost', [{ type: 'person', person }])
      const fine = store.write('council', whole)
      await expect(failing).rejects.toThrow(StoreError)
      await fine
      expect(await store.load('ghost')).toBeUndefined()
      expect(await store.load('council')).toBeDefined()
    })

    test('calls take effect in their order', async () => {
      const store = await open()
      const names = Array.from({ length: 200 }, (_, index) => `name ${index}`)
      const writes = names.map((title) =>
        store.write('council', [{ type: 'room', room: room('council', { name: title }) }]),
      )
      expect((await store.load('council'))?.room.name).toBe('name 199')
      await Promise.all(writes)
    })

    test('lists rooms by their last touch, and forgets those of long ago but the kept', async () => {
      const store = await open()
      await store.write('old', [{ type: 'room', room: room('old', { touchedAtMs: 10 }) }])
      await store.write('kept', [{ type: 'room', room: room('kept', { touchedAtMs: 20, isKept: true }) }])
      await store.write('new', [{ type: 'room', room: room('new', { touchedAtMs: 30 }) }])
      const ids = async (limit: number) => (await store.rooms(limit)).map(({ roomId }) => roomId)
      expect(await ids(10)).toEqual(['new', 'kept', 'old'])
      expect(await ids(1)).toEqual(['new'])
      expect(await store.forgetBefore(30)).toBe(1)
      expect(await ids(10)).toEqual(['new', 'kept'])
    })

    test('rejects after it was closed, once what waited is written', async () => {
      const place = await createPlace()
      const store = await openAt(place)
      const written = store.write('council', whole)
      await store.close()
      await written
      await expect(store.load('council')).rejects.toThrow(StoreError)
      expect(await (await openAt(place)).load('council')).toBeDefined()
    })
  })
}
