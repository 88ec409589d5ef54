/**
 * The house's import rule as data. `A: [B]` says that A may import B; what isn't listed may not be imported.
 * Nothing imports upward.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  rtp: [],
  ortc: [],
  protocol: [],
  'sfu/shared': ['ortc'],
  'sfu/api': ['ortc', 'sfu/shared'],
  'sfu/worker': ['rtp', 'ortc', 'sfu/shared'],
  'sfu/entry': ['sfu/api', 'sfu/shared', 'ortc'],
  server: ['protocol'],
  'server/media': ['protocol', 'sfu', 'server'],
  client: ['protocol', 'ortc'],
  react: ['client'],
  // Private, for tests and benchmarks: its peers speak with the packet port, its bots with the SDK.
  testkit: ['rtp', 'ortc', 'sfu', 'sfu/packet-port', 'protocol', 'client'],
  // The command line's load lab runs the bots; nothing that serves people does.
  apps: ['server', 'client', 'react', 'testkit', 'testkit/bots'],
}

/** Zones that also run in a browser or must stay pure: no module of Node in them. */
export const WITHOUT_NODE_MODULES: ReadonlySet<string> = new Set([
  'rtp',
  'ortc',
  'protocol',
  'client',
  'react',
])

/**
 * The zone of a file, given its path from the repository's root with `/`. Undefined for tests, benchmarks and scripts,
 * which stand outside the house and may look into every room.
 */
export function zoneOf(path: string): string | undefined {
  if (path.startsWith('apps/')) return path.includes('/test/') ? undefined : 'apps'
  const [, name = '', rest = ''] = /^packages\/([^/]+)\/src\/(.*)$/.exec(path) ?? []
  if (name === 'sfu') {
    if (rest.startsWith('api/')) return 'sfu/api'
    if (rest.startsWith('worker/')) return 'sfu/worker'
    return rest === 'index.ts' ? 'sfu/entry' : 'sfu/shared'
  }
  if (name === 'server' && rest.startsWith('media/')) return 'server/media'
  return name === '' ? undefined : name
}

/** True if code in zone `from` may import zone or package `to`. */
export function mayImport(from: string, to: string): boolean {
  if (from === to) return true
  // The rest of the server may call its media folder; only the media folder knows the engine.
  if (from === 'server' && to === 'server/media') return true
  return MAY_IMPORT[from]?.includes(to) ?? false
}
