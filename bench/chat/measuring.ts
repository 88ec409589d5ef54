import type { Socket } from 'socket.io-client'

/** The servers that are compared. */
export const kinds = ['bare', 'sangam'] as const
export type Kind = (typeof kinds)[number]

const text = 'x'.repeat(100)
let nextId = 0

export const median = (values: readonly number[]): number => quantile(values, 0.5)
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Sends one message; resolves with the time to its acknowledgement, ms. @throws Error when it is refused */
export function send(socket: Socket): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const beganMs = performance.now()
  nextId += 1
  const request = { conversationId: 'team', clientMessageId: `m${nextId}`, text }
  socket.emit('conversation.send', request, (ack: { ok: boolean; error?: { code: string } }) => {
    if (ack.ok) resolve(performance.now() - beganMs)
    else reject(new Error(`refused: ${ack.error?.code}`))
  })
  return promise
}

export const openTeam = (socket: Socket, after?: number): Promise<unknown> =>
  socket
    .timeout(30_000)
    .emitWithAck('conversation.open', { conversationId: 'team', ...(after === undefined ? {} : { after }) })
