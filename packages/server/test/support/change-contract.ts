import { limits } from '@sangam/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MessageChange } from '../../src/chat/message-change-store.ts'
import type { AppendRequest, ChatStore } from '../../src/chat/store.ts'

const message = (index: number, more: Partial<AppendRequest> = {}): AppendRequest => ({
  conversationId: 'team',
  clientMessageId: `m${index}`,
  senderId: 'asha',
  senderName: 'Asha',
  text: `text ${index}`,
  sentAtMs: 1000 + index,
  ...more,
})

const edit = (text: string, mentions: string[] = []): MessageChange => ({
  type: 'edit',
  text,
  mentions,
  preview: undefined,
})

let changes = 0
const change = (number: number, what: MessageChange, more: { actorId?: string; id?: string } = {}) => {
  changes += 1
  return {
    conversationId: 'team',
    number,
    actorId: more.actorId ?? 'asha',
    clientChangeId: more.id ?? `change${changes}`,
    change: what,
    atMs: 5000 + changes,
  }
}

/** What every store keeps to about changes of messages, members and search. `open` gives an empty store. */
export const describeChangeContract = (open: () => Promise<ChatStore>): void => {
  const openTeam = async (messages = 3): Promise<ChatStore> => {
    const store = await open()
    const members = ['asha', 'ravi']
    await store.openConversation({ conversationId: 'team', kind: 'group', title: 'Team', members, nowMs: 1 })
    for (let index = 1; index <= messages; index += 1) await store.append(message(index))
    return store
  }

  describe('changes of messages', () => {
    test('get the next revision each, and the message as it stands after', async () => {
      const store = await openTeam()
      const outcomes = await Promise.all([
        store.change(change(2, edit('new words'))),
        store.change(change(1, { type: 'react', emoji: '👍', on: true }, { actorId: 'ravi' })),
        store.change(change(3, { type: 'pin', on: true })),
      ])
      expect(outcomes).toMatchObject([
        { outcome: 'changed', revision: 1, message: { number: 2, text: 'new words', revision: 1 } },
        {
          outcome: 'changed',
          revision: 2,
          message: { number: 1, text: 'text 1', reactions: [{ emoji: '👍', by: ['ravi'] }] },
        },
        { outcome: 'changed', revision: 3, message: { number: 3, pinnedAt: expect.any(Number) } },
      ])
      expect((await store.conversation('team'))?.lastRevision).toBe(3)
      expect((await store.pinned('team')).map(({ number }) => number)).toEqual([3])
      expect(await store.versions('team', 2)).toEqual([{ text: 'text 2', at: 1002 }])
      const { messages } = await store.messages({ conversationId: 'team', limit: 9 })
      expect(messages.map(({ revision }) => revision)).toEqual([2, 1, 3])
    })

    test('a repeat gives the first revision and changes nothing; under the same id anything else is a conflict', async () => {
      const store = await openTeam()
      const first = change(1, edit('once'), { id: 'c1' })
      const [one, again] = await Promise.all([store.change(first), store.change({ ...first, atMs: 9 })])
      expect(one).toMatchObject({ outcome: 'changed', revision: 1 })
      expect(again).toEqual({ outcome: 'repeated', revision: 1 })
      await store.change(change(1, edit('twice')))
      expect(await store.change(first)).toEqual({ outcome: 'repeated', revision: 1 })
      expect((await store.message('team', 1))?.text).toBe('twice')
      for (const other of [
        change(1, edit('else'), { id: 'c1' }),
        change(2, edit('once'), { id: 'c1' }),
        change(1, { type: 'delete' }, { id: 'c1' }),
      ]) {
        expect(await store.change(other)).toEqual({ outcome: 'conflict' })
      }
      const others = change(1, { type: 'react', emoji: '👍', on: true }, { id: 'c1', actorId: 'ravi' })
      expect(await store.change(others)).toMatchObject({ outcome: 'changed', revision: 3 })
      expect((await store.conversation('team'))?.lastRevision).toBe(3)
    })

    test('a deleted message keeps its place and nothing else, and is changed no more', async () => {
      const store = await openTeam()
      await store.append(
        message(4, { text: 'hi <@ravi>', extra: { mentions: ['ravi'], replyTo: 1 }, thread: 2 }),
      )
      await store.change(change(4, edit('edited <@ravi>', ['ravi'])))
      await store.change(change(4, { type: 'react', emoji: '👍', on: true }))
      await store.change(change(4, { type: 'pin', on: true }))
      expect((await store.standings('team', ['ravi'], 0)).get('ravi')?.mentioned).toBe(1)
      const gone = await store.change(change(4, { type: 'delete' }, { actorId: 'ravi' }))
      expect(gone).toMatchObject({ outcome: 'changed', revision: 4 })
      expect('message' in gone && gone.message).toEqual({
        conversationId: 'team',
        number: 4,
        clientMessageId: 'm4',
        senderId: 'asha',
        senderName: 'Asha',
        text: '',
        sentAt: 1004,
        revision: 4,
        thread: 2,
        deletedAt: expect.any(Number),
      })
      expect(await store.versions('team', 4)).toEqual([])
      expect(await store.pinned('team')).toEqual([])
      expect((await store.standings('team', ['ravi'], 0)).get('ravi')?.mentioned).toBe(0)
      expect(await store.change(change(4, edit('back')))).toEqual({ outcome: 'deleted' })
      expect(await store.change(change(9, edit('none')))).toEqual({ outcome: 'noMessage' })
      expect(await store.change({ ...change(1, edit('x')), conversationId: 'ghost' })).toEqual({
        outcome: 'noMessage',
      })
      // A late repeat of the message itself finds its place.
      expect(await store.append(message(4, { text: 'hi <@ravi>' }))).toMatchObject({
        outcome: 'repeated',
        number: 4,
      })
    })

    test('a repeat of a message that was edited since is a repeat of what it said first, and of nothing else', async () => {
      const store = await openTeam()
      await store.change(change(1, edit('second')))
      await store.change(change(1, edit('third')))
      expect(await store.append(message(1))).toMatchObject({ outcome: 'repeated', number: 1 })
      expect(await store.append(message(1, { text: 'third' }))).toEqual({ outcome: 'conflict' })
      expect((await store.versions('team', 1)).map(({ text }) => text)).toEqual(['text 1', 'second'])
    })

    test('the history of a message keeps its first version and the newest of the others', async () => {
      const store = await openTeam(1)
      await Promise.all(
        Array.from({ length: limits.versions + 20 }, (_, index) =>
          store.change(change(1, edit(`edit ${index}`))),
        ),
      )
      const texts = (await store.versions('team', 1)).map(({ text }) => text)
      expect(texts).toHaveLength(limits.versions)
      expect([texts[0], texts[1], texts.at(-1)]).toEqual(['text 1', 'edit 20', 'edit 118'])
    })

    test('reactions stand in the order in which they came, each person’s emoji once, and are bounded', async () => {
      const store = await openTeam()
      const react = (emoji: string, actorId: string, on = true) =>
        store.change(change(1, { type: 'react', emoji, on }, { actorId }))
      await react('🎉', 'ravi')
      await react('👍', 'asha')
      await react('🎉', 'asha')
      await react('🎉', 'ravi')
      expect((await store.message('team', 1))?.reactions).toEqual([
        { emoji: '🎉', by: ['ravi', 'asha'] },
        { emoji: '👍', by: ['asha'] },
      ])
      await react('🎉', 'ravi', false)
      await react('🙈', 'ravi', false)
      expect((await store.message('team', 1))?.reactions).toEqual([
        { emoji: '👍', by: ['asha'] },
        { emoji: '🎉', by: ['asha'] },
      ])
      const many = Array.from({ length: limits.reactions - 2 }, (_, index) => react('👍', `p${index}`))
      expect((await Promise.all(many)).every(({ outcome }) => outcome === 'changed')).toBe(true)
      expect(await react('👍', 'late')).toEqual({ outcome: 'full' })
      expect(await react('👍', 'asha')).toMatchObject({ outcome: 'changed' })
    })

    test('at most so many messages are pinned at a time', async () => {
      const store = await openTeam(limits.pins + 1)
      const pin = (number: number, on = true) => store.change(change(number, { type: 'pin', on }))
      for (let number = 1; number <= limits.pins; number += 1) await pin(number)
      expect(await pin(limits.pins + 1)).toEqual({ outcome: 'full' })
      expect(await pin(1)).toMatchObject({ outcome: 'changed' })
      await pin(1, false)
      await pin(limits.pins + 1)
      const numbers = (await store.pinned('team')).map(({ number }) => number)
      expect([numbers.length, numbers[0], numbers.includes(1)]).toEqual([limits.pins, limits.pins + 1, false])
    })

    test('changes() pages by revision: whoever follows it from anywhere holds each message as it stands', async () => {
      const step = fc.record({
        number: fc.integer({ min: 1, max: 5 }),
        what: fc.constantFrom('edit', 'on', 'off', 'pin'),
      })
      const store = await openTeam(5)
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 12 }),
          fc.integer({ min: 1, max: 4 }),
          async (steps, limit) => {
            const held = new Map<number, unknown>()
            let revision = (await store.conversation('team'))?.lastRevision ?? 0
            const { messages } = await store.messages({ conversationId: 'team', limit: 9 })
            for (const one of messages) held.set(one.number, one)
            await Promise.all(
              steps.map(({ number, what }, index) => {
                const on = what === 'on'
                const kind: MessageChange =
                  what === 'edit'
                    ? edit(`e${index}`)
                    : what === 'pin'
                      ? { type: 'pin', on: index % 2 === 0 }
                      : { type: 'react', emoji: '👍', on }
                return store.change(change(number, kind))
              }),
            )
            for (let more = true; more; ) {
              const page = await store.changes('team', revision, limit)
              expect(page.changes.length).toBeLessThanOrEqual(limit)
              for (const one of page.changes) held.set(one.number, one)
              revision = page.revision
              more = page.moreChanges
            }
            const now = await store.messages({ conversationId: 'team', limit: 9 })
            expect([...held.values()]).toEqual(now.messages)
            expect(revision).toBe((await store.conversation('team'))?.lastRevision)
          },
        ),
        { numRuns: 15 },
      )
      expect(await store.changes('team', 0, 10)).toMatchObject({ moreChanges: false })
    })
  })

  describe('answers and threads', () => {
    test('a message quotes what it answers as that stands', async () => {
      const store = await openTeam()
      const answer = message(4, { extra: { replyTo: 1 } })
      const quoted = { number: 1, senderId: 'asha', senderName: 'Asha', text: 'text 1' }
      expect(await store.append(answer)).toMatchObject({ outcome: 'stored', number: 4, quoted })
      expect((await store.message('team', 4))?.replyTo).toEqual(quoted)
      await store.change(change(1, { type: 'delete' }))
      expect((await store.message('team', 4))?.replyTo).toEqual({ ...quoted, text: '' })
      expect(await store.append(answer)).toMatchObject({ outcome: 'repeated', number: 4 })
      expect(await store.append(message(4))).toEqual({ outcome: 'conflict' })
    })

    test('a quote is cut, and never inside a character', async () => {
      const store = await openTeam(0)
      await store.append(message(1, { text: `${'x'.repeat(limits.quoteLength - 1)}👍 and more` }))
      await store.append(message(2, { extra: { replyTo: 1 } }))
      expect((await store.message('team', 2))?.replyTo?.text).toBe('x'.repeat(limits.quoteLength - 1))
    })

    test('what answers nothing that was there is not stored', async () => {
      const store = await openTeam()
      const answers = await Promise.all([
        store.append(message(10, { extra: { replyTo: 4 } })),
        store.append(message(11, { thread: 9 })),
        store.append(message(12)),
      ])
      expect(answers).toMatchObject([{ outcome: 'noTarget' }, { outcome: 'noTarget' }, { number: 4 }])
    })

    test('a thread is counted where it begins, and paged by itself', async () => {
      const store = await openTeam()
      await Promise.all(
        [4, 5, 6, 7].map((index) => store.append(message(index, { thread: index === 6 ? 1 : 2 }))),
      )
      const { messages } = await store.messages({ conversationId: 'team', limit: 9 })
      expect(messages.map(({ replies }) => replies)).toMatchObject([
        { count: 1, last: 6 },
        { count: 3, last: 7 },
        ...Array<undefined>(5).fill(undefined),
      ])
      const thread = { conversationId: 'team', thread: 2 }
      expect(await store.messages({ ...thread, limit: 2 })).toMatchObject({
        messages: [{ number: 5 }, { number: 7 }],
        more: true,
      })
      expect(await store.messages({ ...thread, after: 0, limit: 9 })).toMatchObject({
        messages: [{ number: 4 }, { number: 5 }, { number: 7 }],
        more: false,
      })
    })
  })

  describe('members', () => {
    test('the first of a group owns it; when the owner goes, a moderator follows, else who came first', async () => {
      const store = await openTeam()
      const rolesAfter = async (...change: Parameters<ChatStore['changeMembership']>) =>
        Object.fromEntries(
          ((await store.changeMembership(...change))?.members ?? []).map(({ identity, role }) => [
            identity,
            role,
          ]),
        )
      const add = { type: 'add', identities: ['tom', 'ravi', 'mei'] } as const
      expect(await rolesAfter('team', add, 2)).toEqual({
        asha: 'owner',
        ravi: 'member',
        tom: 'member',
        mei: 'member',
      })
      await store.changeMembership('team', { type: 'setRole', identity: 'tom', role: 'moderator' }, 3)
      expect(await rolesAfter('team', { type: 'remove', identity: 'asha' }, 4)).toEqual({
        tom: 'owner',
        ravi: 'member',
        mei: 'member',
      })
      expect(await rolesAfter('team', { type: 'setRole', identity: 'mei', role: 'owner' }, 5)).toEqual({
        mei: 'owner',
        tom: 'moderator',
        ravi: 'member',
      })
      await store.changeMembership('team', { type: 'remove', identity: 'mei' }, 6)
      await store.changeMembership('team', { type: 'remove', identity: 'tom' }, 6)
      expect((await store.conversation('team'))?.members).toMatchObject([{ identity: 'ravi', role: 'owner' }])
      expect(await rolesAfter('team', { type: 'remove', identity: 'ravi' }, 7)).toEqual({})
      expect(await rolesAfter('team', { type: 'add', identities: ['eve'] }, 8)).toEqual({ eve: 'member' })
      expect(await store.changeMembership('ghost', { type: 'rename', title: 'X' }, 9)).toBeUndefined()
      expect(await store.changeMembership('team', { type: 'rename', title: 'X' }, 9)).toMatchObject({
        title: 'X',
      })
    })

    test('unread and mentions are counted from what each has read, also over edits', async () => {
      const store = await openTeam()
      const standing = async () => (await store.standings('team', ['ravi', 'eve'], 0)).get('ravi')
      await store.append(message(4, { extra: { mentions: ['ravi', 'tom'] } }))
      await store.append(message(5, { extra: { mentions: ['ravi'] } }))
      expect(await standing()).toMatchObject({ unread: 5, mentioned: 2 })
      expect(await store.conversationsOf('ravi', 9, 0)).toMatchObject([{ unread: 5, mentioned: 2 }])
      await store.markProgress('team', 'ravi', { read: 4 })
      expect(await standing()).toMatchObject({ unread: 1, mentioned: 1 })
      await store.change(change(5, edit('nobody')))
      expect(await standing()).toMatchObject({ unread: 1, mentioned: 0 })
      await store.change(change(5, edit('you', ['ravi'])))
      expect(await standing()).toMatchObject({ unread: 1, mentioned: 1 })
    })

    test('what is archived comes back with the next message, unless it is muted', async () => {
      const store = await openTeam()
      const standing = async (nowMs = 0) => (await store.standings('team', ['ravi'], nowMs)).get('ravi')
      expect(await standing()).toMatchObject({ archived: false, pinned: false, mutedUntil: 0 })
      expect(await store.setPreferences('team', 'ravi', { archived: true, pinned: true })).toBe(true)
      expect(await standing()).toMatchObject({ archived: true, pinned: true })
      await store.append(message(4))
      expect(await standing()).toMatchObject({ archived: false, pinned: true })
      await store.setPreferences('team', 'ravi', { mutedUntilMs: 100, archived: true })
      await store.append(message(5))
      expect(await standing(99)).toMatchObject({ archived: true, mutedUntil: 100 })
      expect(await standing(100)).toMatchObject({ archived: false, mutedUntil: 0 })
      await store.setPreferences('team', 'ravi', { archived: false, pinned: false })
      expect(await standing(99)).toMatchObject({ archived: false, pinned: false, mutedUntil: 100 })
      expect(await store.setPreferences('team', 'eve', { pinned: true })).toBe(false)
    })
  })

  describe('search', () => {
    const find = async (store: ChatStore, words: string[], more: { before?: number; limit?: number } = {}) =>
      (
        await store.search({ words, conversationIds: ['team', 'other'], limit: more.limit ?? 10, ...more })
      ).messages.map(({ number }) => number)

    test('finds all words, the last one as a beginning too, whatever their case, the newest first', async () => {
      const store = await openTeam(0)
      for (const [index, text] of [
        'The quick brown fox',
        'a QUICK question',
        'nothing here',
        'quickly, brown dog',
      ].entries()) {
        await store.append(message(index, { text }))
      }
      expect(await find(store, ['quick'])).toEqual([4, 2, 1])
      expect(await find(store, ['brown', 'quick'])).toEqual([4, 1])
      expect(await find(store, ['quick', 'bro'])).toEqual([1])
      expect(await find(store, ['quick'], { limit: 1 })).toEqual([4])
      expect(await find(store, ['quick'], { before: 4 })).toEqual([2, 1])
      expect(await find(store, ['absent'])).toEqual([])
    })

    test('finds words of scripts that write no spaces, wherever they stand', async () => {
      const store = await openTeam(0)
      const texts = [
        '今日は会議があります',
        '会议纪要',
        'การประชุมวันนี้',
        '新しいiPhone手机',
        '𠮷野家で会う',
        'ﾃｽﾄ中',
      ]
      for (const [index, text] of texts.entries()) await store.append(message(index, { text }))
      expect(await find(store, ['会議'])).toEqual([1])
      expect(await find(store, ['議が'])).toEqual([1])
      expect(await find(store, ['会'])).toEqual([5, 2, 1])
      expect(await find(store, ['議会'])).toEqual([])
      expect(await find(store, ['ประชุม'])).toEqual([3])
      expect(await find(store, ['วันนี้', 'การ'])).toEqual([3])
      expect(await find(store, ['手机'])).toEqual([4])
      expect(await find(store, ['iphone'])).toEqual([4])
      expect(await find(store, ['iPhone手'])).toEqual([4])
      expect(await find(store, ['𠮷野'])).toEqual([5])
      expect(await find(store, ['ｽﾄ'])).toEqual([6])
      await store.change(change(1, edit('明日にしましょう')))
      expect(await find(store, ['会議'])).toEqual([])
      expect(await find(store, ['明日'])).toEqual([1])
    })

    test('finds what messages say now: not what was edited away or deleted', async () => {
      const store = await openTeam(0)
      await store.append(message(1, { text: 'planted alpha' }))
      await store.append(message(2, { text: 'planted beta' }))
      expect(await find(store, ['planted'])).toEqual([2, 1])
      await store.change(change(1, edit('harvested')))
      await store.change(change(2, { type: 'delete' }))
      expect(await find(store, ['planted'])).toEqual([])
      expect(await find(store, ['harvested'])).toEqual([1])
      await store.append(message(3, { text: 'planted again' }))
      expect(await find(store, ['planted'])).toEqual([3])
    })

    test('looks only where it is told to', async () => {
      const store = await openTeam(0)
      for (const conversationId of ['other', 'secret']) {
        await store.openConversation({ conversationId, kind: 'group', title: 'T', members: [], nowMs: 1 })
        await store.append(
          message(1, { conversationId, clientMessageId: conversationId, text: 'treasure', sentAtMs: 5 }),
        )
      }
      await store.append(message(1, { text: 'treasure map', sentAtMs: 9 }))
      const { messages } = await store.search({
        words: ['treasure'],
        conversationIds: ['team', 'other', 'ghost'],
        limit: 10,
      })
      expect(messages.map(({ conversationId }) => conversationId)).toEqual(['team', 'other'])
    })

    test('takes any words without complaint: none of them is syntax', async () => {
      const store = await openTeam(0)
      await store.append(message(1, { text: 'plain text' }))
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.oneof(
              fc.string({ minLength: 1, unit: 'binary' }).filter((word) => word.isWellFormed()),
              fc.constantFrom('"', '*', 'AND', 'NEAR(', "'", ':*', '!', '&', '|', '\0', 'a"b', '-x', 'text:'),
            ),
            { minLength: 1, maxLength: 4 },
          ),
          async (words) => {
            await store.search({ words, conversationIds: ['team'], limit: 3 })
          },
        ),
        { numRuns: 60 },
      )
    })
  })
}
