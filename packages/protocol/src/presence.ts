import * as z from 'zod'
import { emptySchema, identitySchema, nameSchema, timestampMsSchema } from './primitives.ts'
import { notice, request } from './registry.ts'

/** How reachable somebody is, over all their devices. */
export const presenceSchema = z
  .enum(['online', 'away', 'inCall', 'offline'])
  .describe('How reachable somebody is, over all devices')
export type Presence = z.output<typeof presenceSchema>

/** A person whom the server knows. */
export const personSchema = z
  .strictObject({
    identity: identitySchema,
    name: nameSchema,
    presence: presenceSchema,
    lastSeenAt: timestampMsSchema
      .optional()
      .describe('Of somebody offline: when their last connection ended'),
  })
  .describe('A person whom the server knows')
export type Person = z.output<typeof personSchema>

/** What clients ask of presence, by event name. */
export const presenceRequests = {
  'presence.set': request({
    description: 'Sets the status of this device. `inCall` is set by the server itself.',
    needs: 'a valid token',
    request: z.strictObject({ status: z.enum(['online', 'away']) }),
    reply: emptySchema,
    errors: [],
  }),
  'people.list': request({
    description: 'The people whom the server knows: everybody online, and those seen lately.',
    needs: '`people`',
    request: emptySchema,
    reply: z.strictObject({ people: z.array(personSchema).max(2000) }),
    errors: [],
  }),
} as const

/** What the server tells of presence, by event name. */
export const presenceNotices = {
  'presence.changed': notice({
    description:
      'The presence or the name of people changed. Sent to everybody with the grant `people`; at once, or with what else changes within a millisecond per connection after the last notice.',
    payload: z.strictObject({ people: z.array(personSchema).min(1) }),
  }),
} as const
