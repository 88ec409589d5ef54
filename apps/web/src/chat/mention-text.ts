/** Mentions as people write them (`@Ravi Menon`) and as messages hold them (`<@ravi>`). Pure. */

/** Somebody who can be mentioned. */
export interface Mentionable {
  readonly identity: string
  readonly name: string
}

/** Somebody's mention in a text that is being written. */
export function mentionOf({ name }: Mentionable): string {
  return `@${name}`
}

/** The text as a message holds it: each chosen name as its identity, the longest names first. */
export function withIdentities(text: string, chosen: readonly Mentionable[]): string {
  const byLength = chosen.toSorted((a, b) => b.name.length - a.name.length)
  let result = text
  for (const one of byLength) result = result.replaceAll(mentionOf(one), `<@${one.identity}>`)
  return result
}

/** The text as one writes it, and who is mentioned in it. */
export function withNames(
  text: string,
  nameOf: (identity: string) => string,
): { readonly text: string; readonly chosen: readonly Mentionable[] } {
  const chosen: Mentionable[] = []
  const written = text.replace(/<@([A-Za-z0-9][A-Za-z0-9._@+-]{0,127})>/g, (_, identity: string) => {
    const one = { identity, name: nameOf(identity) }
    chosen.push(one)
    return mentionOf(one)
  })
  return { text: written, chosen }
}

/** What is being typed after an @ right before the cursor, or undefined. */
export function mentionQuery(text: string, cursor: number): string | undefined {
  return /(?:^|\s)@([\p{L}\p{N}._-]{0,30})$/u.exec(text.slice(0, cursor))?.[1]
}
