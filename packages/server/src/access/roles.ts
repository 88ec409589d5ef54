import { builtInRoles, type RoomPermission, roleSchema, roomPermissions } from '@sangam/protocol'
import * as z from 'zod'
import { hasPermission, publishGrantSchema, type RoomGrant } from './grants.ts'

/** What a role of an application's own is made of. */
export const roleDefinitionSchema = z.strictObject({
  publish: publishGrantSchema.default(false),
  subscribe: z.boolean().default(true),
  chat: z.boolean().default(false),
  moderate: z.boolean().default(false),
  record: z.boolean().default(false),
})

/** What a role is made of, complete. */
export type RoleDefinition = z.output<typeof roleDefinitionSchema>

/** What a role is made of, as an application writes it. */
export type RoleDefinitionInput = z.input<typeof roleDefinitionSchema>

/** Roles that an application adds, by name. The built-in ones cannot be replaced. */
export const customRolesSchema = z
  .record(
    roleSchema.refine((name) => !builtIns.has(name), 'not the name of a built-in role'),
    roleDefinitionSchema,
  )
  .refine((roles) => Object.keys(roles).length <= 20, 'at most 20 roles')

/** Roles that an application adds, by name. */
export type CustomRoles = { readonly [name: string]: RoleDefinition }

const builtIns: ReadonlySet<string> = new Set(builtInRoles)
const everything: RoleDefinition = {
  publish: true,
  subscribe: true,
  chat: true,
  moderate: true,
  record: true,
}

const builtInDefinitions: { readonly [Name in (typeof builtInRoles)[number]]: RoleDefinition } = {
  host: everything,
  cohost: everything,
  speaker: { publish: true, subscribe: true, chat: true, moderate: false, record: false },
  listener: { publish: false, subscribe: true, chat: true, moderate: false, record: false },
}

/** What a role is made of; undefined when the room knows no such role. */
export const roleDefinition = (role: string, custom: CustomRoles): RoleDefinition | undefined => {
  if (Object.hasOwn(builtInDefinitions, role)) {
    return builtInDefinitions[role as keyof typeof builtInDefinitions]
  }
  return Object.hasOwn(custom, role) ? custom[role] : undefined
}

/** Who may act on whom: the higher on the lower. Hosts 3, who moderates 2, everybody else 1. */
export const rankOf = (role: string, custom: CustomRoles): number => {
  if (role === 'host') return 3
  return roleDefinition(role, custom)?.moderate === true ? 2 : 1
}

/** The rights of a role as far as a token grants them. */
export const permissionsOf = (
  grant: RoomGrant | undefined,
  role: RoleDefinition | undefined,
): RoomPermission[] =>
  grant?.join !== true || role === undefined
    ? []
    : roomPermissions.filter((right) => hasPermission(grant, right) && hasPermission(role, right))
