import { afterEach, describe, expect, test } from 'vitest'
import type { ChatStore } from '../../src/chat/store.ts'

const message = (index: number, senderId = 'asha') => ({
  conversationId: 'team',
  clientMessageId: `m${index}`,
  senderId,
  senderName: 'Asha',
  text: `text ${index}`,
  sentAtMs: 1000 + index,
})

/** What every implementation of {@link ChatStore} keeps to. `open` gives an empty store. */
export const describeStoreContract = (name: string, open: () => Promise<ChatStore>): void => {
  const opened: ChatStore[] = []
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close()
  })
  const openTeam = async (members: string[] = ['asha', 'ravi']): Promise<ChatStore> => {
    const store = await open()
    opened.push(store)
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

    test('markRead() only rises, at most to the newest, and only for members', async () => {
      const store = await openTeam()
      await Promise.all([1, 2, 3].map((index) => store.append(message(index))))
      expect(await store.markRead('team', 'ravi', 2)).toBe(2)
      expect(await store.markRead('team', 'ravi', 1)).toBeUndefined()
      expect(await store.markRead('team', 'ravi', 99)).toBe(3)
      expect(await store.markRead('team', 'ravi', 99)).toBeUndefined()
      expect(await store.markRead('team', 'eve', 1)).toBeUndefined()
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
      const list = await store.conversationsOf('ravi', 10)
      expect(list.map(({ conversationId, unread }) => [conversationId, unread])).toEqual([
        ['team', 1],
        ['other', 0],
      ])
      expect(list[0]?.lastMessage?.text).toBe('text 1')
      expect((await store.conversationsOf('asha', 10)).map(({ unread }) => unread)).toEqual([0])
      expect(await store.conversationsOf('eve', 10)).toEqual([])
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
  })
}
