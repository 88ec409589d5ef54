/** What the checker looks for. */
export type FindingKind = 'lost' | 'doubled' | 'reordered' | 'invented'

/** Counts of each kind, and the first findings in words. */
export interface Verdict {
  readonly counts: Readonly<Record<FindingKind, number>>
  readonly examples: readonly string[]
  readonly acknowledged: number
  readonly delivered: number
  readonly stored: number
}

/** A message as a client sees it. */
export interface SeenMessage {
  readonly number: number
  readonly clientMessageId: string
  readonly text: string
}

const mostExamples = 20

/** Id of a sender's message, counted from 0; what it says follows from it. */
export const idOf = (sender: string, index: number): string => `${sender}-${index}`
/** The text that belongs to an id. */
export const textOf = (clientMessageId: string, paddingBytes = 0): string =>
  `text of ${clientMessageId}${paddingBytes > 0 ? ` ${'x'.repeat(paddingBytes)}` : ''}`

const senderAndIndex = (id: string): [string, number] => {
  const at = id.lastIndexOf('-')
  return [id.slice(0, at), Number(id.slice(at + 1))]
}

/**
 * All that the clients of one conversation know: what they sent, what was acknowledged, what each was shown. Judges it
 * against the conversation as it is stored in the end. Pure; the order of the calls is the order of the events.
 */
export class History {
  readonly #paddingBytes: number
  readonly #sent = new Map<string, number>()
  readonly #refused = new Set<string>()
  /** Newest number that each client was shown in the end. */
  readonly #ended = new Map<string, number>()
  readonly #acknowledged = new Map<string, number>()
  /** Number → id and id → number, from whoever said so first. */
  readonly #idAt: (string | undefined)[] = []
  readonly #numberOf = new Map<string, number>()
  readonly #counts: Record<FindingKind, number> = { lost: 0, doubled: 0, reordered: 0, invented: 0 }
  readonly #examples: string[] = []
  #delivered = 0
  #stored = 0

  constructor(paddingBytes = 0) {
    this.#paddingBytes = paddingBytes
  }

  /** How many messages were acknowledged so far. */
  get acknowledgedCount(): number {
    return this.#acknowledged.size
  }

  /** How many messages the server said it could not store at first. */
  get refusals(): number {
    return this.#refused.size
  }

  /** A sender hands its next message to the server; its index is how many it sent before. @returns its id */
  send(sender: string): string {
    const index = this.#sent.get(sender) ?? 0
    this.#sent.set(sender, index + 1)
    return idOf(sender, index)
  }

  /** The text to send with an id. */
  textOf(clientMessageId: string): string {
    return textOf(clientMessageId, this.#paddingBytes)
  }

  /** The server said that it could not store a message now. */
  refused(clientMessageId: string): void {
    this.#refused.add(clientMessageId)
  }

  /** The server acknowledged a message. */
  acknowledged(clientMessageId: string, number: number): void {
    this.#acknowledged.set(clientMessageId, number)
    this.#isAt(clientMessageId, number, 'acknowledged')
  }

  /** A client was shown a message, live or on a page. */
  shown(message: SeenMessage): void {
    this.#delivered += 1
    this.#mustBeSent(message)
    this.#isAt(message.clientMessageId, message.number, 'shown')
  }

  /** Messages of one page, and those that come live on one connection, follow one another: `number` came after `previous`. */
  showedNext(client: string, previous: number, number: number): void {
    if (number === previous + 1) return
    if (number > previous + 1) this.#find('lost', `${client} was shown ${number} right after ${previous}`)
    else if (number === previous) this.#find('doubled', `${client} was shown ${number} twice`)
    else this.#find('reordered', `${client} was shown ${number} after ${previous}`)
  }

  /** How far a client came in the end: everybody has to have been shown the last message. */
  ended(client: string, seen: number): void {
    this.#ended.set(client, seen)
  }

  /** Compares all with the conversation as it is stored, in the order in which it was read. */
  judge(stored: readonly SeenMessage[]): Verdict {
    this.#stored = stored.length
    const found = new Map<string, number>()
    for (const [index, message] of stored.entries()) {
      const { clientMessageId, number } = message
      if (number !== index + 1) this.#find('lost', `number ${number} stands in place ${index + 1}`)
      if (found.has(clientMessageId)) {
        this.#find('doubled', `${clientMessageId} is stored as ${found.get(clientMessageId)} and ${number}`)
      }
      found.set(clientMessageId, number)
      this.#mustBeSent(message)
    }
    for (const [id, number] of this.#acknowledged) {
      if (found.get(id) === undefined) this.#find('lost', `${id}, acknowledged as ${number}, is not stored`)
    }
    for (const [id, number] of this.#numberOf) {
      const now = found.get(id)
      if (now !== undefined && now !== number) this.#find('reordered', `${id} was ${number} and is ${now}`)
      if (now === undefined && !this.#acknowledged.has(id)) {
        this.#find('lost', `${id}, shown as ${number}, is not stored`)
      }
    }
    for (const [client, seen] of this.#ended) {
      if (seen < stored.length) this.#find('lost', `${client} was shown up to ${seen} of ${stored.length}`)
    }
    this.#checkSenders(stored)
    return {
      counts: { ...this.#counts },
      examples: [...this.#examples],
      acknowledged: this.#acknowledged.size,
      delivered: this.#delivered,
      stored: this.#stored,
    }
  }

  /** What one sender sent in order is stored in order. */
  #checkSenders(stored: readonly SeenMessage[]): void {
    const last = new Map<string, number>()
    for (const { clientMessageId } of stored) {
      const [sender, index] = senderAndIndex(clientMessageId)
      const before = last.get(sender) ?? -1
      if (index < before)
        this.#find('reordered', `${clientMessageId} is stored after ${idOf(sender, before)}`)
      last.set(sender, Math.max(before, index))
    }
  }

  #mustBeSent({ clientMessageId, text }: SeenMessage): void {
    const [sender, index] = senderAndIndex(clientMessageId)
    const isSent = index >= 0 && index < (this.#sent.get(sender) ?? 0)
    if (!isSent) this.#find('invented', `${clientMessageId} was never sent`)
    else if (text !== this.textOf(clientMessageId))
      this.#find('invented', `${clientMessageId} says something else`)
  }

  #isAt(id: string, number: number, how: string): void {
    const other = this.#idAt[number]
    const before = this.#numberOf.get(id)
    if (other === undefined) this.#idAt[number] = id
    else if (other !== id) this.#find('doubled', `number ${number} is ${other} and ${how} as ${id}`)
    if (before === undefined) this.#numberOf.set(id, number)
    else if (before !== number) this.#find('doubled', `${id} was ${before} and is ${how} as ${number}`)
  }

  #find(kind: FindingKind, what: string): void {
    this.#counts[kind] += 1
    if (this.#examples.length < mostExamples) this.#examples.push(`${kind}: ${what}`)
  }
}

/** Adds up the verdicts of several conversations. */
export function addVerdicts(verdicts: readonly Verdict[]): Verdict {
  const sum = (pick: (verdict: Verdict) => number): number =>
    verdicts.reduce((total, verdict) => total + pick(verdict), 0)
  return {
    counts: {
      lost: sum(({ counts }) => counts.lost),
      doubled: sum(({ counts }) => counts.doubled),
      reordered: sum(({ counts }) => counts.reordered),
      invented: sum(({ counts }) => counts.invented),
    },
    examples: verdicts.flatMap(({ examples }) => examples),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    delivered: sum(({ delivered }) => delivered),
    stored: sum(({ stored }) => stored),
  }
}
