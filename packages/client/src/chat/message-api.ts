/** The public contract of single messages. */
import type { Message as WireMessage } from '@sangam/protocol'
import type { SangamError } from '../errors.ts'

/** `sending` until the server stored it, `failed` when it refused it for good. */
export type MessageState = 'sending' | 'sent' | 'failed'

/** What is told of a call or of members by the server itself; see `SystemLine` in the protocol. */
export type SystemLine = NonNullable<WireMessage['system']>

/** One message, immutable; a change of state is a new object with the same `key`. */
export interface ChatMessage {
  /** Unique in its conversation, the same while sending and once sent: fit for a list's key. */
  readonly key: string
  readonly conversationId: string
  /** 1, 2, 3… without a gap; absent until stored. */
  readonly number?: number
  readonly clientMessageId: string
  readonly senderId: string
  readonly senderName: string
  /** Empty when it was deleted. */
  readonly text: string
  /** Milliseconds since 1970: the server's clock once stored, this device's before. */
  readonly sentAt: number
  /** Whether the session's own person wrote it (from any device). */
  readonly own: boolean
  readonly state: MessageState
  /** Why it failed. */
  readonly error?: SangamError
  /** Own changes of it on this device that the server has not stored: it is shown as they leave it, unless they failed. */
  readonly waiting?: readonly WaitingChange[]
  /** The conversation's change that made it as it is; absent when it never changed. */
  readonly revision?: number | undefined
  readonly editedAt?: number | undefined
  readonly deletedAt?: number | undefined
  readonly pinnedAt?: number | undefined
  /** What it answers, in short. */
  readonly replyTo?: WireMessage['replyTo']
  /** Number of the message that begins the thread it belongs to. */
  readonly thread?: number | undefined
  /** Of a message that begins a thread. */
  readonly replies?: WireMessage['replies']
  /** Identities that the text names as `<@identity>`. */
  readonly mentions?: readonly string[] | undefined
  readonly reactions?: readonly MessageReaction[] | undefined
  readonly preview?: WireMessage['preview']
  readonly attachments?: readonly Attachment[] | undefined
  /** A line of the server's own; `text` says the same in English. */
  readonly system?: SystemLine | undefined
}

/** A change of a message on its way to the server. */
export interface WaitingChange {
  /** For `retry()` and `discard()`. */
  readonly clientChangeId: string
  readonly type: 'edit' | 'delete' | 'react' | 'pin'
  readonly state: 'sending' | 'failed'
  /** Why it failed. */
  readonly error?: SangamError
}

/** One emoji under a message. */
export interface MessageReaction {
  readonly emoji: string
  /** Identities, in the order in which they reacted. */
  readonly by: readonly string[]
}

/** A file of a message. */
export type Attachment = NonNullable<WireMessage['attachments']>[number]

/** What to send besides text. */
export interface SendOptions {
  /** Files that were uploaded for this conversation: what `Upload.done` gave. With them the text may be empty. */
  readonly attachments?: readonly Attachment[]
  /** Number of the message that this one answers. */
  readonly replyTo?: number
  /** Number of the message whose thread this one belongs to. */
  readonly thread?: number
  /** What this device knows of a link in the text. Others are shown it as text; nobody fetches the link for it. */
  readonly preview?: {
    readonly url: string
    readonly title: string
    readonly description?: string | undefined
  }
}
