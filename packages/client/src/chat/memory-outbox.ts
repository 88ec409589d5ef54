import type { OutboxEntry, OutboxStore } from '../api.ts'

/** An outbox that lives as long as the process: the default outside browsers, and for tests. */
export function memoryOutbox(): OutboxStore {
  const entries = new Map<string, OutboxEntry>()
  const keyOf = (senderId: string, clientMessageId: string): string => `${senderId}/${clientMessageId}`
  return {
    list: async (senderId) =>
      [...entries.values()].filter((entry) => entry.senderId === senderId).sort((a, b) => a.order - b.order),
    put: async (entry) => {
      entries.set(keyOf(entry.senderId, entry.clientMessageId), entry)
    },
    remove: async (senderId, clientMessageId) => {
      entries.delete(keyOf(senderId, clientMessageId))
    },
    close: async () => {},
  }
}
