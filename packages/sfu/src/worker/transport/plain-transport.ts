import type { Stat } from '../../channel/messages.ts'
import { AddressedTransport } from './addressed-transport.ts'

/** The way of RTP tools that speak neither ICE nor DTLS: ffmpeg, GStreamer, SIP gateways. */
export class PlainTransport extends AddressedTransport {
  override stats(nowMs: number): Stat[] {
    const { receivedBytes, sentBytes } = this.context.port.sessionStats(this.session)
    const { tuple, rtcpTuple } = this.state
    return [
      {
        type: 'plain-rtp-transport',
        transportId: this.id,
        timestamp: nowMs,
        rtcpMux: this.rtcpListener === undefined,
        comedia: this.comedia,
        tuple: { localIp: tuple.localAddress, ...tuple },
        ...(rtcpTuple === undefined ? {} : { rtcpTuple: { localIp: rtcpTuple.localAddress, ...rtcpTuple } }),
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
      type: 'plain',
      producerIds: [...this.producers.keys()],
      consumerIds: [...this.consumers.keys()],
      rtcpMux: this.rtcpListener === undefined,
      comedia: this.comedia,
      ...this.state,
    }
  }
}
