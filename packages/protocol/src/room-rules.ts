import * as z from 'zod'
import { identitySchema, nameSchema, timestampMsSchema } from './primitives.ts'

/** The roles that every room knows, from the most powerful to the least. An application may add roles of its own. */
export const builtInRoles = ['host', 'cohost', 'speaker', 'listener'] as const

/** Name of a role in a room. */
export const roleSchema = z
  .string()
  .max(32)
  .regex(/^[a-z][A-Za-z0-9-]{0,31}$/, 'a letter, then letters, digits and -')
  .describe('Name of a role: `host`, `cohost`, `speaker`, `listener`, or one that the application defined')

/** The rights that a role is made of. `screen` covers the sound of a screen share. */
export const roomPermissions = [
  'microphone',
  'camera',
  'screen',
  'data',
  'subscribe',
  'chat',
  'moderate',
  'record',
] as const

/** One right in a room. */
export const roomPermissionSchema = z.enum(roomPermissions).describe('One right in a room')
export type RoomPermission = z.output<typeof roomPermissionSchema>

/** What somebody may do in a room right now: what the token grants, as far as the role has it. */
export const roomPermissionsSchema = z
  .array(roomPermissionSchema)
  .max(roomPermissions.length)
  .describe('What the person may do: what the token grants, as far as the role has it')

const settingShapes = {
  listed: z.boolean().describe('Whether it stands in the list of rooms'),
  lobby: z.boolean().describe('Whether newcomers wait until a moderator admits them'),
  locked: z.boolean().describe('Whether nobody new may enter, moderators apart'),
  newcomerRole: roleSchema.describe('Role of whoever enters without another one'),
  mayUnmute: z.boolean().describe('Whether somebody whom a moderator muted may unmute themselves'),
  standIn: z.boolean().describe('Whether somebody stands in as host while no host is there'),
  maxParticipants: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .nullable()
    .describe('Most participants; null: as many as the server takes'),
  maxMinutes: z
    .number()
    .int()
    .min(1)
    .max(7 * 1440)
    .nullable()
    .describe('Length in minutes, after which the room ends; null: no end'),
}

/** How a room is set up. */
export const roomSettingsSchema = z.strictObject(settingShapes).describe('How a room is set up')
export type RoomSettings = z.output<typeof roomSettingsSchema>

/** Some settings of a room, to be changed. */
export const roomSettingsChangeSchema = roomSettingsSchema.partial().describe('The settings to change')

/** Somebody who waits in a lobby. */
export const waitingPersonSchema = z
  .strictObject({ identity: identitySchema, name: nameSchema, since: timestampMsSchema })
  .describe('Somebody who waits in the lobby')
export type WaitingPerson = z.output<typeof waitingPersonSchema>

/** Somebody who is banned. */
export const bannedPersonSchema = z
  .strictObject({ identity: identitySchema, name: nameSchema, since: timestampMsSchema })
  .describe('Somebody who is banned from the room')
export type BannedPerson = z.output<typeof bannedPersonSchema>

/** Id of an invite, to revoke it. */
export const inviteIdSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9_-]+$/, 'base64url')
  .describe('Id of an invite, to revoke it')

/** An invite as the list shows it, without its secret. */
export const inviteSchema = z
  .strictObject({
    inviteId: inviteIdSchema,
    role: roleSchema,
    createdBy: identitySchema,
    expiresAt: timestampMsSchema,
  })
  .describe('An invite, without its secret')
export type RoomInvite = z.output<typeof inviteSchema>
