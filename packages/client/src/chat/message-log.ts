/**
 * The order of one conversation's messages on this device: a contiguous run of numbers, grown at its end by live
 * messages and catch-up pages and at its start by history pages. Pure: values in, values out.
 */

/** What the log needs of a message. */
export interface Numbered {
  readonly number: number
}

/** A contiguous run of messages and those that arrived ahead of a gap. Treat it as a value. */
export interface MessageLog<M extends Numbered> {
  /** Contiguous, ascending: `messages[i].number === first + i`. */
  readonly messages: readonly M[]
  /** The number before the first message held: 0 when the log holds the conversation from its start. */
  readonly base: number
  /** Messages beyond a gap, ascending; delivered when the gap closes. */
  readonly ahead: readonly M[]
  /** The highest number that anybody told of; when it exceeds `lastNumber(log)` there is a gap. */
  readonly highest: number
}

/** What arriving messages did. */
export interface Received<M extends Numbered> {
  readonly log: MessageLog<M>
  /** Newly contiguous at the end, in order, each message once in the life of a log. */
  readonly delivered: readonly M[]
}

/** A log that starts after message `base`. */
export function emptyLog<M extends Numbered>(base: number): MessageLog<M> {
  return { messages: [], base, ahead: [], highest: base }
}

/** The number of the newest message that is held without a gap before it. */
export function lastNumber<M extends Numbered>(log: MessageLog<M>): number {
  return log.base + log.messages.length
}

/** Whether something is known to exist that is not held: ask for everything after `lastNumber(log)`. */
export function hasGap<M extends Numbered>(log: MessageLog<M>): boolean {
  return log.highest > lastNumber(log)
}

/** Remembers that messages up to `number` exist. */
export function learnHighest<M extends Numbered>(log: MessageLog<M>, number: number): MessageLog<M> {
  return number > log.highest ? { ...log, highest: number } : log
}

/**
 * Takes messages in any order, doubled or not: those at or before the end are ignored, the next in line are
 * delivered, those beyond a gap are kept until it closes.
 */
export function receive<M extends Numbered>(log: MessageLog<M>, arriving: readonly M[]): Received<M> {
  const end = lastNumber(log)
  const waiting = new Map<number, M>()
  for (const message of [...log.ahead, ...arriving]) {
    if (message.number > end && !waiting.has(message.number)) waiting.set(message.number, message)
  }
  if (waiting.size === log.ahead.length) return { log, delivered: [] }
  const delivered: M[] = []
  for (let next = end + 1; ; next += 1) {
    const message = waiting.get(next)
    if (message === undefined) break
    waiting.delete(next)
    delivered.push(message)
  }
  const ahead = [...waiting.values()].sort((a, b) => a.number - b.number)
  const messages = delivered.length === 0 ? log.messages : [...log.messages, ...delivered]
  const highest = Math.max(log.highest, end + delivered.length, ahead.at(-1)?.number ?? 0)
  return { log: { ...log, messages, ahead, highest }, delivered }
}

/** Takes a history page: of it, what joins the start of the run without a gap; anything else is ignored. */
export function prepend<M extends Numbered>(log: MessageLog<M>, page: readonly M[]): MessageLog<M> {
  const byNumber = new Map(page.map((message) => [message.number, message]))
  const earlier: M[] = []
  for (let number = log.base; number > 0; number -= 1) {
    const message = byNumber.get(number)
    if (message === undefined) break
    earlier.push(message)
  }
  if (earlier.length === 0) return log
  return { ...log, base: log.base - earlier.length, messages: [...earlier.reverse(), ...log.messages] }
}
