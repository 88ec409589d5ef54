import type { Person, PresenceStatus } from '@sangam/client'

const RANK: Record<PresenceStatus, number> = { online: 0, inCall: 1, away: 2, offline: 3 }

/** Everybody but oneself: who can be reached first, then by name. */
export function orderPeople(people: readonly Person[]): readonly Person[] {
  const collator = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true })
  return people
    .filter((person) => !person.self)
    .toSorted((a, b) => RANK[a.presence] - RANK[b.presence] || collator.compare(a.name, b.name))
}

/** A presence in words. */
export const PRESENCE_WORDS: Record<PresenceStatus, string> = {
  online: 'Online',
  away: 'Away',
  inCall: 'In a call',
  offline: 'Offline',
}

/** Whether a name answers to what was typed, accents and case aside. */
export function matches(name: string, query: string): boolean {
  return fold(name).includes(fold(query.trim()))
}

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLocaleLowerCase()
}
