/**
 * The number of the first message that was sent at or after a moment: found by halving, since messages are numbered in
 * the order in which they were stored. Where clocks stepped back it gives one of the places that fit. Needs no index.
 * @param sentAt when the first message with at least this number was sent; undefined when there is none
 * @returns lastNumber + 1 when all are older
 */
export const numberAt = async (
  sentAt: (number: number) => Promise<number | undefined>,
  lastNumber: number,
  atMs: number,
): Promise<number> => {
  let low = 1
  let high = lastNumber + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const sent = await sentAt(middle)
    if (sent === undefined || sent >= atMs) high = middle
    else low = middle + 1
  }
  return low
}
