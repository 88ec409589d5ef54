import { type Logger, pino } from 'pino'

export type { Logger }

/** Where log lines go: anything with `write(line)`. */
export type LogDestination = { write(line: string): void }

/**
 * Creates the log: JSON lines. `info` is one line per lifecycle transition. Tokens, secrets, message texts, session
 * descriptions and people's names are never handed to it; identities are.
 */
export const createLog = (level: string, destination?: LogDestination): Logger => {
  const options = {
    level,
    base: null,
    redact: ['token', 'auth', 'authorization', 'secret', 'text', '*.token', '*.text'],
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
