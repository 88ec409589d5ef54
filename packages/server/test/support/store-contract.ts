import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import type { ChatStore } from '../../src/chat/store.ts'
import { describeChangeContract } from './change-contract.ts'

const message = (index: number, senderId = 'asha') => ({
  conversationId: 'team',
  clientMessageId: `m${index}`,
  senderId,
  senderName: 'Asha',
  text: `text ${index}`,
  sentAtMs: 1000 + index,
})

/** A place where one implementation keeps its data, empty at first. */
export type StorePlace = {
  /** Opens the store; also a second time, beside the first or after it. */
  readonly open: () => Promise<ChatStore>
  /** Runs SQL as it stands in a fixture. */
  readonly execute: (sql: string) => Promise<void>
  /** Sets the version that the database says it is of. */
  readonly setVersion: (version: number) => Promise<void>
}

/** One implementation of {@link ChatStore}. */
export type StoreKind = {
  readonly name: string
  /** Prefix of its fixtures, `test/fixtures/PREFIX-VERSION.sql`: one for each schema that was released. */
  readonly fixtures: string
  readonly versions: readonly number[]
  readonly createPlace: () => Promise<StorePlace>
}

/** What every implementation of {@link ChatStore} keeps to. */
export const describeStoreContract = ({ name, fixtures, versions, createPlace }: StoreKind): void => {
  const opened: ChatStore[] = []
  const openAt = async (place: StorePlace): Promise<ChatStore> => {
    const store = await place.open()
    opened.push(store)
    return store
  }
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close()
  })
  const openTeam = async (members: string[] = ['asha', 'ravi']): Promise<ChatStore> => {
    const store = await openAt(await createPlace())
    await store.openConversation({ conversationId: 'team', kind: 'group', title: 'Team', members, nowMs: 1 })
    return store
  }

  describe(name, () => {
    test('append() gives appends that were asked for at once rising numbers in the order of the calls', async () => {
      const store = await openTeam()
      const outcomes = await Promise.all(
        Array.from({ length: 3000 }, (_, index) => store.append(message(index))),
      )
      expect(outcomes.map((outcome) => ('number' in outcome ? outcome.number : outcome.outcome))).toEqual(
        outcomes.map((_, index) => index + 1),
      )
    })

    test('append() of the same message gives its first number, also within one batch', async () => {
      const store = await openTeam()
      const [first, again] = await Promise.all([
        store.append(message(1)),
        store.append({ ...message(1), sentAtMs: 9 }),
      ])
      expect(first).toEqual({ outcome: 'stored', number: 1, sentAtMs: 1001 })
      expect(again).toEqual({ outcome: 'repeated', number: 1, sentAtMs: 1001 })
      expect(await store.append({ ...message(1), text: 'other' })).toEqual({ outcome: 'conflict' })
      expect(await store.append(message(1, 'ravi'))).toMatchObject({ outcome: 'stored', number: 2 })
    })

    test('isStored() tells whether a message of a sender is there, also once it was deleted', async () => {
      const store = await openAt(await createPlace())
      await store.openConversation({
        conversationId: 'team',
        kind: 'group',
        title: 'T',
        members: [],
        nowMs: 1,
      })
      const { senderId, clientMessageId } = message(1)
      expect(await store.isStored(senderId, clientMessageId)).toBe(false)
      await store.append(message(1))
      expect(await store.isStored(senderId, clientMessageId)).toBe(true)
      expect(await store.isStored(`${senderId}x`, clientMessageId)).toBe(false)
      await store.change({
        conversationId: 'team',
        number: 1,
        clientChangeId: 'd',
        change: { type: 'delete' },
        actorId: senderId,
        atMs: 2,
      })
      expect(await store.isStored(senderId, clientMessageId)).toBe(true)
    })

    test('append() to a conversation that is not there stores nothing', async () => {
      const store = await openTeam()
      expect(await store.append({ ...message(1), conversationId: 'ghost' })).toEqual({
        outcome: 'noConversation',
      })
      expect(await store.append(message(1))).toMatchObject({ outcome: 'stored', number: 1 })
    })

    test('messages() pages forwards and backwards, every boundary included', async () => {
      const store = await openTeam()
      await Promise.all(Array.from({ length: 10 }, (_, index) => store.append(message(index))))
      const page = async (request: { after?: number; before?: number; limit: number }) => {
        const { messages, more } = await store.messages({ conversationId: 'team', ...request })
        return [messages.map(({ number }) => number), more]
      }
      expect(await page({ after: 0, limit: 10 })).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], false])
      expect(await page({ after: 0, limit: 9 })).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9], true])
      expect(await page({ after: 10, limit: 5 })).toEqual([[], false])
      expect(await page({ before: 4, limit: 2 })).toEqual([[2, 3], true])
      expect(await page({ before: 4, limit: 3 })).toEqual([[1, 2, 3], false])
      expect(await page({ before: 1, limit: 3 })).toEqual([[], false])
      expect(await page({ limit: 3 })).toEqual([[8, 9, 10], true])
    })

    test('text comes back byte for byte', async () => {
      const store = await openTeam()
      const text = 'नमस्ते \u0000 <b>"quoted"</b> \n 👩‍👩‍👧 \'); DROP TABLE messages; --'
      await store.append({ ...message(1), text })
      expect((await store.messages({ conversationId: 'team', limit: 1 })).messages[0]?.text).toBe(text)
    })

    test('markProgress() only rises, at most to the newest, and only for members; what was read is delivered', async () => {
      const store = await openTeam()
      await Promise.all([1, 2, 3].map((index) => store.append(message(index))))
      expect(await store.markProgress('team', 'ravi', { delivered: 1 })).toEqual({ read: 0, delivered: 1 })
      expect(await store.markProgress('team', 'ravi', { read: 2 })).toEqual({ read: 2, delivered: 2 })
      expect(await store.markProgress('team', 'ravi', { read: 1, delivered: 2 })).toBeUndefined()
      expect(await store.markProgress('team', 'ravi', { delivered: 99 })).toEqual({ read: 2, delivered: 3 })
      expect(await store.markProgress('team', 'ravi', { read: 99 })).toEqual({ read: 3, delivered: 3 })
      expect(await store.markProgress('team', 'ravi', { read: 99 })).toBeUndefined()
      expect(await store.markProgress('team', 'eve', { read: 1 })).toBeUndefined()
    })

    test('conversationsOf() gives a person’s own, the latest first, with what is unread', async () => {
      const store = await openTeam()
      const other = {
        conversationId: 'other',
        kind: 'group',
        title: 'Other',
        members: ['ravi'],
        nowMs: 2,
      } as const
      await store.openConversation(other)
      await store.append(message(1))
      const list = await store.conversationsOf('ravi', 10, 0)
      expect(list.map(({ conversationId, unread }) => [conversationId, unread])).toEqual([
        ['team', 1],
        ['other', 0],
      ])
      expect(list[0]?.lastMessage?.text).toBe('text 1')
      expect((await store.conversationsOf('asha', 10, 0)).map(({ unread }) => unread)).toEqual([0])
      expect(await store.conversationsOf('eve', 10, 0)).toEqual([])
    })

    test('openConversation() twice keeps the first title and everybody’s place', async () => {
      const store = await openTeam(['asha'])
      await store.append(message(1))
      const again = await store.openConversation({
        conversationId: 'team',
        kind: 'group',
        title: 'New',
        members: ['ravi'],
        nowMs: 5,
      })
      expect(again).toMatchObject({ title: 'Team', lastNumber: 1 })
      expect(again.members.map(({ identity, read }) => [identity, read])).toEqual([
        ['asha', 1],
        ['ravi', 0],
      ])
    })

    test('people() gives who was seen last first, under their latest name', async () => {
      const store = await openTeam()
      await store.rememberPerson({ identity: 'asha', name: 'Old', seenAtMs: 1 })
      await store.rememberPerson({ identity: 'ravi', name: 'Ravi', seenAtMs: 2 })
      await store.rememberPerson({ identity: 'asha', name: 'Asha', seenAtMs: 3 })
      expect((await store.people(10)).map(({ name }) => name)).toEqual(['Asha', 'Ravi'])
      expect(await store.person('ghost')).toBeUndefined()
    })

    test('close() stores what waits; later calls reject', async () => {
      const store = await openTeam()
      const waiting = Array.from({ length: 50 }, (_, index) => store.append(message(index)))
      await store.close()
      expect(await Promise.all(waiting)).toHaveLength(50)
      await expect(store.append(message(99))).rejects.toThrow('clos')
    })

    test('two stores on one database give one conversation’s numbers without a gap, each once, in the order of each one’s calls', async () => {
      const place = await createPlace()
      const stores = await Promise.all([openAt(place), openAt(place)])
      const open = {
        conversationId: 'team',
        kind: 'group',
        title: 'Team',
        members: ['asha'],
        nowMs: 1,
      } as const
      await Promise.all(stores.map((store) => store.openConversation(open)))
      const each = 400
      const numbers = await Promise.all(
        stores.map((store, who) =>
          Promise.all(
            Array.from({ length: each }, async (_, index) => {
              const outcome = await store.append(message(index, `sender${who}`))
              return outcome.outcome === 'stored' ? outcome.number : Number.NaN
            }),
          ),
        ),
      )
      for (const ofOne of numbers) expect(ofOne).toEqual([...ofOne].sort((a, b) => a - b))
      expect(numbers.flat().sort((a, b) => a - b)).toEqual(
        Array.from({ length: 2 * each }, (_, index) => index + 1),
      )
    })

    test('a message that two stores are given at once is stored once, and in one conversation only', async () => {
      const place = await createPlace()
      const [one, other] = await Promise.all([openAt(place), openAt(place)])
      for (const conversationId of ['team', 'aside']) {
        await one.openConversation({ conversationId, kind: 'group', title: 'T', members: [], nowMs: 1 })
      }
      const indexes = Array.from({ length: 200 }, (_, index) => index)
      const [first, second] = await Promise.all(
        [one, other].map((store) => Promise.all(indexes.map((index) => store.append(message(index))))),
      )
      for (const index of indexes) {
        expect([first?.[index]?.outcome, second?.[index]?.outcome].sort()).toEqual(['repeated', 'stored'])
        expect(first?.[index]).toMatchObject({ number: index + 1 })
        expect(second?.[index]).toMatchObject({ number: index + 1 })
      }
      const rivals = await Promise.all(
        indexes.flatMap((index) => [
          one.append(message(1000 + index)),
          other.append({ ...message(1000 + index), conversationId: 'aside' }),
        ]),
      )
      for (const index of indexes) {
        expect([rivals[2 * index]?.outcome, rivals[2 * index + 1]?.outcome].sort()).toEqual([
          'conflict',
          'stored',
        ])
      }
      for (const conversationId of ['team', 'aside']) {
        const { messages } = await one.messages({ conversationId, limit: 1000 })
        expect(messages.map(({ number }) => number)).toEqual(messages.map((_, index) => index + 1))
      }
    })

    test('what was stored is there after the store was opened again, and numbers go on', async () => {
      const place = await createPlace()
      const before = await place.open()
      await before.openConversation({
        conversationId: 'team',
        kind: 'group',
        title: 'T',
        members: ['ravi'],
        nowMs: 1,
      })
      await Promise.all([1, 2, 3].map((index) => before.append(message(index))))
      await before.markProgress('team', 'ravi', { read: 2 })
      await before.close()
      const after = await openAt(place)
      expect(await after.append(message(2))).toMatchObject({ outcome: 'repeated', number: 2 })
      expect(await after.append(message(4))).toMatchObject({ outcome: 'stored', number: 4 })
      expect((await after.conversation('team'))?.members).toEqual([
        { identity: 'ravi', name: 'ravi', role: 'owner', read: 2, delivered: 2 },
      ])
    })

    test.each(versions)(
      'a database of released version %i is migrated and keeps what it holds',
      async (version) => {
        const place = await createPlace()
        await place.execute(
          readFileSync(new URL(`../fixtures/${fixtures}-${version}.sql`, import.meta.url), 'utf8'),
        )
        const store = await openAt(place)
        const { messages } = await store.messages({ conversationId: 'team', limit: 10 })
        expect(messages).toMatchObject([
          {
            number: 1,
            clientMessageId: 'a1',
            senderId: 'asha',
            senderName: 'Asha',
            text: 'first',
            sentAt: 10,
          },
          {
            number: 2,
            clientMessageId: 'a2',
            senderId: 'asha',
            senderName: 'Asha',
            text: 'second',
            sentAt: 20,
          },
        ])
        expect(await store.conversation('team')).toMatchObject({
          kind: 'group',
          title: 'Team',
          lastNumber: 2,
          members: [
            { identity: 'asha', name: 'Asha', role: 'owner', read: 2, delivered: 2 },
            { identity: 'ravi', name: 'Ravi', role: 'member', read: 1, delivered: 1 },
          ],
        })
        expect(await store.people(9)).toEqual([
          { identity: 'ravi', name: 'Ravi', seenAtMs: 7 },
          { identity: 'asha', name: 'Asha', seenAtMs: 5 },
        ])
        const found = await store.search({ words: ['fir'], conversationIds: ['team'], limit: 10 })
        expect(found.messages.map(({ number }) => number)).toEqual([1])
        const repeat = { ...message(0), clientMessageId: 'a2', text: 'second' }
        expect(await store.append(repeat)).toMatchObject({ outcome: 'repeated', number: 2 })
        expect(await store.append(message(3))).toMatchObject({ outcome: 'stored', number: 3 })
      },
    )

    test('an empty place that two stores open at once gets its schema once', async () => {
      const place = await createPlace()
      const stores = await Promise.all([openAt(place), openAt(place), openAt(place)])
      for (const store of stores) expect(await store.people(1)).toEqual([])
    })

    test('refuses a database of a newer version and leaves it as it is', async () => {
      const place = await createPlace()
      await (await place.open()).close()
      await place.setVersion(999)
      for (let attempt = 0; attempt < 2; attempt += 1) {
        await expect(place.open()).rejects.toThrow('newer version (999)')
      }
    })

    test('what follows a message that is not there is not stored, whatever became of that one', async () => {
      const store = await openTeam()
      const following = (index: number, follows: number) => ({
        ...message(index),
        follows: message(follows).clientMessageId,
      })
      expect(await store.append(following(2, 1))).toEqual({ outcome: 'outOfOrder' })
      // One batch, and then another one.
      const first = await Promise.all([
        store.append({ ...message(1), conversationId: 'missing' }),
        store.append(following(2, 1)),
        store.append(following(3, 2)),
      ])
      expect(first.map(({ outcome }) => outcome)).toEqual(['noConversation', 'outOfOrder', 'outOfOrder'])
      const again = await Promise.all([
        store.append(message(1)),
        store.append(following(2, 1)),
        store.append(following(3, 2)),
      ])
      expect(again).toMatchObject([1, 2, 3].map((number) => ({ outcome: 'stored', number })))
      expect(await store.append(following(4, 3))).toMatchObject({ outcome: 'stored', number: 4 })
      // A repeat is told its number even when it names another one.
      expect(await store.append(following(4, 9))).toMatchObject({ outcome: 'repeated', number: 4 })
      expect(await store.append({ ...following(5, 4), senderId: 'somebody' })).toEqual({
        outcome: 'outOfOrder',
      })
    })

    test('one write that fails takes no other of its batch down', async () => {
      const store = await openTeam()
      const bad = { conversationId: 'bad', title: 'T', members: [], nowMs: 1 }
      const outcomes = await Promise.allSettled([
        store.append(message(1)),
        // Breaks a constraint of the table.
        store.openConversation({ ...bad, kind: 'neither' as 'group' }),
        store.append(message(2)),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      const { messages } = await store.messages({ conversationId: 'team', limit: 9 })
      expect(messages.map(({ number }) => number)).toEqual([1, 2])
    })

    describeChangeContract(async () => openAt(await createPlace()))
  })
}
