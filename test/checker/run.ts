import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Message, PROTOCOL_VERSION, type ReplyOf } from '@sangam/protocol'
import { io } from 'socket.io-client'
import { findFreePorts } from '../harness/free-ports.ts'
import { CheckedServer } from './checked-server.ts'
import { ask, CheckedClient } from './client.ts'
import { spoilFiles } from './file-faults.ts'
import { addVerdicts, History, type Verdict } from './history.ts'
import { planRounds, type Round } from './plan.ts'
import { between, type Random, randomOf } from './random.ts'

/** One run of the checker. */
export interface RunOptions {
  readonly seed: number
  /** Messages to have acknowledged, over all conversations. */
  readonly messages: number
  readonly kills: number
  readonly conversations?: number
  readonly clientsPerConversation?: number
  /** PostgreSQL; default is SQLite in a temporary folder. */
  readonly databaseUrl?: string
  /** Folder for the data; default is a temporary one, which is removed. */
  readonly dataDir?: string
  /** Makes texts longer, bytes. */
  readonly paddingBytes?: number
  /** Breaks the server on purpose: it acknowledges before it stores. */
  readonly acknowledgeEarly?: boolean
  /** Runs beside the clients in the first life, before any kill. */
  readonly meanwhile?: (seen: { readonly refusals: () => number }) => Promise<void>
  readonly onProgress?: (line: string) => void
}

/** What a run found and what it did. */
export interface RunResult {
  readonly verdict: Verdict
  readonly kills: number
  readonly files: { readonly torn: number; readonly unsynced: number }
  readonly clockJumps: number
  readonly disconnects: number
  readonly refusals: number
  readonly durationMs: number
}

const pageSize = 200
const progressEveryMs = 10_000
const pollMs = 20

interface Talk {
  readonly conversationId: string
  readonly history: History
  readonly clients: readonly CheckedClient[]
}

/** Gets a guest's token, which outlives the server's process. */
async function guestToken(url: string, name: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/guests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  if (!response.ok) throw new Error(`a guest's token was refused: ${response.status}`)
  const { token } = (await response.json()) as { token: string }
  return token
}

/** Reads a whole conversation as somebody who was not there. */
async function readAll(url: string, conversationId: string): Promise<Message[]> {
  const socket = io(url, {
    transports: ['websocket'],
    forceNew: true,
    auth: {
      token: await guestToken(url, 'Reader'),
      protocolVersion: PROTOCOL_VERSION,
      client: 'checker',
      deviceId: 'reader',
    },
  })
  await new Promise((resolve) => socket.once('session.ready', resolve))
  const messages: Message[] = []
  for (let more = true; more; ) {
    const after = messages.at(-1)?.number ?? 0
    const page = await ask<ReplyOf<'conversation.history'>>(socket, 'conversation.history', {
      conversationId,
      after,
      limit: pageSize,
    })
    messages.push(...page.messages)
    more = page.more
  }
  socket.disconnect()
  return messages
}

