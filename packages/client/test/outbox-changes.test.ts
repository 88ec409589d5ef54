import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OutboxStore } from '../src/api.ts'
import type { ConversationHandle } from '../src/chat/conversation.ts'
import { Conversations } from '../src/chat/conversations.ts'
import { memoryOutbox } from '../src/chat/memory-outbox.ts'
import { Outbox } from '../src/chat/outbox.ts'
import { ASHA, ChatServer } from './chat-server.ts'

/** One page of a person: opened with a server, ended as a refresh ends it. */
async function openPage(server: ChatServer, store: OutboxStore) {
  const outbox = new Outbox(server, store, ASHA.identity)
  const conversations = new Conversations(server, outbox, ASHA)
  const stop = server.onOnline(() => void conversations.resume())
  await outbox.load()
  let team: ConversationHandle | undefined
  while (team === undefined) {
    // What the outbox sends at once may be planned to break the connection.
    server.restore()
    team = await conversations.open('team').catch(() => undefined)
  }
  const end = async (): Promise<void> => {
    stop()
    conversations.close()
    await outbox.close({ forget: false })
  }
  return { team, outbox, end }
}

/** Lets everything run that waits for nothing but promises. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 80; turn += 1) await Promise.resolve()
}

const shown = (team: ConversationHandle) =>
  team.state.get().messages.map(({ text, deletedAt }) => (deletedAt === undefined ? text : 'deleted'))

/** What nobody waits for any more may fail. */
const ignore = (promise: Promise<unknown>): void => void promise.catch(() => {})

