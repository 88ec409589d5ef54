import {
  DelaySinceLastReceiverReport,
  ExtendedReportCursor,
  firEntryCount,
  forEachNackedSequenceNumber,
  isRemb,
  microsecondsToNtpMiddle,
  ntpMiddle,
  ntpToMicroseconds,
  PayloadFeedbackFormat,
  parseRtcpPacket,
  ReceiverReferenceTime,
  ReportBlock,
  RtcpHeader,
  RtcpType,
  readDelaySinceLastReceiverReport,
  readExtendedReportSender,
  readFeedbackMedia,
  readFirSsrc,
  readReceiverReferenceTime,
  readReceiverReportBlock,
  readRembBitrateBps,
  readSenderReport,
  readSenderReportBlock,
  readTransportFeedback,
  roundTripTimeUs,
  SenderReport,
  TransportFeedback,
  TransportFeedbackFormat,
  writeDelaySinceLastReceiverReport,
} from '@sangam/rtp'
import type { Consumer } from '../consumer/consumer.ts'
import type { WorkerContext } from '../context.ts'
import type { Producer } from '../producer/producer.ts'
import { Trace } from '../trace.ts'
import type { Transport } from '../transport/transport.ts'
import { REPORTER_SSRC } from './reports.ts'

/** NACKed packets that one RTCP packet may ask for; a honest receiver's window holds fewer. */
const MAX_NACKED_PACKETS = 1024

/** Reads the peers' RTCP (RFC 3550, 4585, 5104, 3611): what they sent, lost and want. */
export class RtcpPath {
  /** Compound packets that ended in bytes that are no RTCP. */
  malformed = 0
  readonly #context: WorkerContext
  readonly #header = new RtcpHeader()
  readonly #senderReport = new SenderReport()
  readonly #block = new ReportBlock()
  readonly #extended = new ExtendedReportCursor()
  readonly #referenceTime = new ReceiverReferenceTime()
  readonly #feedback = new TransportFeedback()
  readonly #delay = new DelaySinceLastReceiverReport()

  constructor(context: WorkerContext) {
    this.#context = context
  }

