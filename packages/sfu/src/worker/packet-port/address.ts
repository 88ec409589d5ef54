import { isIPv4, isIPv6 } from 'node:net'
import { ADDRESS_BYTES } from './packet-port.ts'

/**
 * A peer's address as the packet port writes it, `ADDRESS_BYTES` bytes:
 * byte 0 family (4 or 6), bytes 2-3 port, bytes 4-19 address (IPv4: the first four), bytes 20-21 the socket's index; the
 * others are zero. All big-endian.
 */
export interface PacketAddress {
  readonly socket: number
  readonly ip: string
  readonly port: number
}

const IP_OFFSET = 4
const IPV4_BYTES = 4
const IPV6_BYTES = 16
const SOCKET_OFFSET = 20

/** The socket of the address at `offset`. */
export function packetAddressSocket(bytes: Uint8Array, offset = 0): number {
  return ((bytes[offset + SOCKET_OFFSET] ?? 0) << 8) | (bytes[offset + SOCKET_OFFSET + 1] ?? 0)
}

/** The IP address at `offset`, as it stands on the wire: 4 or 16 bytes. */
export function packetAddressIp(bytes: Uint8Array, offset = 0): Uint8Array {
  const start = offset + IP_OFFSET
  return bytes.slice(start, start + (bytes[offset] === 4 ? IPV4_BYTES : IPV6_BYTES))
}

/** Reads the address at `offset`. IPv6 comes back uncompressed. */
export function readPacketAddress(bytes: Uint8Array, offset = 0): PacketAddress {
  const at = (i: number): number => bytes[offset + i] ?? 0
  const port = (at(2) << 8) | at(3)
  const socket = packetAddressSocket(bytes, offset)
  if (at(0) === 4) return { socket, port, ip: `${at(4)}.${at(5)}.${at(6)}.${at(7)}` }
  const groups: string[] = []
  for (let i = IP_OFFSET; i < IP_OFFSET + IPV6_BYTES; i += 2)
    groups.push(((at(i) << 8) | at(i + 1)).toString(16))
  return { socket, port, ip: groups.join(':') }
}

/** An IPv4 address in the clothes of IPv6 (RFC 4291 section 2.5.5.2): the packet port knows its peers by the bare one. */
const MAPPED_IPV4 = /^::ffff:(?=\d+\.)/i

/**
 * Writes an address as the packet port reads it.
 * @throws TypeError if `ip` is not a numeric address, has a zone, or mixes the notations in another way than IPv4-mapped
 */
export function writePacketAddress(mapped: PacketAddress): Uint8Array {
  const address = { ...mapped, ip: mapped.ip.replace(MAPPED_IPV4, '') }
  const bytes = new Uint8Array(ADDRESS_BYTES)
  bytes[SOCKET_OFFSET] = address.socket >> 8
  bytes[SOCKET_OFFSET + 1] = address.socket & 0xff
  bytes[2] = address.port >> 8
  bytes[3] = address.port & 0xff
  if (isIPv4(address.ip)) {
    bytes[0] = 4
    bytes.set(address.ip.split('.').map(Number), 4)
    return bytes
  }
  if (!isIPv6(address.ip) || /[.%]/.test(address.ip))
    throw new TypeError(`not a numeric IP address: ${address.ip}`)
  bytes[0] = 6
  const [head = '', tail] = address.ip.split('::')
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((g) => Number.parseInt(g, 16))
  const left = parse(head)
  const right = tail === undefined ? [] : parse(tail)
  const groups = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
  groups.forEach((group, i) => {
    bytes[4 + 2 * i] = group >> 8
    bytes[5 + 2 * i] = group & 0xff
  })
  return bytes
}
