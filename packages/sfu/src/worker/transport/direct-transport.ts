import type { Stat } from '../../channel/messages.ts'
import type { WorkerContext } from '../context.ts'
import { Transport } from './transport.ts'

const NO_SESSION = -1

/** The application itself as a peer: RTP and RTCP cross the channel instead of the network. */
export class DirectTransport extends Transport {
  readonly #rtcp = new Uint8Array(1500)
  bytesSent = 0

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

  override stats(nowMs: number): Stat[] {
    return [
      {
        type: 'direct-transport',
        transportId: this.id,
        timestamp: nowMs,
        bytesReceived: this.rtpBytesReceived,
        recvBitrate: 0,
        bytesSent: this.bytesSent,
        sendBitrate: 0,
        rtpBytesReceived: this.rtpBytesReceived,
      },
    ]
  }

  override dump(): Readonly<Record<string, unknown>> {
    return {
      id: this.id,
      type: 'direct',
      producerIds: [...this.producers.keys()],
      consumerIds: [...this.consumers.keys()],
      ...this.dataDump(),
    }
  }
}
