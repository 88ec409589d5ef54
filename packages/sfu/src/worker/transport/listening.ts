import type { IceCandidate, ListenInfo } from '../../channel/messages.ts'
import { ChannelTypeError } from '../errors.ts'
import type { PacketPort } from '../packet-port/packet-port.ts'

/** A bound socket and the addresses under which peers reach it. */
export interface Listener {
  readonly protocol: 'udp' | 'tcp'
  readonly socket: number
  readonly ip: string
  readonly port: number
  readonly announced: readonly string[]
}

/** Type preferences (RFC 8445 section 5.1.2.2): host candidates of the protocol that is to be tried first, and of the other. */
const FIRST_TYPE_PREFERENCE = 126
const SECOND_TYPE_PREFERENCE = 90
const COMPONENT_ID = 1

/** Binds what `infos` ask for; entries with the same address and port share a socket. All or nothing. */
export function listen(port: PacketPort, infos: readonly ListenInfo[]): Listener[] {
  const listeners: (Listener & { readonly announced: string[]; readonly asked: number })[] = []
  try {
    for (const info of infos) {
      const announced = info.announcedAddress === undefined ? [info.ip] : [info.announcedAddress]
      if (info.announcedAddress !== undefined && info.exposeInternalIp === true) announced.push(info.ip)
      const same = listeners.find(
        (l) => info.port !== 0 && l.protocol === info.protocol && l.ip === info.ip && l.asked === info.port,
      )
      if (same !== undefined) {
        same.announced.push(...announced)
        continue
      }
      const bound = bind(port, info)
      listeners.push({ ...bound, protocol: info.protocol, ip: info.ip, announced, asked: info.port })
    }
  } catch (error) {
    for (const listener of listeners) port.closeSocket(listener.socket)
    throw error
  }
  return listeners
}

function bind(port: PacketPort, info: ListenInfo): { socket: number; port: number } {
  const open = (number: number): { socket: number; port: number } => {
    const options = {
      ip: info.ip,
      port: number,
      ...(info.flags?.ipv6Only === undefined ? {} : { ipv6Only: info.flags.ipv6Only }),
      ...(info.sendBufferSize === undefined ? {} : { sendBufferBytes: info.sendBufferSize }),
      ...(info.recvBufferSize === undefined ? {} : { receiveBufferBytes: info.recvBufferSize }),
    }
    if (info.protocol === 'tcp') return port.openTcp(options)
    return port.openUdp({ ...options, udpReusePort: info.flags?.udpReusePort ?? false })
  }
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
  throw new Error(`no free ${info.protocol.toUpperCase()} port on ${info.ip} from ${min} to ${max}`)
}

/** Which of a transport's listeners a peer is told of, and which it shall try first. */
export interface CandidateChoice {
  readonly enableUdp: boolean
  readonly enableTcp: boolean
  readonly preferUdp: boolean
  readonly preferTcp: boolean
}

/**
 * Host candidates for the listeners, in their order. Of two protocols UDP comes first (RFC 6544 section 4.2) unless only TCP
 * is preferred; within one, earlier listeners come first (RFC 8445 section 5.1.2.1).
 */
export function hostCandidates(listeners: readonly Listener[], choice: CandidateChoice): IceCandidate[] {
  const isFirst = ({ protocol }: Listener): boolean =>
    (protocol === 'tcp') === (choice.preferTcp && !choice.preferUdp)
  const addresses = listeners.flatMap((listener) =>
    listener.announced.map((address) => ({ address, listener })),
  )
  return addresses.map(({ address, listener }, index) => {
    const typePreference = isFirst(listener) ? FIRST_TYPE_PREFERENCE : SECOND_TYPE_PREFERENCE
    return {
      foundation: `${listener.protocol}${index}`,
      priority: typePreference * 2 ** 24 + localPreference(listener, index) * 2 ** 8 + 256 - COMPONENT_ID,
      ip: address,
      address,
      protocol: listener.protocol,
      port: listener.port,
      type: 'host',
      ...(listener.protocol === 'tcp' ? { tcpType: 'passive' as const } : {}),
    }
  })
}

/** RFC 6544 section 4.2: of a TCP candidate the upper three bits say its direction; 4 is passive. */
function localPreference({ protocol }: Listener, index: number): number {
  return protocol === 'tcp' ? 4 * 2 ** 13 + 8191 - index : 65535 - index
}