describe('changes of messages in the outbox', () => {
  test('made offline they show at once, and are stored once, in order with what is written', async () => {
    const server = new ChatServer()
    for (const text of ['one', 'two', 'three']) server.store('asha', text, text)
    const { team } = await openPage(server, memoryOutbox())
    server.cut()
    const edited = team.edit(1, 'better')
    const written = team.send('four')
    const others = [team.delete(2), team.react(3, '👍', true), team.pin(3, true)]
    const last = team.send('five')
    await settle()
    expect(shown(team)).toEqual(['better', 'deleted', 'three', 'four', 'five'])
    expect(team.state.get().messages[2]).toMatchObject({
      reactions: [{ emoji: '👍', by: ['asha'] }],
      waiting: [
        { type: 'react', state: 'sending' },
        { type: 'pin', state: 'sending' },
      ],
    })
    expect(server.revision).toBe(0)
    server.restore()
    await Promise.all([edited, written, ...others, last])
    await settle()
    expect(server.history.slice(3)).toEqual(['edit 1', 'four', 'delete 2', 'react 3', 'pin 3', 'five'])
    expect(shown(team)).toEqual(['better', 'deleted', 'three', 'four', 'five'])
    expect(team.state.get().messages.some(({ waiting }) => waiting !== undefined)).toBe(false)
  })

  test('a later page takes up what an earlier one left, and a lost answer makes no second change', async () => {
    const server = new ChatServer()
    server.store('asha', 'one', 'one')
    const store = memoryOutbox()
    const before = await openPage(server, store)
    server.fates.push('answerLost')
    ignore(before.team.edit(1, 'edited once'))
    await settle()
    ignore(before.team.react(1, '🎉', true))
    await settle()
    await before.end()
    expect(await store.list('asha')).toHaveLength(2)
    server.restore()
    const after = await openPage(server, store)
    await settle()
    expect(server.history).toEqual(['one', 'edit 1', 'react 1'])
    expect(await store.list('asha')).toEqual([])
    expect(after.team.state.get().messages[0]).toMatchObject({
      text: 'edited once',
      reactions: [{ emoji: '🎉' }],
    })
  })

  test('a message that was never sent is changed here alone; its text goes out as it was left', async () => {
    const server = new ChatServer()
    const { team } = await openPage(server, memoryOutbox())
    server.cut()
    const kept = team.send('tpyo')
    const given = team.send('never mind')
    given.catch(() => {})
    await settle()
    const [first, second] = team.state.get().messages
    const edited = team.edit(first?.clientMessageId ?? '', 'typo')
    await team.delete(second?.clientMessageId ?? '')
    await expect(given).rejects.toMatchObject({ code: 'discarded' })
    server.restore()
    await expect(kept).resolves.toMatchObject({ text: 'typo', number: 1 })
    await edited
    expect(server.history).toEqual(['typo'])
  })

  test('one that may have been sent is followed by its changes, over a refresh too', async () => {
    const server = new ChatServer()
    const store = memoryOutbox()
    const before = await openPage(server, store)
    server.fates.push('answerLost')
    ignore(before.team.send('first words'))
    await settle()
    const id = before.team.state.get().messages[0]?.clientMessageId ?? ''
    ignore(before.team.edit(id, 'second words'))
    ignore(before.team.react(id, '👍', true))
    await settle()
    expect(shown(before.team)).toEqual(['second words'])
    await before.end()
    server.restore()
    const { team } = await openPage(server, store)
    await settle()
    expect(server.history).toEqual(['first words', 'edit 1', 'react 1'])
    expect(shown(team)).toEqual(['second words'])
    expect(await store.list('asha')).toEqual([])
  })

  test('a newer change takes the place of a waiting one of its kind, and resolves for both', async () => {
    const server = new ChatServer()
    server.store('ravi', 'one', 'one')
    const { team } = await openPage(server, memoryOutbox())
    server.cut()
    const all = [team.react(1, '👍', true), team.react(1, '🎉', true), team.react(1, '👍', false)]
    await settle()
    expect(team.state.get().messages[0]?.reactions).toEqual([{ emoji: '🎉', by: ['asha'] }])
    server.restore()
    await Promise.all(all)
    expect(server.history).toEqual(['one', 'react 1', 'react 1'])
  })

  test('a later change of another device that is told first is not covered by the own one', async () => {
    const server = new ChatServer()
    server.store('asha', 'one', 'one')
    const { team } = await openPage(server, memoryOutbox())
    server.live = false
    const edited = team.edit(1, 'from here')
    while (server.revision === 0) await Promise.resolve()
    // Stored, but not acknowledged yet; and what was missed can't be asked for.
    server.live = true
    server.isGone = true
    server.change(1, 'from the other device')
    await edited
    await settle()
    expect(shown(team)).toEqual(['from the other device'])
    expect(team.state.get().messages[0]?.waiting).toBeUndefined()
  })

  test('a refused change leaves the message as it is, with why, until it is retried or given up', async () => {
    const server = new ChatServer()
    server.store('asha', 'one', 'one')
    const store = memoryOutbox()
    const { team } = await openPage(server, store)
    server.fates.push('forbidden')
    await expect(team.edit(1, 'no')).rejects.toMatchObject({ code: 'forbidden' })
    const [message] = team.state.get().messages
    expect(message).toMatchObject({
      text: 'one',
      waiting: [{ type: 'edit', state: 'failed', error: { code: 'forbidden' } }],
    })
    // Others are not held up by it.
    await team.send('two')
    await team.retry(message?.waiting?.[0]?.clientChangeId ?? '')
    await settle()
    expect(shown(team)).toEqual(['no', 'two'])
    server.fates.push('forbidden')
    await expect(team.delete(1)).rejects.toMatchObject({ code: 'forbidden' })
    await team.discard(team.state.get().messages[0]?.waiting?.[0]?.clientChangeId ?? '')
    expect(team.state.get().messages[0]?.waiting).toBeUndefined()
    expect(await store.list('asha')).toEqual([])
  })

  test('nothing is kept for a message that somebody else deleted meanwhile', async () => {
    const server = new ChatServer()
    for (const text of ['one', 'two']) server.store('asha', text, text)
    const store = memoryOutbox()
    const { team } = await openPage(server, store)
    for (const number of [1, 2])
      server.log[number - 1] = { ...server.log[number - 1]!, deletedAt: 5, text: '' }
    await expect(team.edit(1, 'late')).rejects.toMatchObject({ code: 'wrongState' })
    await team.delete(2)
    await settle()
    expect(await store.list('asha')).toEqual([])
  })

  test('whatever is lost, cut or refreshed: what was wished is so at the end, each change stored once', async () => {
    const wish = fc.record({
      do: fc.constantFrom('send', 'edit', 'react', 'unreact', 'delete'),
      at: fc.nat({ max: 5 }),
    })
    const trouble = fc.record({
      do: fc.constantFrom('cut', 'restore', 'refresh', 'lost', 'answerLost', 'rateLimited', 'pause'),
      at: fc.constant(0),
    })
    const steps = fc.array(fc.oneof({ weight: 3, arbitrary: wish }, { weight: 2, arbitrary: trouble }), {
      maxLength: 40,
    })
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const server = new ChatServer()
        const store = memoryOutbox()
        let page = await openPage(server, store)
        /** What each own message should be at the end, by its id. */
        const wished = new Map<string, { text: string; deleted: boolean; thumb: boolean }>()
        const refresh = async (): Promise<void> => {
          await settle()
          await page.end()
          server.restore()
          page = await openPage(server, store)
        }
        for (const [index, one] of plan.entries()) {
          const { team } = page
          const own = team.state.get().messages.filter(({ deletedAt }) => deletedAt === undefined)
          const message = own[one.at % Math.max(1, own.length)]
          const target = message?.number ?? message?.clientMessageId
          const state = wished.get(message?.clientMessageId ?? '')
          if (one.do === 'send') {
            ignore(team.send(`text ${index}`))
            const { clientMessageId = '' } = team.state.get().messages.at(-1) ?? {}
            wished.set(clientMessageId, { text: `text ${index}`, deleted: false, thumb: false })
          } else if (target !== undefined && state !== undefined && message?.state !== 'failed') {
            if (one.do === 'edit') state.text = `edit ${index}`
            if (one.do === 'edit') ignore(team.edit(target, state.text))
            if (one.do === 'react' || one.do === 'unreact') {
              state.thumb = one.do === 'react'
              ignore(team.react(target, '👍', state.thumb))
            }
            if (one.do === 'delete') state.deleted = true
            if (one.do === 'delete') ignore(team.delete(target))
          }
          if (one.do === 'cut') server.cut()
          if (one.do === 'restore') server.restore()
          if (one.do === 'refresh') await refresh()
          if (one.do === 'lost' || one.do === 'answerLost' || one.do === 'rateLimited')
            server.fates.push(one.do)
          if (one.do === 'pause') await settle()
        }
        for (let turn = 0; turn < 100 && (await store.list('asha')).length > 0; turn += 1) {
          await settle()
          server.cut()
          server.restore()
          await settle()
          // A pause that the server asked for is of a real millisecond.
          await new Promise((resolve) => setTimeout(resolve, 2))
        }
        await settle()
        expect(await store.list('asha')).toEqual([])
        const stored = new Map(
          server.log.map(({ clientMessageId, text, deletedAt, reactions = [] }) => [
            clientMessageId,
            { text, deleted: deletedAt !== undefined, thumb: reactions.length > 0 },
          ]),
        )
        for (const [id, { text, deleted, thumb }] of wished) {
          if (!deleted) expect(stored.get(id)).toEqual({ text, deleted, thumb })
          // One that was never sent is not there at all.
          else expect(stored.get(id)?.deleted ?? true).toBe(true)
        }
        expect(shown(page.team)).toEqual(
          server.log.map(({ text, deletedAt }) => (deletedAt === undefined ? text : 'deleted')),
        )
      }),
      { numRuns: 150 },
    )
  })
})
