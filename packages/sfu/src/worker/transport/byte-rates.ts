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
const KINDS = Object.keys(NONE) as (keyof ByteTotals)[]

/** Bit rates from totals that are looked at now and then. */
export class ByteRates {
  /** Bits per second between the last two samples. */
  readonly bps: Record<keyof ByteTotals, number> = { ...NONE }
  #totals = NONE

  sample(totals: ByteTotals, elapsedMs: number): void {
    for (const kind of KINDS) {
      this.bps[kind] = Math.round(((totals[kind] - this.#totals[kind]) * 8000) / elapsedMs)
    }
    this.#totals = totals
  }
}
