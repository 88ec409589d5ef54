import * as z from 'zod'

const resource = z.string().min(1).max(128)
const atMost = (most: number) => (map: object) => Object.keys(map).length <= most

const roomGrantSchema = z.strictObject({
  join: z.boolean().default(true),
  publish: z.boolean().default(false),
  subscribe: z.boolean().default(true),
  chat: z.boolean().default(false),
})

const conversationGrantSchema = z.strictObject({
  read: z.boolean().default(true),
  write: z.boolean().default(false),
})

/** What a token allows. Nothing is allowed that does not stand here. Keys are names, or `*` for those not named. */
export const grantsSchema = z.strictObject({
  rooms: z.record(resource, roomGrantSchema).refine(atMost(500)).default({}),
  conversations: z.record(resource, conversationGrantSchema).refine(atMost(500)).default({}),
  /** May open direct conversations with people. */
  direct: z.boolean().default(false),
  /** May ring people. Being rung needs nothing. */
  call: z.boolean().default(false),
  /** May see who is there. */
  people: z.boolean().default(false),
})

/** What a token allows, complete. */
export type Grants = z.output<typeof grantsSchema>

/** What a token allows, as an application writes it. */
export type GrantsInput = z.input<typeof grantsSchema>

/** What a guest may: everything that a member of an open team may. */
export const guestGrants: Grants = grantsSchema.parse({
  rooms: { '*': { join: true, publish: true, subscribe: true, chat: true } },
  conversations: { '*': { read: true, write: true } },
  direct: true,
  call: true,
  people: true,
})
