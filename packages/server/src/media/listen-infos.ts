import type { LocalAddresses } from '../config/network-addresses.ts'
import type { EngineListenInfo } from './engine.ts'

/**
 * Where one media worker listens: each address of this machine that a browser may use, loopback included, so that a
 * browser on this machine connects without a network. Addresses from outside (NAT) are announced in the name of the
 * machine's own, in order; those are announced besides. With `tcp` the same again for TCP, which peers try after UDP.
 */
export const listenInfosFor = (
  addresses: LocalAddresses,
  announced: readonly string[],
  port: number,
  tcp: boolean,
): EngineListenInfo[] => {
  const own = [...addresses.lan, ...addresses.loopback]
  const base = own.length === 0 ? ['127.0.0.1'] : own
  const at = port === 0 ? {} : { port }
  // Announcing an address of the machine itself says no more than listening on it does.
  const outside = announced.filter((address) => !base.includes(address))
  const protocols = tcp ? (['udp', 'tcp'] as const) : (['udp'] as const)
  return protocols.flatMap((protocol) =>
    base.map((ip, index) => {
      const announcedAddress = outside[index]
      const info = { protocol, ip, ...at }
      return announcedAddress === undefined ? info : { ...info, announcedAddress, exposeInternalIp: true }
    }),
  )
}
