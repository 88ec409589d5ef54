import { connectClients } from './connect-client.ts'
import type { Kind } from './measuring.ts'

// Idle clients in a process of their own: connects so many whenever it is told to, and says when they stand.

/** What the process is told: to connect so many more. */
export interface ConnectOrder {
  readonly url: string
  readonly kind: Kind
  readonly count: number
}

process.on('message', ({ url, kind, count }: ConnectOrder) => {
  connectClients(url, kind, count).then(
    () => process.send?.({ connected: count }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
