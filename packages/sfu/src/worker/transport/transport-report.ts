import type { PlainTuple } from '../../channel/messages.ts'
import { TransportTrace, tracedTypes } from '../trace.ts'
import type { Transport } from './transport.ts'

type Rows = Readonly<Record<string, unknown>>

/** What `getStats()` says of every kind of transport; docs/stats.md has the units. */
export function baseStats(transport: Transport, nowMs: number): Rows & { readonly timestamp: number } {
  const { bps } = transport.rates
  const totals = transport.totals()
  return {
    transportId: transport.id,
    timestamp: nowMs,
    ...(transport.sctp === undefined ? {} : { sctpState: transport.sctp.association.state }),
    bytesReceived: totals.received,
    recvBitrate: bps.received,
    bytesSent: totals.sent,
    sendBitrate: bps.sent,
    rtpBytesReceived: totals.rtpReceived,
    rtpRecvBitrate: bps.rtpReceived,
    rtpBytesSent: totals.rtpSent,
    rtpSendBitrate: bps.rtpSent,
    rtxBytesReceived: totals.rtxReceived,
    rtxRecvBitrate: bps.rtxReceived,
    rtxBytesSent: totals.rtxSent,
    rtxSendBitrate: bps.rtxSent,
    probationBytesSent: totals.probationSent,
    probationSendBitrate: bps.probationSent,
    ...(transport.maxIncomingBitrateBps > 0
      ? {
          availableIncomingBitrate: transport.maxIncomingBitrateBps,
          maxIncomingBitrate: transport.maxIncomingBitrateBps,
        }
      : {}),
    ...(transport.rtpPacketLossReceived === undefined
      ? {}
      : { rtpPacketLossReceived: transport.rtpPacketLossReceived }),
  }
}

/** What `dump()` says of every kind of transport. */
export function baseDump(transport: Transport): Rows {
  const legs = [...transport.consumers.values()].flatMap((consumer) =>
    consumer.legs.map(({ ssrc, rtxSsrc }) => ({ id: consumer.id, ssrc, rtxSsrc })),
  )
  return {
    id: transport.id,
    producerIds: [...transport.producers.keys()],
    consumerIds: [...transport.consumers.keys()],
    mapSsrcConsumerId: legs.map(({ id, ssrc }) => ({ key: ssrc, value: id })),
    mapRtxSsrcConsumerId: legs
      .filter(({ rtxSsrc }) => rtxSsrc !== 0)
      .map(({ id, rtxSsrc }) => ({ key: rtxSsrc, value: id })),
    recvRtpHeaderExtensions: transport.receivedExtensions,
    rtpListener: rtpListenerDump(transport),
    maxSendMessageSize: transport.maxSendMessageSize,
    maxReceiveMessageSize: transport.maxReceiveMessageSize,
    dataProducerIds: [...transport.dataProducers.keys()],
    dataConsumerIds: [...transport.dataConsumers.keys()],
    ...transport.sctp?.dump(),
    traceEventTypes: tracedTypes(transport.traced, TransportTrace),
  }
}

/** Which producer a packet is for: by SSRC, MID or RID. */
function rtpListenerDump(transport: Transport): Rows {
  const producers = [...transport.producers.values()]
  return {
    ssrcTable: [...transport.streams].map(([ssrc, { producer }]) => ({
      key: ssrc >>> 0,
      value: producer.id,
    })),
    midTable: producers.flatMap(({ id, rtpParameters: { mid } }) =>
      mid === undefined ? [] : [{ key: mid, value: id }],
    ),
    ridTable: producers.flatMap(({ id, rtpParameters: { encodings = [] } }) =>
      encodings.flatMap(({ rid }) => (rid === undefined ? [] : [{ key: rid, value: id }])),
    ),
  }
}

/** A tuple as statistics and dumps show it: the public API has the local address under an older name as well. */
export type PublicTuple = PlainTuple & { readonly localIp: string }

export function publicTuple(tuple: PlainTuple): PublicTuple {
  return { localIp: tuple.localAddress, ...tuple }
}
