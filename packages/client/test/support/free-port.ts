import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the range that Linux takes outgoing ports from, so that nobody takes it while a server is away.
const LOWEST = 20_000
const COUNT = 12_000

/** A port that nobody listens on, for a server that goes away and comes back. */
export const freePort = (): Promise<number> => firstFree(LOWEST + Math.floor(Math.random() * COUNT))

async function firstFree(candidate: number): Promise<number> {
  const probe = createServer()
  try {
    probe.listen(candidate, '127.0.0.1')
    await once(probe, 'listening')
    return candidate
  } catch {
    return firstFree(candidate + 1)
  } finally {
    probe.close()
  }
}
