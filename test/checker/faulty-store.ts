import { copyFileSync, existsSync } from 'node:fs'
import type { ChatStore } from '@sangam/server'
import type { KillPoint } from './plan.ts'

const filesOf = (path: string): string[] => [path, `${path}-wal`]

/** Where the copy of a file as of the last synced write lies. */
export const imageOf = (path: string): string => `${path}.image`

/** Ends this process as a power cut would: nothing more runs, nothing is flushed. */
const die = (): void => {
  process.kill(process.pid, 'SIGKILL')
}

/** A store that ends its process at a chosen point, and can hold its answers back until then. */
export interface FaultyStore {
  readonly store: ChatStore
  /** Ends the process at a point. With `holdAnswers`, nothing is answered any more until then. */
  readonly arm: (kill: KillPoint, holdAnswers: boolean) => void
  /**
   * Copies the database's files at a moment when every write was answered, and so is synced: what a disk is sure to
   * hold that loses all that was not synced. Resolves when it is done.
   */
  readonly image: (path: string) => Promise<void>
}

/** Wraps a store. Without an armed fault it behaves as the store itself. */
export function withFaults(inner: ChatStore): FaultyStore {
  let armed: { readonly kill: KillPoint; readonly holdAnswers: boolean; left: number } | undefined
  let underWay = 0
  let onIdle: (() => void) | undefined

  const track = async <Result>(work: Promise<Result>): Promise<Result> => {
    underWay += 1
    try {
      return await work
    } finally {
      underWay -= 1
      if (underWay === 0) {
        onIdle?.()
        onIdle = undefined
      }
    }
  }
  const strike = (kill: KillPoint): void => {
    if (kill.at === 'storing') {
      setTimeout(die, kill.delayMs)
      return
    }
    let hops = kill.hops
    const hop = (): void => {
      if (hops === 0) die()
      hops -= 1
      queueMicrotask(hop)
    }
    hop()
  }
  /** Counts towards the fault; true when it strikes now. */
  const isDue = (at: KillPoint['at']): KillPoint | undefined => {
    if (armed?.kill.at !== at) return undefined
    armed.left -= 1
    return armed.left === 0 ? armed.kill : undefined
  }
  /** While answers are held back nobody may see what is stored either: it may still be taken from the disk. */
  const held = async <Result>(work: Promise<Result>): Promise<Result> => {
    const result = await work
    if (armed?.holdAnswers === true) await new Promise<never>(() => undefined)
    return result
  }
  const append: ChatStore['append'] = async (request) => {
    const storing = isDue('storing')
    if (storing !== undefined) strike(storing)
    const outcome = await track(inner.append(request))
    const stored = isDue('stored')
    if (stored !== undefined) strike(stored)
    return held(Promise.resolve(outcome))
  }
  return {
    store: {
      rememberPerson: (person) => track(inner.rememberPerson(person)),
      people: (limit) => held(inner.people(limit)),
      person: (identity) => held(inner.person(identity)),
      openConversation: (request) => held(track(inner.openConversation(request))),
      conversation: (conversationId) => held(inner.conversation(conversationId)),
      conversationsOf: (...request) => held(inner.conversationsOf(...request)),
      append,
      isStored: (...message) => held(inner.isStored(...message)),
      messages: (request) => held(inner.messages(request)),
      sentBy: (...request) => held(inner.sentBy(...request)),
      aboutPerson: (...request) => held(inner.aboutPerson(...request)),
      forgetPerson: (...request) => held(track(inner.forgetPerson(...request))),
      scrub: () => held(inner.scrub()),
      heads: (...request) => held(inner.heads(...request)),
      message: (...place) => held(inner.message(...place)),
      markProgress: (...request) => held(track(inner.markProgress(...request))),
      change: (request) => held(track(inner.change(request))),
      changes: (...request) => held(inner.changes(...request)),
      pinned: (conversationId) => held(inner.pinned(conversationId)),
      versions: (...place) => held(inner.versions(...place)),
      changeMembership: (...request) => held(track(inner.changeMembership(...request))),
      setPreferences: (...request) => held(track(inner.setPreferences(...request))),
      standings: (...request) => held(inner.standings(...request)),
      search: (request) => held(track(inner.search(request))),
      close: () => inner.close(),
    },
    arm: (kill, holdAnswers) => {
      armed = { kill, holdAnswers, left: kill.appends }
    },
    image: async (path) => {
      if (underWay > 0) await new Promise<void>((resolve) => (onIdle = resolve))
      for (const file of filesOf(path)) if (existsSync(file)) copyFileSync(file, imageOf(file))
    },
  }
}

/** How long the broken store below lets a message wait after it said that it was stored. */
const lateMs = 30

/**
 * A store that breaks the promise on purpose: it numbers and acknowledges in memory, and stores later. Numbers and repeats
 * are right as long as it lives. The checker has to catch it.
 */
export function acknowledgingEarly(inner: ChatStore): ChatStore {
  const lastNumbers = new Map<string, Promise<{ value: number }>>()
  const known = new Map<string, number>()
  const lastNumberOf = (conversationId: string): Promise<{ value: number }> => {
    const last =
      lastNumbers.get(conversationId) ??
      inner.conversation(conversationId).then((record) => ({ value: record?.lastNumber ?? 0 }))
    lastNumbers.set(conversationId, last)
    return last
  }
  return {
    ...inner,
    append: async (request) => {
      const { conversationId, senderId, clientMessageId, sentAtMs } = request
      const last = await lastNumberOf(conversationId)
      const repeated = known.get(`${senderId}\n${clientMessageId}`)
      if (repeated !== undefined) return { outcome: 'repeated', number: repeated, sentAtMs }
      last.value += 1
      known.set(`${senderId}\n${clientMessageId}`, last.value)
      setTimeout(() => void inner.append(request), lateMs)
      return { outcome: 'stored', number: last.value, sentAtMs }
    },
  }
}
