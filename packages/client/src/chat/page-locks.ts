/**
 * Which of the pages that share a store live, told by the Web Locks API: each holds a lock of its own until it ends,
 * however it ends.
 */
import { randomId } from '../random-id.ts'

/** This page among those that share a store. */
export interface PageLocks {
  readonly pageId: string
  /** Runs a task while no other page runs one. It is given the ids of the pages that live, this one among them. */
  alone<T>(task: (living: ReadonlySet<string>) => Promise<T>): Promise<T>
  /** Calls whenever another page ended, also one that opened later. One listener. */
  onPageEnd(listener: () => void): void
  /** From now on this page counts as ended. */
  close(): void
}

/** Enters this page; undefined where the browser gives no locks, which it does to secure origins only. */
export async function enterPage(storeName: string): Promise<PageLocks | undefined> {
  const { locks } = navigator as { readonly locks?: LockManager }
  if (locks === undefined) return undefined
  const pageId = randomId()
  const prefix = `${storeName} page `
  let leave: (() => void) | undefined
  try {
    leave = await hold(locks, prefix + pageId)
  } catch {
    return undefined
  }
  const ended = new AbortController()
  const arrivals = new BroadcastChannel(`${storeName} pages`)
  const watched = new Set([pageId])

  const living = async (): Promise<ReadonlySet<string>> => {
    const { held = [] } = await locks.query()
    const names = held.map(({ name = '' }) => name).filter((name) => name.startsWith(prefix))
    return new Set(names.map((name) => name.slice(prefix.length)))
  }

  const watch = (id: string, listener: () => void): void => {
    if (watched.has(id)) return
    watched.add(id)
    // The lock of another page is to be had when that page ended. Refused: this one ended before.
    locks.request(prefix + id, { signal: ended.signal }, listener).catch(() => {})
  }

  return {
    pageId,
    alone: (task) => locks.request(`${storeName} claim`, async () => task(await living())),
    onPageEnd(listener) {
      arrivals.onmessage = ({ data }: MessageEvent<string>) => watch(data, listener)
      arrivals.postMessage(pageId)
      living().then(
        (ids) => {
          for (const id of ids) watch(id, listener)
        },
        () => {},
      )
    },
    close() {
      ended.abort()
      arrivals.close()
      leave()
    },
  }
}

/** Takes a lock and keeps it; gives the way to let go of it. */
function hold(locks: LockManager, name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    locks.request(name, () => new Promise<void>((release) => resolve(release))).catch(reject)
  })
}
