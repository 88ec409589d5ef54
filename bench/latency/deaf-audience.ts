import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { types } from '@sangam/sfu'
import type { ServerTransport } from '@sangam/testkit'
import type { Room } from '../forward/room.ts'

/** What the process with the receivers is told: the server's transports, one for each. */
export type DeafPeers = readonly ServerTransport[]

/** What it tells: what each transport must be connected with, then that all are connected. */
export type DeafNotice =
  | { readonly type: 'connect'; readonly dtlsParameters: readonly types.DtlsParameters[] }
  | { readonly type: 'connected' }

/**
 * Receivers that cost nothing but what the worker spends on them: it encrypts and sends everything to them, and nobody reads
 * it, since their process is stopped once they are connected. So the worker can stand at half a core on a machine of two,
 * with the other half and the other core idle. Their consent lasts 30 seconds (RFC 7675).
 */
export class DeafAudience {
  readonly transports: readonly types.WebRtcTransport[]
  readonly #child: ChildProcess

  private constructor(transports: readonly types.WebRtcTransport[], child: ChildProcess) {
    this.transports = transports
    this.#child = child
  }

  /** `receivers` transports on the room's socket, each of which consumes every producer of the room. */
  static async open(room: Room, receivers: number): Promise<DeafAudience> {
    const { router, producerIds } = room
    const transports: types.WebRtcTransport[] = []
    while (transports.length < receivers) transports.push(await room.newTransport())
    for (const transport of transports)
      for (const producerId of producerIds)
        await transport.consume({ producerId, rtpCapabilities: router.rtpCapabilities })
    const child = fork(join(import.meta.dirname, 'deaf-process.ts'))
    child.send(transports.map(serverTransportOf) satisfies DeafPeers)
    const [asked] = (await once(child, 'message')) as [DeafNotice]
    const connected = once(child, 'message')
    if (asked.type === 'connect') {
      for (const [i, dtlsParameters] of asked.dtlsParameters.entries())
        await transports[i]?.connect({ dtlsParameters })
    }
    await connected
    child.kill('SIGSTOP')
    return new DeafAudience(transports, child)
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

/** What a peer in another process has to know of a transport. */
export function serverTransportOf({
  iceParameters,
  iceCandidates,
  dtlsParameters,
}: types.WebRtcTransport): ServerTransport {
  return {
    iceParameters: { ...iceParameters },
    iceCandidates: iceCandidates.map(({ address, port, protocol }) => ({ address, port, protocol })),
    dtlsParameters: { fingerprints: dtlsParameters.fingerprints },
  }
}
