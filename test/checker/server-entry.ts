import { join } from 'node:path'
import { createServer } from '@sangam/server'
import { storePlace } from '../../packages/server/src/chat/open-store.ts'
import { acknowledgingEarly, type FaultyStore, withFaults } from './faulty-store.ts'
import type { KillPoint } from './plan.ts'

// The real server in a process of its own, over a store that can end the process at a chosen point.

/** What the process is started with, as JSON in its first argument. */
export interface EntryOptions {
  readonly dataDir: string
  readonly port: number
  /** Empty: SQLite in `dataDir`. */
  readonly databaseUrl: string
  readonly acknowledgeEarly: boolean
}

/** Orders to the process. */
export type Order =
  | { readonly type: 'arm'; readonly kill: KillPoint; readonly holdAnswers: boolean }
  | { readonly type: 'clock'; readonly jumpMs: number }
  | { readonly type: 'image' }

/** What the process tells. */
export type Notice = { readonly type: 'listening' | 'armed' | 'imaged' }

const options: EntryOptions = JSON.parse(process.argv[2] ?? '{}')
const path = join(options.dataDir, 'sangam.db')
let clockOffsetMs = 0
let faulty: FaultyStore | undefined
const tell = (notice: Notice): void => {
  process.send?.(notice)
}

const sangam = await createServer({
  dataDir: options.dataDir,
  env: {},
  configFile: false,
  host: '127.0.0.1',
  port: options.port,
  httpsPort: 'off',
  mediaWorkers: 0,
  rateLimitFactor: 10_000,
  logLevel: 'silent',
  now: () => Date.now() + clockOffsetMs,
  openStore: async () => {
    const store = await storePlace(options.databaseUrl, path).open()
    faulty = withFaults(options.acknowledgeEarly ? acknowledgingEarly(store) : store)
    return faulty.store
  },
})
process.on('message', (order: Order) => {
  if (order.type === 'arm') {
    faulty?.arm(order.kill, order.holdAnswers)
    tell({ type: 'armed' })
  } else if (order.type === 'clock') clockOffsetMs = order.jumpMs
  else void faulty?.image(path).then(() => tell({ type: 'imaged' }))
})
process.on('disconnect', () => process.exit(0))
await sangam.listen()
tell({ type: 'listening' })
