/** How far each person of a conversation has come: numbers that only rise. Pure: values in, values out. */
import type { Conversation } from '@sangam/protocol'

/** The newest number that each person has read, and that a device of theirs holds. */
export interface Progress {
  readonly read: ReadonlyMap<string, number>
  readonly delivered: ReadonlyMap<string, number>
}

/** As the server tells it. */
export function progressOf({ members }: Conversation): Progress {
  return {
    read: new Map(members.map(({ identity, read }) => [identity, read])),
    delivered: new Map(members.map(({ identity, delivered }) => [identity, delivered])),
  }
}

/** After somebody was said to have come so far; the same value where that is known already. */
export function advance(
  progress: Progress,
  identity: string,
  { read, delivered }: { readonly read: number; readonly delivered: number },
): Progress {
  const raisedRead = raised(progress.read, identity, read)
  const raisedDelivered = raised(progress.delivered, identity, delivered)
  if (raisedRead === progress.read && raisedDelivered === progress.delivered) return progress
  return { read: raisedRead, delivered: raisedDelivered }
}

function raised(
  numbers: ReadonlyMap<string, number>,
  identity: string,
  number: number,
): ReadonlyMap<string, number> {
  return number > (numbers.get(identity) ?? 0) ? new Map(numbers).set(identity, number) : numbers
}
