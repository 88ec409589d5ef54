import { type RoomPermission, roleSchema } from '@sangam/protocol'
import * as z from 'zod'

const resource = z.string().min(1).max(128)
const atMost = (most: number) => (map: object) => Object.keys(map).length <= most

/** What may be published: all or nothing, or source by source. `screen` covers the sound of a screen share. */
export const publishGrantSchema = z.union([
  z.boolean(),
  z.strictObject({
    microphone: z.boolean().default(false),
    camera: z.boolean().default(false),
    screen: z.boolean().default(false),
    data: z.boolean().default(false),
  }),
])

const roomGrantSchema = z.strictObject({
  join: z.boolean().default(true),
  publish: publishGrantSchema.default(false),
  subscribe: z.boolean().default(true),
  chat: z.boolean().default(false),
  /** `false`: may not use a role that moderates. The role itself comes from the room, or from `role`. */
  moderate: z.boolean().optional(),
  /** `false`: may not use a role that records. */
  record: z.boolean().optional(),
  /** `false`: may not see the room in the list. */
  list: z.boolean().optional(),
  /** Role in the room, as long as nobody in it gives another one. */
  role: roleSchema.optional(),
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

/** What a token allows in one room. */
export type RoomGrant = Grants['rooms'][string]

/** What a token allows, as an application writes it. */
export type GrantsInput = z.input<typeof grantsSchema>

/**
 * What a guest may: everything that a member of an open team may.
 * @param seesOthers whether the lists of people and rooms are for guests
 */
export const guestGrantsFor = (seesOthers: boolean): Grants =>
  grantsSchema.parse({
    rooms: { '*': { join: true, publish: true, subscribe: true, chat: true, list: seesOthers } },
    conversations: { '*': { read: true, write: true } },
    direct: true,
    call: true,
    people: seesOthers,
  })

/** The entry of a resource's own name, else that of `*`. A named entry replaces the wildcard, it does not add to it. */
export const entryOf = <Entry>(
  entries: { readonly [name: string]: Entry },
  name: string,
): Entry | undefined => {
  if (name !== '*' && Object.hasOwn(entries, name)) return entries[name]
  return Object.hasOwn(entries, '*') ? entries['*'] : undefined
}

/** Whether a grant or a role has a right. */
export const hasPermission = (
  grant: Pick<RoomGrant, 'publish' | 'subscribe' | 'chat' | 'moderate' | 'record'>,
  permission: RoomPermission,
): boolean => {
  switch (permission) {
    case 'microphone':
    case 'camera':
    case 'screen':
    case 'data':
      return typeof grant.publish === 'boolean' ? grant.publish : grant.publish[permission]
    case 'moderate':
    case 'record':
      return grant[permission] !== false
    default:
      return grant[permission]
  }
}
