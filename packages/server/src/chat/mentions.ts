import { identitySchema, limits } from '@sangam/protocol'

const mention = /<@([A-Za-z0-9][A-Za-z0-9._@+-]{0,127})>/g

/** Whom a text mentions as `<@identity>`: each once, in order, at most 50. */
export const mentionsIn = (text: string): string[] => {
  // Nearly every text goes this way.
  if (!text.includes('<@')) return []
  const identities = new Set<string>()
  for (const [, identity = ''] of text.matchAll(mention)) {
    if (identities.size === limits.mentions) break
    if (identitySchema.safeParse(identity).success) identities.add(identity)
  }
  return [...identities]
}
