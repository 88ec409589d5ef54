import type { IceCandidate, ListenInfo } from '../../channel/messages.ts'
import { ChannelTypeError, ChannelUnsupportedError } from '../errors.ts'
import type { PacketPort } from '../packet-port/packet-port.ts'

/** A bound socket and the addresses under which peers reach it. */
export interface Listener {
  readonly socket: number
  readonly ip: string
  readonly port: number
  readonly announced: readonly string[]
}

const HOST_TYPE_PREFERENCE = 126

/** Binds what `infos` ask for; entries with the same address and port share a socket. All or nothing. */
export function listen(port: PacketPort, infos: readonly ListenInfo[]): Listener[] {
  const listeners: { socket: number; ip: string; port: number; announced: string[]; asked: number }[] = []
  try {
    for (const info of infos) {
      if (info.protocol === 'tcp')
        throw new ChannelUnsupportedError('ICE over TCP is not built yet: use protocol udp')
      const announced = info.announcedAddress === undefined ? [info.ip] : [info.announcedAddress]
      if (info.announcedAddress !== undefined && info.exposeInternalIp === true) announced.push(info.ip)
      const same = listeners.find((l) => info.port !== 0 && l.ip === info.ip && l.asked === info.port)
      if (same !== undefined) {
        same.announced.push(...announced)
        continue
      }
      const bound = bind(port, info)
      listeners.push({ ...bound, ip: info.ip, announced, asked: info.port })
    }
  } catch (error) {
    for (const listener of listeners) port.closeSocket(listener.socket)
    throw error
  }
  return listeners
}

function bind(port: PacketPort, info: ListenInfo): { socket: number; port: number } {
  const open = (number: number): { socket: number; port: number } =>
    port.openUdp({
      ip: info.ip,
      port: number,
      ...(info.flags?.ipv6Only === undefined ? {} : { ipv6Only: info.flags.ipv6Only }),
      ...(info.flags?.udpReusePort === undefined ? {} : { udpReusePort: info.flags.udpReusePort }),
      ...(info.sendBufferSize === undefined ? {} : { sendBufferBytes: info.sendBufferSize }),
      ...(info.recvBufferSize === undefined ? {} : { receiveBufferBytes: info.recvBufferSize }),
    })
  if (info.port !== 0 || info.portRange === undefined || info.portRange.max === 0) return open(info.port)
  const { min, max } = info.portRange
  if (min > max) throw new ChannelTypeError(`portRange ${min}-${max}: min must not be above max`)
  for (let number = min; number <= max; number++) {
    try {
      return open(number)
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error
    }
  }
  throw new Error(`no free UDP port on ${info.ip} from ${min} to ${max}`)
}

/** Host candidates for the listeners, the first preferred (RFC 8445 section 5.1.2.1). */
export function hostCandidates(listeners: readonly Listener[]): IceCandidate[] {
  const addresses = listeners.flatMap((l) => l.announced.map((address) => ({ address, port: l.port })))
  return addresses.map(({ address, port }, index) => ({
    foundation: `udp${index}`,
    priority: HOST_TYPE_PREFERENCE * 2 ** 24 + (65535 - index) * 2 ** 8 + 255,
    ip: address,
    address,
    protocol: 'udp',
    port,
    type: 'host',
  }))
}
