import type { Stat } from '../../channel/messages.ts'
import type { WorkerContext } from '../context.ts'
import { AddressedTransport, type AddressedTransportOptions } from './addressed-transport.ts'

/** The way between two routers, of one worker or of two hosts: every stream of a producer passes, as it is. */
export class PipeTransport extends AddressedTransport {
  readonly rtx: boolean

  constructor(
    context: WorkerContext,
    id: string,
    index: number,
    options: AddressedTransportOptions & { readonly rtx: boolean },
  ) {
    super(context, id, index, options)
    this.rtx = options.rtx
  }

  override stats(nowMs: number): Stat[] {
    const { receivedBytes, sentBytes } = this.context.port.sessionStats(this.session)
    const { tuple } = this.state
    return [
      {
        type: 'pipe-transport',
        transportId: this.id,
        timestamp: nowMs,
        tuple: { localIp: tuple.localAddress, ...tuple },
        bytesReceived: receivedBytes,
        recvBitrate: this.recvBitrateBps,
        bytesSent: sentBytes,
        sendBitrate: this.sendBitrateBps,
        rtpBytesReceived: this.rtpBytesReceived,
      },
    ]
  }

  override dump(): Readonly<Record<string, unknown>> {
    return {
      id: this.id,
      type: 'pipe',
      producerIds: [...this.producers.keys()],
      consumerIds: [...this.consumers.keys()],
      rtx: this.rtx,
      ...this.state,
    }
  }
}
