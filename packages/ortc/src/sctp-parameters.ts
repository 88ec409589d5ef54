/** One SCTP stream of a data channel (RFC 8831, RFC 8832). */
export type SctpStreamParameters = {
  /** 0-65534. */
  streamId: number
  /** Default true, or false where one of the two limits is given. */
  ordered?: boolean
  /** Milliseconds for which an unordered message is retransmitted. Excludes `maxRetransmits`. */
  maxPacketLifeTime?: number
  /** How often an unordered message is retransmitted. Excludes `maxPacketLifeTime`. */
  maxRetransmits?: number
}
