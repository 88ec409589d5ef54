import type { Stat } from '../../channel/messages.ts'
import { AddressedTransport } from './addressed-transport.ts'
import { baseDump, baseStats } from './transport-report.ts'

/** The way of RTP tools that speak neither ICE nor DTLS: ffmpeg, GStreamer, SIP gateways. */
export class PlainTransport extends AddressedTransport {
  override stats(nowMs: number): Stat[] {
    const { tuple, rtcpTuple } = this.publicState
    return [
      {
        type: 'plain-rtp-transport',
        ...baseStats(this, nowMs),
        rtcpMux: this.rtcpListener === undefined,
        comedia: this.comedia,
        tuple,
        ...(rtcpTuple === undefined ? {} : { rtcpTuple }),
      },
    ]
  }

  override dump(): Readonly<Record<string, unknown>> {
    return {
      type: 'plain',
      ...baseDump(this),
      rtcpMux: this.rtcpListener === undefined,
      comedia: this.comedia,
      ...this.publicState,
    }
  }
}
