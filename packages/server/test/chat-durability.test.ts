import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Message } from '@sangam/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { connectWith, guestPass, type TestClient } from './support/test-client.ts'
import { temporaryFolder } from './support/test-server.ts'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

const startProcess = async (dataDir: string): Promise<{ child: ChildProcess; url: string }> => {
  const child = fork(new URL('./support/chat-process.ts', import.meta.url), [dataDir], { execArgv: [] })
  children.push(child)
  const [{ url }] = (await once(child, 'message')) as [{ url: string }]
  return { child, url }
}

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
const randomOf = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Sent = { readonly clientMessageId: string; readonly text: string; number: number | undefined }

/** Sends messages at once and notes the number of each that was acknowledged; a lost connection acknowledges no more. */
const sendAll = (
  client: TestClient,
  messages: readonly Sent[],
  onAcknowledged: () => void,
): Promise<unknown> =>
  Promise.all(
    messages.map(async (sent) => {
      const { clientMessageId, text } = sent
      const reply = await client
        .ask('conversation.send', { conversationId: 'team', clientMessageId, text })
        .catch(() => undefined)
      if (reply === undefined) return
      // An acknowledgement that was given stands: a retry must not move the message.
      if (sent.number !== undefined) expect(reply.number).toBe(sent.number)
      sent.number = reply.number
      onAcknowledged()
    }),
  )

const wholeConversation = async (client: TestClient): Promise<Message[]> => {
  const messages: Message[] = []
  for (let more = true; more; ) {
    const page = await client.ask('conversation.history', {
      conversationId: 'team',
      after: messages.length,
      limit: 200,
    })
    messages.push(...page.messages)
    more = page.more
  }
  return messages
}

const burst = 250
/** So many of each burst are handed over right before the kill: their acknowledgements can't come in time. */
const late = 50
const rounds = 3

describe('a server that is killed in the middle of a burst', () => {
  test.each([1, 2])(
    'holds every acknowledged message once, in order, without gaps, and doubles no retry (seed %i)',
    async (seed) => {
      const random = randomOf(seed)
      const dataDir = temporaryFolder()
      let { child, url } = await startProcess(dataDir)
      const passes = [await guestPass(url, 'Asha'), await guestPass(url, 'Ravi')]
      const outboxes: Sent[][] = passes.map(() => [])
      let acknowledgedBeforeKill = 0

      for (let round = 0; round < rounds; round += 1) {
        const clients = await Promise.all(passes.map(({ token }) => connectWith(url, token)))
        for (const client of clients) await client.ask('conversation.open', { conversationId: 'team' })
        const killAfter = 1 + Math.floor(random() * burst)
        let acknowledged = 0
        const killed = once(child, 'exit')
        const lateOnes: Promise<unknown>[] = []
        const onAcknowledged = (): void => {
          acknowledged += 1
          if (acknowledged !== killAfter) return
          for (const [person, client] of clients.entries())
            lateOnes.push(sendAll(client, fresh[person]?.slice(-late) ?? [], () => undefined))
          child.kill('SIGKILL')
        }
        const fresh = outboxes.map((outbox, person) => {
          const messages = Array.from({ length: burst }, (_, index): Sent => {
            const clientMessageId = `r${round}-${index}`
            return { clientMessageId, text: `${person}:${clientMessageId}`, number: undefined }
          })
          outbox.push(...messages)
          return messages
        })
        await Promise.all(
          clients.map((client, person) =>
            sendAll(client, fresh[person]?.slice(0, -late) ?? [], onAcknowledged),
          ),
        )
        await Promise.all(lateOnes)
        await killed
        acknowledgedBeforeKill += fresh.flat().filter(({ number }) => number !== undefined).length
        ;({ child, url } = await startProcess(dataDir))

        // What was acknowledged is there before anything is sent again.
        const [reader] = await Promise.all([connectWith(url, passes[0]?.token ?? '')])
        const stored = await wholeConversation(reader)
        expect(stored.map(({ number }) => number)).toEqual(stored.map((_, index) => index + 1))
        for (const sent of outboxes.flat()) {
          if (sent.number !== undefined) expect(stored[sent.number - 1]?.text).toBe(sent.text)
        }
        // Everything is sent again: the acknowledged gets its number, the rest gets in now.
        const again = await Promise.all(passes.map(({ token }) => connectWith(url, token)))
        await Promise.all(
          again.map((client, person) => sendAll(client, outboxes[person] ?? [], () => undefined)),
        )
        const numbers = fresh.map((messages) => messages.map(({ number }) => number ?? Number.NaN))
        for (const ofOne of numbers) expect(ofOne).toEqual([...ofOne].sort((a, b) => a - b))
        const complete = await wholeConversation(reader)
        expect(complete.map(({ number }) => number)).toEqual(complete.map((_, index) => index + 1))
        expect(complete.map(({ text }) => text).sort()).toEqual(
          outboxes
            .flat()
            .map(({ text }) => text)
            .sort(),
        )
        for (const client of [reader, ...again]) client.close()
      }
      // The kills did fall into the bursts: some were acknowledged before, some were not.
      expect(acknowledgedBeforeKill).toBeGreaterThan(0)
      expect(acknowledgedBeforeKill).toBeLessThan(rounds * burst * 2)
    },
    120_000,
  )
})
