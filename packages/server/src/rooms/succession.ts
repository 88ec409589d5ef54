import { type CustomRoles, rankOf, roleDefinition } from '../access/roles.ts'

/** Somebody in a room, as succession looks at them. */
export type Candidate = {
  readonly identity: string
  /** Role on record, without what standing in adds. */
  readonly role: string
  readonly joinedAtMs: number
  /** Whether the token lets them moderate at all. */
  readonly mayModerate: boolean
}

/**
 * Who stands in as host while no host is in the room: whoever does already, else the co-host (or other moderator) who is
 * there longest, else the speaker who is. Listeners never do: an audience does not take a stage over.
 * @returns an identity, or undefined when a host is there or nobody may
 */
export const standInOf = (
  people: readonly Candidate[],
  customRoles: CustomRoles,
  current: string | undefined,
): string | undefined => {
  if (people.some(({ role }) => role === 'host')) return undefined
  const able = people.filter(
    ({ role, mayModerate }) => mayModerate && (role === 'speaker' || moderates(role, customRoles)),
  )
  if (able.some(({ identity }) => identity === current)) return current
  const [first] = able.toSorted(
    (a, b) => rankOf(b.role, customRoles) - rankOf(a.role, customRoles) || a.joinedAtMs - b.joinedAtMs,
  )
  return first?.identity
}

const moderates = (role: string, customRoles: CustomRoles): boolean =>
  roleDefinition(role, customRoles)?.moderate === true
