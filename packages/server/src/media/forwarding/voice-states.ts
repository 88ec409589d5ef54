import type { StreamReason } from '@sangam/protocol'

// What becomes of the microphones of a room. Who is loud enough the engine decides; this says what it means to receivers. Pure.

/** Whether a voice is forwarded, and why. */
export type VoiceDecision = { readonly forwarded: boolean; readonly reason: StreamReason }

/**
 * @param voices producers that the selection forwards; undefined where nobody is held back
 */
export const decideVoice = (producerId: string, voices: ReadonlySet<string> | undefined): VoiceDecision => {
  if (voices === undefined) return { forwarded: true, reason: 'wanted' }
  return voices.has(producerId)
    ? { forwarded: true, reason: 'speaking' }
    : { forwarded: false, reason: 'quiet' }
}
