import { createServer, StartError } from '@sangam/server'
import { formatBanner } from './banner.ts'

const CLOSING_LIMIT_MS = 10_000

/**
 * Serves until SIGINT or SIGTERM. A reason for which the server can't start is printed as one sentence and gives exit
 * code 1; anything else is a defect and is thrown with its stack.
 */
export async function start(version: string): Promise<void> {
  try {
    const server = await createServer()
    closeOnSignal(server)
    await server.listen()
    console.log(formatBanner({ version, ...server.addresses }))
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    console.error(`sangam: ${error.message}`)
    process.exit(1)
  }
}

/** The first signal ends calls and connections in order, the second one at once. */
function closeOnSignal(server: { close(): Promise<void> }): void {
  let closing = false
  const onSignal = async (signal: NodeJS.Signals): Promise<void> => {
    if (closing) process.exit(signal === 'SIGINT' ? 130 : 143)
    closing = true
    console.log('Stopping')
    setTimeout(() => {
      console.error(`sangam: still not stopped after ${CLOSING_LIMIT_MS / 1000} s; ending anyway`)
      process.exit(1)
    }, CLOSING_LIMIT_MS).unref()
    await server.close()
    process.exit(0)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}
