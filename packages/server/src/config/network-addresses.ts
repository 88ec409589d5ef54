/** An interface's address, as `os.networkInterfaces()` gives it. */
export type InterfaceAddress = {
  readonly address: string
  readonly family: 'IPv4' | 'IPv6'
  readonly internal: boolean
}

/** Addresses of this machine that peers can use, in order of preference. */
export type LocalAddresses = {
  /** IPv4 addresses on a network, those of physical-looking interfaces first. */
  readonly lan: readonly string[]
  /** 127.0.0.1 when there is a loopback interface. */
  readonly loopback: readonly string[]
}

const containerBridge = /^(docker|br-|veth|virbr|cni|flannel|cali)/

/**
 * Picks the IPv4 addresses that browsers may reach: link-local ones (169.254/16, RFC 3927) left out, bridges of
 * containers last. IPv6 is left to `ANNOUNCED_ADDRESS` for now: privacy addresses change under a running server.
 */
export const localAddresses = (interfaces: {
  readonly [name: string]: readonly InterfaceAddress[] | undefined
}): LocalAddresses => {
  const entries = Object.entries(interfaces).flatMap(([name, addresses]) =>
    (addresses ?? []).filter((entry) => entry.family === 'IPv4').map((entry) => ({ name, ...entry })),
  )
  const lan = entries
    .filter((entry) => !entry.internal && !entry.address.startsWith('169.254.'))
    .sort((a, b) => Number(containerBridge.test(a.name)) - Number(containerBridge.test(b.name)))
    .map((entry) => entry.address)
  const loopback = entries.some((entry) => entry.internal) ? ['127.0.0.1'] : []
  return { lan: [...new Set(lan)], loopback }
}
