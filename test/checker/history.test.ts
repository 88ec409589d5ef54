import { describe, expect, test } from 'vitest'
import { History, idOf, textOf } from './history.ts'

const stored = (...ids: string[]) =>
  ids.map((clientMessageId, index) => ({ number: index + 1, clientMessageId, text: textOf(clientMessageId) }))

/** A history in which one sender's messages 0, 1 and 2 were acknowledged as 1, 2 and 3. */
const threeAcknowledged = (): { history: History; ids: string[] } => {
  const history = new History()
  const ids = [1, 2, 3].map((number) => {
    const id = history.send('asha')
    history.acknowledged(id, number)
    return id
  })
  return { history, ids }
}

describe('the checker’s judgement', () => {
  test('finds nothing where all is as it was promised', () => {
    const { history, ids } = threeAcknowledged()
    for (const message of stored(...ids)) history.shown(message)
    const unanswered = history.send('asha')
    const { counts, acknowledged } = history.judge(stored(...ids, unanswered))
    expect(counts).toEqual({ lost: 0, doubled: 0, reordered: 0, invented: 0 })
    expect(acknowledged).toBe(3)
  })

  test.each([
    ['an acknowledged message is not stored', (ids: string[]) => stored(ids[0]!, ids[1]!), 'lost'],
    ['a message is stored twice', (ids: string[]) => stored(...ids, ids[0]!), 'doubled'],
    ['two messages changed places', (ids: string[]) => stored(ids[1]!, ids[0]!, ids[2]!), 'reordered'],
    ['a message is stored that nobody sent', (ids: string[]) => stored(...ids, idOf('asha', 99)), 'invented'],
    [
      'a message says something else',
      (ids: string[]) =>
        stored(...ids).map((message, index) => (index === 1 ? { ...message, text: '?' } : message)),
      'invented',
    ],
    [
      'a number is missing',
      (ids: string[]) => stored(...ids).map((message) => ({ ...message, number: message.number * 2 })),
      'lost',
    ],
  ] as const)('%s', (_name, finallyStored, kind) => {
    const { history, ids } = threeAcknowledged()
    expect(history.judge(finallyStored(ids)).counts[kind]).toBeGreaterThan(0)
  })

  test('a message that is acknowledged under two numbers, and a number that two messages have, are doubled', () => {
    const { history, ids } = threeAcknowledged()
    history.acknowledged(ids[0]!, 4)
    history.acknowledged(history.send('asha'), 3)
    expect(history.judge(stored(...ids)).counts.doubled).toBe(2)
  })

  test('a message that was shown and is gone is lost, also when it was never acknowledged', () => {
    const { history, ids } = threeAcknowledged()
    history.shown({ number: 4, clientMessageId: history.send('asha'), text: textOf(idOf('asha', 3)) })
    expect(history.judge(stored(...ids)).counts).toEqual({ lost: 1, doubled: 0, reordered: 0, invented: 0 })
  })

  test('what comes live skips, repeats and turns back nothing', () => {
    const { history, ids } = threeAcknowledged()
    history.showedNext('ravi', 1, 2)
    history.showedNext('ravi', 2, 4)
    history.showedNext('ravi', 4, 4)
    history.showedNext('ravi', 4, 3)
    expect(history.judge(stored(...ids)).counts).toEqual({ lost: 1, doubled: 1, reordered: 1, invented: 0 })
  })

  test('who was not shown the last message in the end lost it', () => {
    const { history, ids } = threeAcknowledged()
    history.ended('ravi', 3)
    history.ended('mei', 2)
    const { counts, examples } = history.judge(stored(...ids))
    expect(counts).toEqual({ lost: 1, doubled: 0, reordered: 0, invented: 0 })
    expect(examples).toEqual(['lost: mei was shown up to 2 of 3'])
  })

  test('a sender’s own order is kept, also after a refusal', () => {
    const inOrder = new History()
    const turned = [inOrder.send('asha'), inOrder.send('asha')]
    expect(inOrder.judge(stored(turned[1]!, turned[0]!)).counts.reordered).toBe(1)
    const refused = new History()
    const [first, second] = [refused.send('asha'), refused.send('asha')]
    refused.refused(first)
    expect(refused.judge(stored(second, first)).counts.reordered).toBe(1)
  })
})
