import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import type { types } from '@sangam/sfu'
import type { Room } from '../forward/room.ts'

const SUITE = 'AEAD_AES_128_GCM'
const KEY_BYTES = 28
const IP = '127.0.0.1'

/**
 * Receivers that cost nothing but what the worker spends on them: it encrypts and sends everything to them, and no process
 * reads it. So the worker can stand at half a core on a machine of two, with the other half and the other core idle.
 */
export class DeafAudience {
  readonly transports: readonly types.PlainTransport[]
  readonly #child: ReturnType<typeof fork>

  private constructor(transports: readonly types.PlainTransport[], child: ReturnType<typeof fork>) {
    this.transports = transports
    this.#child = child
  }

  /** `receivers` transports, each of which consumes every producer of the room. */
  static async open({ router, producerIds }: Room, receivers: number): Promise<DeafAudience> {
    const child = fork(join(import.meta.dirname, 'deaf-process.ts'), [String(receivers)])
    const [ports] = (await once(child, 'message')) as [number[]]
    const transports: types.PlainTransport[] = []
    for (const port of ports) {
      const transport = await router.createPlainTransport({
        listenInfo: { protocol: 'udp', ip: IP },
        enableSrtp: true,
        srtpCryptoSuite: SUITE,
      })
      const srtpParameters = {
        cryptoSuite: SUITE,
        keyBase64: randomBytes(KEY_BYTES).toString('base64'),
      } as const
      await transport.connect({ ip: IP, port, srtpParameters })
      for (const producerId of producerIds)
        await transport.consume({ producerId, rtpCapabilities: router.rtpCapabilities })
      transports.push(transport)
    }
    return new DeafAudience(transports, child)
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
