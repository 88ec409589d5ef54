/**
 * The score of a stream by the share of its packets that was lost: 10 at none, 0 at all, and falling fast at first, as
 * quality does.
 * @param fractionLost as in a report block (RFC 3550 section 6.4.1), 1/256
 */
export function lossScore(fractionLost: number): number {
  return Math.round(10 * (1 - fractionLost / 256) ** 4)
}
