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
import { FrameCutter } from './frame-cutter.ts'
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
  /** Connections that are cut between two frames: the n-th one after its n-th frame. */
  readonly frameCuts?: number
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
  readonly refreshes: number
  readonly frameCuts: number
  readonly refusals: number
  readonly durationMs: number
}

const pageSize = 200
const progressEveryMs = 10_000
const pollMs = 20
const mostHeldAppends = 40
/** Far longer than a client takes to come back and to catch up. */
const stuckMs = 15_000

/** What was done to the server and its clients so far. */
interface Done {
  kills: number
  torn: number
  unsynced: number
  clockJumps: number
  disconnects: number
  refreshes: number
}

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
  const done: Done = { kills: 0, torn: 0, unsynced: 0, clockJumps: 0, disconnects: 0, refreshes: 0 }
  try {
    await server.start()
    await using cutter = await FrameCutter.start(server.port, options.frameCuts ?? 0)
    const urls = { server: server.url, client: cutter.url }
    const talks = await Promise.all(
      Array.from({ length: conversations }, (_, index) =>
        makeTalk(urls, `talk-${index}`, clientsPerConversation, paddingBytes, random),
      ),
    )
    const clients = talks.flatMap((talk) => talk.clients)
    const each = Math.ceil(options.messages / clients.length)
    for (const client of clients) client.start(each)
    const stopProgress = reportProgress(options.onProgress, talks, done)
    try {
      await options.meanwhile?.({ refusals: () => countRefusals(talks) })
      for (const round of rounds) await live(server, clients, round, random, join(dataDir, 'sangam.db'), done)
      await settled(talks)
    } finally {
      stopProgress()
      for (const client of clients) client.close()
    }
    const verdicts: Verdict[] = []
    for (const { conversationId, history, clients: present } of talks) {
      for (const { name, seen } of present) history.ended(name, seen)
      verdicts.push(history.judge(await readAll(server.url, conversationId)))
    }
    return {
      verdict: addVerdicts(verdicts),
      kills: done.kills,
      files: { torn: done.torn, unsynced: done.unsynced },
      clockJumps: done.clockJumps,
      disconnects: done.disconnects,
      refreshes: done.refreshes,
      frameCuts: cutter.cutsDone,
      refusals: countRefusals(talks),
      durationMs: performance.now() - startedMs,
    }
  } finally {
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function makeTalk(
  urls: { readonly server: string; readonly client: string },
  conversationId: string,
  size: number,
  paddingBytes: number,
  random: Random,
): Promise<Talk> {
  const history = new History(paddingBytes)
  const clients = await Promise.all(
    Array.from({ length: size }, async (_, index) => {
      const name = `${conversationId}.${index}`
      const token = await guestToken(urls.server, name)
      return new CheckedClient({ url: urls.client, name, token, conversationId, history, random })
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

/**
 * Waits until all is acknowledged and everybody was shown all. Where somebody never is, it ends once nothing has come for a
 * while: what they miss is for the verdict.
 * @throws Error naming who is still without an acknowledgement then
 */
async function settled(talks: readonly Talk[]): Promise<void> {
  const clients = talks.flatMap((talk) => talk.clients)
  let progress = Number.NaN
  let sinceMs = 0
  while (!isComplete(talks)) {
    const now = clients.reduce((sum, { seen }) => sum + seen, 0)
    if (now !== progress) {
      progress = now
      sinceMs = performance.now()
    } else if (performance.now() - sinceMs > stuckMs) {
      const waiting = clients.filter(({ isDone }) => !isDone).map(({ name }) => name)
      if (waiting.length === 0) return
      throw new Error(
        `nothing comes any more, and these still wait for acknowledgements: ${waiting.join(', ')}`,
      )
    }
    await wait(pollMs)
  }
}

/** One life of the server up to its next one. */
async function live(
  server: CheckedServer,
  clients: readonly CheckedClient[],
  round: Round,
  random: Random,
  path: string,
  done: Done,
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
  // Held answers bring no further messages: the fault must strike within those that are sent without them.
  const unanswered = clients.reduce((sum, client) => sum + client.unanswered, 0)
  const appends = between(random, 1, Math.max(1, Math.min(mostHeldAppends, unanswered)))
  // Known to the process before anybody sends: what came to it by another way before this would be answered.
  await server.arm(holdAnswers ? { ...round.kill, appends } : round.kill, holdAnswers)
  for (const client of clients) client.resume()
  for (let count = 0; count < round.disconnects; count += 1) {
    clients[between(random, 0, clients.length - 1)]?.drop()
    done.disconnects += 1
  }
  for (let count = 0; count < round.refreshes; count += 1) {
    clients[between(random, 0, clients.length - 1)]?.refresh()
    done.refreshes += 1
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
