import { PROTOCOL_VERSION } from '@sangam/protocol'
import { io, type Socket } from 'socket.io-client'
import type { Kind } from './measuring.ts'

/** What a client says of itself at the handshake. */
export type Credentials = {
  readonly token: string
  readonly protocolVersion: number
  readonly client: string
  readonly deviceId: string
}

/** Credentials of a new person. */
export const credentialsFor = async (url: string, kind: Kind): Promise<Credentials> => ({
  token: kind === 'sangam' ? await guestToken(url) : 'none',
  protocolVersion: PROTOCOL_VERSION,
  client: 'bench',
  deviceId: 'bench',
})

/** Connects one client, a person of its own; resolves when the server has greeted it. */
export async function connectClient(url: string, kind: Kind): Promise<Socket> {
  const socket = io(url, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth: await credentialsFor(url, kind),
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('session.ready', () => resolve())
  socket.once('connect_error', reject)
  await promise
  return socket
}

/** Connects clients, some at a time. */
export async function connectClients(url: string, kind: Kind, count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const some = Math.min(50, count - sockets.length)
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => connectClient(url, kind)))))
  }
  return sockets
}

async function guestToken(url: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/guests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Bench' }),
  })
  const { token } = (await response.json()) as { token: string }
  return token
}
