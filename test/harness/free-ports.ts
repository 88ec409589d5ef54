import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** The ports of one server under test. */
export interface ServerPorts {
  readonly http: number
  readonly https: number
  /** First of `mediaPorts` consecutive ports, free for UDP and TCP. */
  readonly media: number
}

// Below the range from which Linux takes ports for outgoing connections (32768 on), so that nobody takes a port
// between the moment it was found free and the moment the server binds it.
const LOWEST = 20_000
const HIGHEST = 32_000
const ATTEMPTS = 50

async function isFreeForTcp(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({ port, host: '0.0.0.0', exclusive: true })
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

async function isFreeForUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    socket.bind({ port, address: '0.0.0.0', exclusive: true })
    await once(socket, 'listening')
    return true
  } catch {
    return false
  } finally {
    socket.close()
  }
}

/** Finds `count` consecutive ports that are free on all IPv4 addresses for TCP and UDP. @throws Error if there are none */
export async function findFreePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const first = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST - count))
    const ports = Array.from({ length: count }, (_, i) => first + i)
    const free = await Promise.all(ports.flatMap((port) => [isFreeForTcp(port), isFreeForUdp(port)]))
    if (free.every((isFree) => isFree)) return first
  }
  throw new Error(`found no ${count} consecutive free ports in ${ATTEMPTS} attempts`)
}

/** Free ports for one server with `mediaPorts` media workers. */
export async function findServerPorts(mediaPorts = 1): Promise<ServerPorts> {
  const first = await findFreePorts(2 + mediaPorts)
  return { http: first, https: first + 1, media: first + 2 }
}