/** Runs clients against servers that die, and judges what is left. */
export async function runChecker(options: RunOptions): Promise<RunResult> {
  const { databaseUrl = '', paddingBytes = 0, conversations = 4, clientsPerConversation = 4 } = options
  const startedMs = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'sangam-checker-'))
  const dataDir = options.dataDir ?? join(folder, 'data')
  mkdirSync(dataDir, { recursive: true })
  const random = randomOf(options.seed)
  const server = new CheckedServer({
    dataDir,
    databaseUrl,
    port: await findFreePorts(1),
    acknowledgeEarly: options.acknowledgeEarly ?? false,
  })
  const rounds = planRounds({
    random,
    kills: options.kills,
    // On average half of the messages fall into the lives that are cut short.
    appendsPerKill: Math.floor(options.messages / Math.max(1, options.kills)),
    hasFiles: databaseUrl === '',
  })
  const done = { kills: 0, torn: 0, unsynced: 0, clockJumps: 0, disconnects: 0 }
  try {
    await server.start()
    const talks = await Promise.all(
      Array.from({ length: conversations }, (_, index) =>
        makeTalk(server.url, `talk-${index}`, clientsPerConversation, paddingBytes, random),
      ),
    )
    const clients = talks.flatMap((talk) => talk.clients)
    const each = Math.ceil(options.messages / clients.length)
    for (const client of clients) client.start(each)
    const stopProgress = reportProgress(options.onProgress, talks, done)
    try {
      await options.meanwhile?.({ refusals: () => countRefusals(talks) })
      for (const round of rounds) await live(server, clients, round, random, join(dataDir, 'sangam.db'), done)
      while (!isComplete(talks)) await wait(pollMs)
    } finally {
      stopProgress()
      for (const client of clients) client.close()
    }
    const verdicts: Verdict[] = []
    for (const { conversationId, history } of talks) {
      verdicts.push(history.judge(await readAll(server.url, conversationId)))
    }
    return {
      verdict: addVerdicts(verdicts),
      kills: done.kills,
      files: { torn: done.torn, unsynced: done.unsynced },
      clockJumps: done.clockJumps,
      disconnects: done.disconnects,
      refusals: countRefusals(talks),
      durationMs: performance.now() - startedMs,
    }
  } finally {
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function makeTalk(
  url: string,
  conversationId: string,
  size: number,
  paddingBytes: number,
  random: Random,
): Promise<Talk> {
  const history = new History(paddingBytes)
  const clients = await Promise.all(
    Array.from({ length: size }, async (_, index) => {
      const name = `${conversationId}.${index}`
      const token = await guestToken(url, name)
      return new CheckedClient({ url, name, token, conversationId, history, random })
    }),
  )
  return { conversationId, history, clients }
}

const countRefusals = (talks: readonly Talk[]): number =>
  talks.reduce((sum, { history }) => sum + history.refusals, 0)

/** All is acknowledged, and everybody was shown all. */
const isComplete = (talks: readonly Talk[]): boolean =>
  talks.every(({ clients }) => {
    const newest = Math.max(...clients.map(({ seen }) => seen))
    return clients.every((client) => client.isDone && client.seen === newest)
  })

/** One life of the server up to its next one. */
async function live(
  server: CheckedServer,
  clients: readonly CheckedClient[],
  round: Round,
  random: Random,
  path: string,
  done: { kills: number; torn: number; unsynced: number; clockJumps: number; disconnects: number },
): Promise<void> {
  const holdAnswers = round.files !== 'none'
  if (holdAnswers) {
    // From the image on nothing is answered: whatever the disk forgets later, nobody was promised.
    await Promise.all(clients.map((client) => client.pause()))
    await server.image()
  }
  if (round.clockJumpMs !== 0) {
    server.jumpClock(round.clockJumpMs)
    done.clockJumps += 1
  }
  server.arm(holdAnswers ? { ...round.kill, appends: between(random, 1, 40) } : round.kill, holdAnswers)
  for (const client of clients) client.resume()
  for (let count = 0; count < round.disconnects; count += 1) {
    clients[between(random, 0, clients.length - 1)]?.drop()
    done.disconnects += 1
  }
  await Promise.race([server.exited, allDone(clients, server)])
  done.kills += 1
  const fault = spoilFiles(path, round.files, random)
  if (fault !== 'none') done[fault] += 1
  await server.start()
}

/** When everybody has sent all, the fault would never strike by itself: then the life ends here. */
async function allDone(clients: readonly CheckedClient[], server: CheckedServer): Promise<void> {
  let isOver = false
  void server.exited.then(() => (isOver = true))
  while (!isOver && !clients.every((client) => client.isDone)) await wait(pollMs)
  if (!isOver) await server.kill()
}

function reportProgress(
  onProgress: ((line: string) => void) | undefined,
  talks: readonly Talk[],
  done: { readonly kills: number },
): () => void {
  if (onProgress === undefined) return () => undefined
  const timer = setInterval(() => {
    const acknowledged = talks.reduce((sum, { history }) => sum + history.acknowledgedCount, 0)
    onProgress(`${acknowledged} acknowledged, ${done.kills} kills`)
  }, progressEveryMs)
  return () => clearInterval(timer)
}
