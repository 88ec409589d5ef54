/**
 * Binds UDP sockets that nobody reads: `node deaf-process.ts COUNT`, tells their ports and stops itself until it is killed.
 * What is sent to them is dropped by the system as soon as their small buffers are full, and costs no receiver any time.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

const SMALLEST_BUFFER_BYTES = 4096

async function bind(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: SMALLEST_BUFFER_BYTES })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

const sockets = await Promise.all(Array.from({ length: Number(process.argv[2]) }, bind))
process.send?.(
  sockets.map((socket) => socket.address().port),
  () => process.kill(process.pid, 'SIGSTOP'),
)
