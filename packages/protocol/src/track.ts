import * as z from 'zod'
import { mediaKindSchema } from './media.ts'
import { nameSchema, producerIdSchema } from './primitives.ts'

/** What a stream shows or carries. */
export const trackSourceSchema = z
  .enum(['microphone', 'camera', 'screen', 'screenAudio'])
  .describe('What a stream shows or carries')
export type TrackSource = z.output<typeof trackSourceSchema>

/** A stream that a participant publishes. */
export const trackSchema = z
  .strictObject({
    producerId: producerIdSchema,
    kind: mediaKindSchema,
    source: trackSourceSchema,
    paused: z.boolean(),
    mutedBy: nameSchema.optional().describe('Name of the moderator who paused it'),
  })
  .describe('A stream that a participant publishes')
export type Track = z.output<typeof trackSchema>
