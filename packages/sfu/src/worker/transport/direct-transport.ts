import type { Stat } from '../../channel/messages.ts'
import type { WorkerContext } from '../context.ts'
import { Transport } from './transport.ts'
import { baseDump, baseStats } from './transport-report.ts'

const NO_SESSION = -1

/** The application itself as a peer: RTP and RTCP cross the channel instead of the network. */
export class DirectTransport extends Transport {
  readonly #rtcp = new Uint8Array(1500)

  constructor(context: WorkerContext, id: string, index: number) {
    super(context, id, index, NO_SESSION)
  }

  override get isConnected(): boolean {
    return true
  }

  override sendRtcp(_maxBytes: number, write: (bytes: Uint8Array, offset: number) => number): void {
    const length = write(this.#rtcp, 0)
    if (length > 0) this.context.emit('transport.rtcp', this.id, { packet: this.#rtcp.slice(0, length) })
  }

  close(): void {}

  protected override bytesOnTheWire(rtpSent: number): { received: number; sent: number } {
    return { received: this.rtpBytesReceived + this.rtxBytesReceived, sent: rtpSent }
  }

  override stats(nowMs: number): Stat[] {
    return [
      {
        type: 'direct-transport',
        ...baseStats(this, nowMs),
      },
    ]
  }

  override dump(): Readonly<Record<string, unknown>> {
    return { type: 'direct', ...baseDump(this) }
  }
}
