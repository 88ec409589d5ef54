import * as z from 'zod'
import { limits } from './limits.ts'
import { conversationIdSchema, timestampMsSchema } from './primitives.ts'

/** Id of a file, given by the server. */
export const fileIdSchema = z
  .string()
  .max(22)
  .regex(/^[A-Za-z0-9_-]{22}$/, '22 letters, digits, _ and -')
  .describe('Id of a file, given by the server')

/** A file's name: its last part, without anything that reads as a path or turns the text around. */
export const fileNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(limits.fileNameLength)
  .regex(/^[^/\\\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]*$/u, 'no slashes, no control characters')
  .describe('Name of a file, without a path')

/** A media type without parameters (RFC 6838 section 4.2). */
export const mediaTypeSchema = z
  .string()
  .max(127)
  .regex(/^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/, 'type/subtype')
  .describe('Media type, lower case, without parameters')

const pixels = z.number().int().min(1).max(65_535)

const aboutFile = {
  name: fileNameSchema,
  type: mediaTypeSchema,
  size: z.number().int().min(1).max(limits.fileBytes).describe('Bytes'),
  width: pixels.optional().describe('Of a picture or a film, as it is shown'),
  height: pixels.optional(),
  durationMs: z.number().int().nonnegative().max(86_400_000).optional().describe('Of sound or a film'),
  waveform: z
    .array(z.number().int().min(0).max(100))
    .max(limits.waveform)
    .optional()
    .describe('Loudness of a voice note over its time, 0 to 100'),
}

/** A file as a message shows it. The sender's device says what it is; the server vouches for size and name alone. */
export const attachmentSchema = z
  .strictObject({
    fileId: fileIdSchema,
    ...aboutFile,
    thumbnail: z.boolean().optional().describe('Whether there is a small picture of it'),
  })
  .describe('A file of a message')
export type Attachment = z.output<typeof attachmentSchema>

/** What `POST /api/v1/files` takes. */
export const fileRequestSchema = z
  .strictObject({ conversationId: conversationIdSchema, ...aboutFile })
  .describe('A file that is to be uploaded for a conversation')
export type FileRequest = z.output<typeof fileRequestSchema>

/** How far an upload has come. */
export const uploadStateSchema = z
  .strictObject({
    fileId: fileIdSchema,
    offset: z.number().int().nonnegative().describe('Bytes that the server holds: the next ones go there'),
    size: z.number().int().min(1),
  })
  .describe('How far an upload has come')
export type UploadState = z.output<typeof uploadStateSchema>

/** What `GET /api/v1/files/:fileId/url` answers. */
export const fileUrlSchema = z
  .strictObject({
    url: z.string().max(2048).describe('Path and query: anybody who holds it can read the file until then'),
    expiresAt: timestampMsSchema,
  })
  .describe('An address that a picture, a player or a download can use')
export type FileUrl = z.output<typeof fileUrlSchema>
