/** What a person has to know about a running server. */
export interface BannerFacts {
  readonly version: string
  /** Address for browsers on this machine. */
  readonly localUrl: string
  /** Addresses for browsers on the network, the best first; none if https is off or there is no network. */
  readonly networkUrls: readonly string[]
  /** SHA-256 of the certificate, 32 bytes in hex with colons; undefined without https. */
  readonly certificateSha256: string | undefined
  /** Absolute path. */
  readonly dataDir: string
  /** Ports of the media workers, ascending. */
  readonly mediaPorts: readonly number[]
  /** Whether they listen for TCP besides UDP. */
  readonly mediaTcp: boolean
}

/** The lines that `sangam start` prints once the server serves. */
export function formatBanner(facts: BannerFacts): string {
  const rows: (readonly [label: string, value: string])[] = [
    ['On this machine', facts.localUrl],
    ...facts.networkUrls.map((url, i) => [i === 0 ? 'On the network' : '', url] as const),
  ]
  if (facts.certificateSha256 !== undefined) {
    rows.push(['Certificate', `SHA-256 ${facts.certificateSha256.slice(0, 47)}`])
    rows.push(['', `        ${facts.certificateSha256.slice(48)}`])
  }
  rows.push(['Data', facts.dataDir], ['Media', formatMediaPorts(facts.mediaPorts, facts.mediaTcp)])
  const table = rows.map(([label, value]) => `  ${label.padEnd(17)}${value}`)
  return [`Sangam ${facts.version} is ready`, '', ...table, '', 'Press Ctrl-C to stop'].join('\n')
}

/** "UDP 4443", "UDP and TCP 4443-4446" or, if they don't follow each other, "UDP 4443, 5000". */
export function formatMediaPorts(ports: readonly number[], tcp: boolean): string {
  const [first] = ports
  const last = ports.at(-1)
  if (first === undefined || last === undefined) return 'off'
  const protocols = tcp ? 'UDP and TCP' : 'UDP'
  if (ports.length === 1) return `${protocols} ${first}`
  const consecutive = last - first === ports.length - 1
  return consecutive ? `${protocols} ${first}-${last}` : `${protocols} ${ports.join(', ')}`
}
