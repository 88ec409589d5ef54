import {
  durationUsToNtpMiddle,
  microsecondsToNtpFraction,
  microsecondsToNtpSeconds,
  type ReportBlock,
  writeReceiverReferenceTime,
  writeReceiverReport,
  writeRemb,
  writeSenderReport,
  writeSourceDescription,
} from '@sangam/rtp'
import type { Consumer } from '../consumer/consumer.ts'
import type { ReceiveStream } from '../producer/receive-stream.ts'
import type { ReceptionReport } from '../producer/reception.ts'
import type { Transport } from '../transport/transport.ts'
import { toCaptureClock } from './capture-clock.ts'

const MAX_BLOCKS = 31
/** A little less than the five seconds of RFC 3550, since this is looked at once a second. */
const AUDIO_INTERVAL_US = 4_900_000
const MAX_BYTES = 1200
const MAX_CONSUMERS_PER_PACKET = 10
/** Who our receiver reports are from: an SSRC that no stream of ours has. */
export const REPORTER_SSRC = 1

/**
 * Writes the periodic reports of a transport: what it received (RR), and what it sent (SR with CNAME). RFC 3550 6.4. With the
 * receiver reports goes our clock, which the peer answers (RFC 3611 4.4): from one who only sends nothing else tells the
 * round trip, and NACKs are repeated by it.
 * @returns the share of packets since the last reports that did not come, 0 to 1
 */
export function writeReports(transport: Transport, nowUs: number): number {
  let expected = 0
  let lost = 0
  const received: ReceiveStream[] = []
  for (const producer of transport.producers.values()) {
    for (const stream of producer.streams) if (stream.reception.packets > 0) received.push(stream)
  }
  for (let i = 0; i < received.length; i += MAX_BLOCKS) {
    const blocks = received.slice(i, i + MAX_BLOCKS).map((stream) => {
      const report = stream.reception.report()
      expected += report.expected
      lost += report.lost
      return reportBlock(stream, report, nowUs)
    })
    transport.sendRtcp(MAX_BYTES, (bytes, offset) =>
      writeReceiverReport(bytes, offset, REPORTER_SSRC, blocks),
    )
  }
  if (received.length > 0) {
    const ntpUs = nowUs + transport.context.ntpOffsetUs
    const ntpSeconds = microsecondsToNtpSeconds(ntpUs)
    const ntpFraction = microsecondsToNtpFraction(ntpUs)
    transport.sendRtcp(MAX_BYTES, (bytes, offset) =>
      writeReceiverReferenceTime(bytes, offset, REPORTER_SSRC, { ntpSeconds, ntpFraction }),
    )
  }
  if (transport.maxIncomingBitrateBps > 0 && received.length > 0) {
    const ssrcs = received.map((stream) => stream.ssrc)
    transport.sendRtcp(MAX_BYTES, (bytes, offset) =>
      writeRemb(bytes, offset, 0, transport.maxIncomingBitrateBps, ssrcs.slice(0, 255)),
    )
  }
  const due = dueLegs(transport, nowUs)
  for (let i = 0; i < due.length; i += MAX_CONSUMERS_PER_PACKET) {
    const part = due.slice(i, i + MAX_CONSUMERS_PER_PACKET)
    transport.sendRtcp(MAX_BYTES, (bytes, offset) => writeSenderReports(bytes, offset, part, nowUs))
  }
  return expected === 0 ? 0 : lost / expected
}

/** The outgoing streams whose sender report is due: video each second, audio each five (RFC 3550 section 6.2), both at once. */
function dueLegs(transport: Transport, nowUs: number): readonly Consumer[] {
  const due: Consumer[] = []
  for (const consumer of transport.consumers.values()) {
    for (const leg of consumer.legs) {
      if (leg.packetsSent === 0 || !leg.isSending) continue
      // Lips move with the voice from the publisher's first report on, which may come after ours.
      const hasClock = leg.stream?.senderClock !== undefined
      const isRecent = nowUs - leg.reportedUs < AUDIO_INTERVAL_US && leg.reportedCaptureClock === hasClock
      if (leg.kind === 'audio' && isRecent) continue
      leg.reportedUs = nowUs
      leg.reportedCaptureClock = hasClock
      due.push(leg)
    }
  }
  return due
}

function reportBlock(stream: ReceiveStream, report: ReceptionReport, nowUs: number): ReportBlock {
  const { fractionLost, totalLost, highestSequence, jitterTicks } = report
  stream.fractionLost = fractionLost
  const clock = stream.senderClock
  return {
    ssrc: stream.ssrc,
    fractionLost,
    cumulativeLost: totalLost,
    highestSequenceNumber: highestSequence >>> 0,
    jitter: jitterTicks,
    lastSenderReport: clock?.ntpMiddle ?? 0,
    delaySinceLastSenderReport: clock === undefined ? 0 : durationUsToNtpMiddle(nowUs - clock.arrivalUs),
  }
}

/** SR and SDES of each consumer. @returns bytes written; consumers that no longer fit are left out until the next report */
function writeSenderReports(
  bytes: Uint8Array,
  offset: number,
  consumers: readonly Consumer[],
  nowUs: number,
): number {
  const end = bytes.subarray(0, offset + MAX_BYTES)
  let at = offset
  for (const consumer of consumers) {
    const stream = consumer.stream
    if (stream === undefined) continue
    const moment = toCaptureClock(stream, nowUs, consumer.transport.context.ntpOffsetUs)
    const reportBytes = writeSenderReport(end, at, {
      ssrc: consumer.ssrc,
      ntpSeconds: microsecondsToNtpSeconds(moment.ntpUs),
      ntpFraction: microsecondsToNtpFraction(moment.ntpUs),
      rtpTimestamp: (moment.rtpTimestamp + consumer.timestampShift) >>> 0,
      packetCount: consumer.packetsSent >>> 0,
      octetCount: consumer.bytesSent >>> 0,
    })
    if (reportBytes === 0) break
    const description = { ssrc: consumer.ssrc, cname: consumer.cname }
    const descriptionBytes = writeSourceDescription(end, at + reportBytes, description)
    if (descriptionBytes === 0) break
    at += reportBytes + descriptionBytes
  }
  return at - offset
}
