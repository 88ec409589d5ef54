/** Bytes by kind. All but the first two are of whole RTP packets, without SRTP's tag. */
export interface ByteTotals {
  /** Everything on the wire, SRTP and DTLS included, without UDP and IP. */
  readonly received: number
  readonly sent: number
  readonly rtpReceived: number
  readonly rtpSent: number
  readonly rtxReceived: number
  readonly rtxSent: number
  /** Probes of the bandwidth. */
  readonly probationSent: number
}

const NONE: ByteTotals = {
  received: 0,
  sent: 0,
  rtpReceived: 0,
  rtpSent: 0,
  rtxReceived: 0,
  rtxSent: 0,
  probationSent: 0,
}

/** Bit rates from totals that are looked at now and then. */
export class ByteRates {
  /** Bits per second between the last two samples. */
  bps = NONE
  #totals = NONE

  sample(totals: ByteTotals, elapsedMs: number): void {
    const before = this.#totals
    const bps = (bytes: number): number => Math.round((bytes * 8000) / elapsedMs)
    // One by one: a loop over the names would look each up in a table, for every transport each second.
    this.bps = {
      received: bps(totals.received - before.received),
      sent: bps(totals.sent - before.sent),
      rtpReceived: bps(totals.rtpReceived - before.rtpReceived),
      rtpSent: bps(totals.rtpSent - before.rtpSent),
      rtxReceived: bps(totals.rtxReceived - before.rtxReceived),
      rtxSent: bps(totals.rtxSent - before.rtxSent),
      probationSent: bps(totals.probationSent - before.probationSent),
    }
    this.#totals = totals
  }
}
