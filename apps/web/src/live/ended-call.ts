import type { CallEndReason } from '@sangam/client'

/** A call that is over, as it is told afterwards. */
export interface EndedCall {
  readonly peer: { readonly identity: string; readonly name: string }
  readonly direction: 'outgoing' | 'incoming'
  readonly video: boolean
  readonly reason: CallEndReason
  readonly durationMs?: number
  /** What the error said, where there was one. */
  readonly problem?: string
}
