import { createServer as createHttpServer } from 'node:http'
import { createServer } from '@sangam/server'
import { Server } from 'socket.io'

// A server to be measured, in a process of its own: `sangam`, or `bare` Socket.IO that stores nothing.

/** The process's arguments, as JSON. */
export interface MeasuredServerOptions {
  readonly kind: 'sangam' | 'bare'
  readonly port: number
  readonly dataDir: string
}

/** What the process tells: that it listens, or, whenever it is asked anything, the CPU time and the memory it uses. */
export type MeasuredServerNotice =
  | { readonly type: 'listening' }
  | {
      readonly type: 'usage'
      readonly cpuUs: number
      readonly residentBytes: number
      readonly liveBytes: number
    }

const { kind, port, dataDir }: MeasuredServerOptions = JSON.parse(process.argv[2] ?? '{}')
const tell = (notice: MeasuredServerNotice): void => {
  process.send?.(notice)
}

async function startSangam(): Promise<void> {
  const sangam = await createServer({
    dataDir,
    env: {},
    configFile: false,
    host: '127.0.0.1',
    port,
    httpsPort: 'off',
    mediaWorkers: 0,
    rateLimitFactor: 10_000,
    logLevel: 'silent',
  })
  await sangam.listen()
}

/** The least that Socket.IO can do: an acknowledgement with a number, or one emit to a room. */
async function startBare(): Promise<void> {
  const http = createHttpServer()
  const io = new Server(http, { path: '/socket.io', serveClient: false })
  let number = 0
  io.on('connection', (socket) => {
    socket.on('conversation.open', (_request: unknown, acknowledge: (ack: unknown) => void) => {
      void socket.join('team')
      acknowledge({ ok: true, value: {} })
    })
    socket.on('conversation.send', (request: object, acknowledge: (ack: unknown) => void) => {
      number += 1
      const sentAt = Date.now()
      if (io.sockets.adapter.rooms.has('team')) {
        const message = { ...request, number, senderId: socket.id, senderName: 'Bare', sentAt }
        io.to('team').emit('conversation.message', { message })
      }
      acknowledge({ ok: true, value: { number, sentAt } })
    })
    socket.emit('session.ready', {})
  })
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
}

/**
 * Gives back what nobody holds any more, also the pages that the engine keeps free for the next burst: what is resident
 * afterwards is needed. Without `--expose-gc` it does nothing.
 */
const settleMemory = (): unknown =>
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })

process.on('message', () => {
  const { user, system } = process.cpuUsage()
  settleMemory()
  const { rss, heapUsed, external } = process.memoryUsage()
  tell({ type: 'usage', cpuUs: user + system, residentBytes: rss, liveBytes: heapUsed + external })
})
process.on('disconnect', () => process.exit(0))
await (kind === 'sangam' ? startSangam() : startBare())
tell({ type: 'listening' })
