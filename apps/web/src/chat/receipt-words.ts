import type { ConversationSnapshot } from '@sangam/client'

/** What became of the newest message when it is an own one: on its way to the others, with them, or read. */
export function receiptWords(
  snapshot: Pick<ConversationSnapshot, 'kind' | 'messages' | 'members' | 'read' | 'delivered'>,
): string {
  const { kind, messages, members, read, delivered } = snapshot
  const newest = messages.at(-1)
  if (newest?.number === undefined || !newest.own || newest.system !== undefined) return ''
  const { number, senderId } = newest
  const others = members.filter(({ identity }) => identity !== senderId)
  const readers = others.filter(({ identity }) => (read.get(identity) ?? 0) >= number)
  if (kind === 'direct') {
    if (readers.length > 0) return 'Read'
    const isThere = others.some(({ identity }) => (delivered.get(identity) ?? 0) >= number)
    return isThere ? 'Delivered' : 'Sent'
  }
  if (readers.length > 0) return `Read by ${readersInWords(readers.map(({ name }) => name))}`
  const holders = others.filter(({ identity }) => (delivered.get(identity) ?? 0) >= number)
  if (others.length > 0 && holders.length === others.length) return 'Delivered to all'
  return 'Sent'
}

function readersInWords(names: readonly string[]): string {
  if (names.length <= 3) return new Intl.ListFormat('en').format(names)
  return `${names.length} people`
}

/** Who writes now, in words; empty when nobody does. */
export function typingWords(names: readonly string[]): string {
  if (names.length === 0) return ''
  if (names.length > 2) return 'Several people are typing…'
  return `${new Intl.ListFormat('en').format(names)} ${names.length === 1 ? 'is' : 'are'} typing…`
}
