import type { IncomingMessage } from 'node:http'

/** What is needed of an Engine.IO server: it tells of each connection's packets right before they are written. */
type FlushingEngine = {
  readonly on: (
    event: 'flush',
    listener: (connection: { readonly request: IncomingMessage }, packets: readonly unknown[]) => void,
  ) => unknown
}

/**
 * Packets that are flushed together leave in one write instead of one each: one commit answers many messages of a
 * connection at once. The socket is held back (`writable.cork`) until the end of this turn.
 */
export const mergeWrites = (engine: FlushingEngine): void => {
  engine.on('flush', ({ request: { socket } }, packets) => {
    if (packets.length < 2) return
    socket.cork()
    process.nextTick(() => socket.uncork())
  })
}
