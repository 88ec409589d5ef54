import type { ChatMessage, Conversation, ConversationSnapshot } from '@sangam/client'
import { createContext, useContext } from 'react'

/** What a message can reach of the chat around it. */
export interface ChatContextValue {
  readonly conversation: Conversation
  readonly kind: ConversationSnapshot['kind']
  readonly self: string
  readonly nameOf: (identity: string) => string
  /** What this person may do to others' messages. */
  readonly mayModerate: boolean
  readonly mayPin: boolean
  readonly onReply: (message: ChatMessage) => void
  readonly onEdit: (message: ChatMessage) => void
  /** Absent inside a thread. */
  readonly onThread?: ((number: number) => void) | undefined
  readonly onJump: (number: number) => void
  /** Runs what may fail, and says so. */
  readonly run: (action: Promise<unknown>) => void
  /** Runs a change of a message: what goes wrong shows beside the message, unless it is gone. */
  readonly change: (action: Promise<unknown>) => void
}

const Context = createContext<ChatContextValue | undefined>(undefined)

/** Gives a chat to the messages below. */
export const ChatContext = Context.Provider

/** The chat around a message. */
export function useChat(): ChatContextValue {
  const value = useContext(Context)
  if (value === undefined) throw new Error('a message stands outside a chat')
  return value
}
