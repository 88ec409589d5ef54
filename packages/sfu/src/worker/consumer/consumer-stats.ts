import type { Stat } from '../../channel/messages.ts'
import type { Consumer } from './consumer.ts'

/** The row of one outgoing stream, of type `outbound-rtp` (docs/stats.md). */
export function outboundStat(consumer: Consumer, nowMs: number): Stat {
  const { rtxSsrc, rttMs, allocationReason } = consumer
  return {
    type: 'outbound-rtp',
    timestamp: nowMs,
    ssrc: consumer.ssrc,
    ...(rtxSsrc === 0 ? {} : { rtxSsrc }),
    kind: consumer.kind,
    mimeType: consumer.rtpParameters.codecs[0]?.mimeType ?? '',
    packetsLost: consumer.packetsLost,
    fractionLost: consumer.fractionLost,
    jitter: consumer.jitterTicks,
    packetsDiscarded: 0,
    packetsRetransmitted: consumer.rtx.packetsRetransmitted,
    packetsRepaired: 0,
    nackCount: consumer.nackCount,
    nackPacketCount: consumer.nackPacketCount,
    pliCount: consumer.pliCount,
    firCount: consumer.firCount,
    // Bytes first: reading them brings the counts of packets up to date.
    byteCount: consumer.rtpBytesSent,
    packetCount: consumer.packetsSent,
    bitrate: consumer.bitrateBps,
    ...(rttMs > 0 ? { roundTripTime: rttMs } : {}),
    score: consumer.score,
    ...(allocationReason === undefined ? {} : { allocationReason }),
  }
}
