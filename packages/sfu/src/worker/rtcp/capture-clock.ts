import type { ReceiveStream } from '../producer/receive-stream.ts'

/** One moment in both clocks of a sender report. */
export interface CaptureMoment {
  /** Microseconds since 1900 by the engine's clock. */
  readonly ntpUs: number
  readonly rtpTimestamp: number
}

/**
 * What to put into a sender report for a forwarded stream, so that a receiver plays audio and video of one publisher in
 * step. The publisher's own reports tie its RTP timestamps to its clock; all its streams come over one transport, so one
 * offset between its clock and ours serves them all, whatever its size. Until each stream had a report, the newest
 * packet's arrival must do.
 */
export function toCaptureClock(stream: ReceiveStream, nowUs: number, ntpOffsetUs: number): CaptureMoment {
  const clock = stream.senderClock
  const ntpUs = nowUs + ntpOffsetUs
  const offsetUs = stream.producer.transport.clockOffsetUs
  if (clock === undefined || offsetUs === undefined) {
    const sinceUs = nowUs - stream.lastPacketUs
    return { ntpUs, rtpTimestamp: advance(stream.lastTimestamp, sinceUs, stream.clockRate) }
  }
  const publisherNowUs = nowUs - offsetUs
  return { ntpUs, rtpTimestamp: advance(clock.rtpTimestamp, publisherNowUs - clock.ntpUs, stream.clockRate) }
}

function advance(rtpTimestamp: number, elapsedUs: number, clockRate: number): number {
  return (rtpTimestamp + Math.round((elapsedUs * clockRate) / 1e6)) >>> 0
}