  /** Handles one compound packet. */
  handle(transport: Transport, bytes: Uint8Array, offset: number, length: number): void {
    const header = this.#header
    const end = offset + length
    let at = offset
    for (; parseRtcpPacket(bytes, at, end, header); at += header.packetLength) {
      switch (header.packetType) {
        case RtcpType.senderReport:
          this.#handleSenderReport(transport, bytes)
          break
        case RtcpType.receiverReport:
          for (let i = 0; readReceiverReportBlock(bytes, header, i, this.#block); i++)
            this.#handleBlock(transport)
          break
        case RtcpType.transportFeedback:
          if (header.count === TransportFeedbackFormat.nack) this.#handleNack(transport, bytes)
          else if (header.count === TransportFeedbackFormat.transportCc)
            this.#handleFeedback(transport, bytes)
          break
        case RtcpType.payloadFeedback:
          this.#handlePayloadFeedback(transport, bytes)
          break
        case RtcpType.extendedReport:
          this.#handleExtendedReport(transport, bytes)
          break
      }
    }
    if (at !== end) this.malformed++
  }

  #handleSenderReport(transport: Transport, bytes: Uint8Array): void {
    const report = this.#senderReport
    if (!readSenderReport(bytes, this.#header, report)) return
    const stream = transport.streams.get(report.ssrc | 0)
    if (stream !== undefined && stream.ssrc === report.ssrc) {
      const arrivalUs = this.#context.nowUs()
      const ntpUs = ntpToMicroseconds(report.ntpSeconds, report.ntpFraction)
      transport.clockOffsetUs ??= arrivalUs - ntpUs
      stream.senderClock = {
        ntpUs,
        ntpMiddle: ntpMiddle(report.ntpSeconds, report.ntpFraction),
        rtpTimestamp: report.rtpTimestamp,
        arrivalUs,
      }
      if ((stream.producer.traced & Trace.sr) !== 0) traceSenderReport(stream.producer, report)
    }
    for (let i = 0; readSenderReportBlock(bytes, this.#header, i, this.#block); i++)
      this.#handleBlock(transport)
  }

  #handleBlock(transport: Transport): void {
    const block = this.#block
    const consumer = transport.consumersBySsrc.get(block.ssrc | 0)
    if (consumer === undefined || consumer.ssrc !== block.ssrc) return
    consumer.fractionLost = block.fractionLost
    consumer.packetsLost = Math.max(0, block.cumulativeLost)
    consumer.jitterTicks = block.jitter
    const nowMiddle = microsecondsToNtpMiddle(this.#context.nowUs() + this.#context.ntpOffsetUs)
    const rttUs = roundTripTimeUs(nowMiddle, block.lastSenderReport, block.delaySinceLastSenderReport)
    if (rttUs >= 0) {
      consumer.rttMs = rttUs / 1000
      transport.handleRoundTrip(consumer.rttMs)
    }
    consumer.reported()
  }

  #handleNack(transport: Transport, bytes: Uint8Array): void {
    const consumer = transport.consumersBySsrc.get(readFeedbackMedia(bytes, this.#header) | 0)
    if (consumer === undefined) return
    const nowUs = this.#context.nowUs()
    let asked = 0
    consumer.nackCount++
    forEachNackedSequenceNumber(bytes, this.#header, (sequenceNumber) => {
      if (asked++ >= MAX_NACKED_PACKETS) return
      consumer.nackPacketCount++
      consumer.retransmit(sequenceNumber, nowUs)
    })
    if ((consumer.traced & Trace.nack) !== 0) this.#traceNack(consumer, bytes)
  }

  #traceNack(consumer: Consumer, bytes: Uint8Array): void {
    const sequenceNumbers: number[] = []
    forEachNackedSequenceNumber(bytes, this.#header, (sequenceNumber) => {
      if (sequenceNumbers.length < MAX_NACKED_PACKETS) sequenceNumbers.push(sequenceNumber)
    })
    consumer.trace('nack', 'in', { ssrc: consumer.ssrc, sequenceNumbers })
  }

  #handleFeedback(transport: Transport, bytes: Uint8Array): void {
    if (readTransportFeedback(bytes, this.#header, this.#feedback)) {
      transport.handleTransportFeedback(this.#feedback, this.#context.nowUs())
    }
  }

  #handlePayloadFeedback(transport: Transport, bytes: Uint8Array): void {
    const header = this.#header
    if (header.count === PayloadFeedbackFormat.pli) {
      const consumer = transport.consumersBySsrc.get(readFeedbackMedia(bytes, header) | 0)
      if (consumer === undefined) return
      consumer.pliCount++
      if ((consumer.traced & Trace.pli) !== 0) consumer.trace('pli', 'in', { ssrc: consumer.ssrc })
      consumer.requestKeyFrame()
    } else if (header.count === PayloadFeedbackFormat.fir) {
      for (let i = 0; i < firEntryCount(header); i++) {
        const consumer = transport.consumersBySsrc.get(readFirSsrc(bytes, header, i) | 0)
        if (consumer === undefined) continue
        consumer.firCount++
        if ((consumer.traced & Trace.fir) !== 0) consumer.trace('fir', 'in', { ssrc: consumer.ssrc })
        consumer.requestKeyFrame()
      }
    } else if (isRemb(bytes, header)) {
      transport.handleRemb(readRembBitrateBps(bytes, header))
    }
  }

  /**
   * A receiver without sender reports of its own asks for a round-trip time (RFC 3611 section 4.4): answers it. A sender that
   * gets no report of ours to answer to answers what we asked in the same way (section 4.5).
   */
  #handleExtendedReport(transport: Transport, bytes: Uint8Array): void {
    const sender = readExtendedReportSender(bytes, this.#header)
    if (sender < 0) return
    this.#extended.start(this.#header)
    while (this.#extended.next(bytes)) {
      this.#handleDelay(transport, bytes)
      if (!readReceiverReferenceTime(bytes, this.#extended, this.#referenceTime)) continue
      const { ntpSeconds, ntpFraction } = this.#referenceTime
      const lastReceiverReport = ntpMiddle(ntpSeconds, ntpFraction)
      transport.sendRtcp(64, (out, offset) =>
        // Answered at once: no time passes between report and answer.
        writeDelaySinceLastReceiverReport(out, offset, 0, [
          { ssrc: sender, lastReceiverReport, delaySinceLastReceiverReport: 0 },
        ]),
      )
      return
    }
  }

  #handleDelay(transport: Transport, bytes: Uint8Array): void {
    const delay = this.#delay
    for (let i = 0; readDelaySinceLastReceiverReport(bytes, this.#extended, i, delay); i++) {
      if (delay.ssrc !== REPORTER_SSRC) continue
      const nowMiddle = microsecondsToNtpMiddle(this.#context.nowUs() + this.#context.ntpOffsetUs)
      const rttUs = roundTripTimeUs(nowMiddle, delay.lastReceiverReport, delay.delaySinceLastReceiverReport)
      if (rttUs >= 0) transport.handleRoundTrip(rttUs / 1000)
      return
    }
  }
}

function traceSenderReport(producer: Producer, report: SenderReport): void {
  producer.trace('sr', 'in', {
    ssrc: report.ssrc,
    ntpSec: report.ntpSeconds,
    ntpFrac: report.ntpFraction,
    rtpTs: report.rtpTimestamp,
    packetCount: report.packetCount,
    octetCount: report.octetCount,
  })
}
