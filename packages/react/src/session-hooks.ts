import type { Call, ConnectionSnapshot, ConversationSummary, Person, RoomSummary } from '@sangam/client'
import { useSession } from './session-context.ts'
import { useStore } from './use-store.ts'

/** How the connection is doing. */
export function useConnectionState(): ConnectionSnapshot {
  return useStore(useSession().connection)
}

/** Everybody known, ordered by name. */
export function usePeople(): readonly Person[] {
  return useStore(useSession().people)
}

/** The conversations this person is in, newest first. */
export function useConversations(): readonly ConversationSummary[] {
  return useStore(useSession().conversationList)
}

/** The rooms this person may join. */
export function useRooms(): readonly RoomSummary[] {
  return useStore(useSession().rooms)
}

/** Every call that has not ended. */
export function useCalls(): readonly Call[] {
  return useStore(useSession().calls)
}
