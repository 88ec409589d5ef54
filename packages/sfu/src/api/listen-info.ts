import { isIP } from 'node:net'
import type { ListenInfo } from '../channel/messages.ts'
import { errors } from './errors.ts'
import {
  booleanOr,
  checkArray,
  checkObject,
  checkString,
  integerIn,
  integerOr,
  oneOf,
} from './option-checks.ts'
import type { TransportListenInfo, TransportPortRange } from './transport-types.ts'

const MAX_PORT = 65535

/**
 * Checks the listening infos of a server or transport, and fills in what is left out.
 * @param defaultPortRange for those that ask for neither a port nor a range; without it the system chooses
 * @throws TypeError that names the field
 */
export function listenInfosOf(
  field: string,
  infos: readonly TransportListenInfo[],
  defaultPortRange?: TransportPortRange,
): ListenInfo[] {
  checkArray(field, infos, 1)
  return infos.map((info, index) => listenInfoOf(`${field}[${index}]`, info, defaultPortRange))
}

/**
 * Checks one listening info and fills in what is left out.
 * @throws TypeError that names the field
 */
export function listenInfoOf(
  field: string,
  info: TransportListenInfo,
  defaultPortRange?: TransportPortRange,
): ListenInfo {
  checkObject(field, info)
  const protocol = oneOf(`${field}.protocol`, info.protocol, ['udp', 'tcp'])
  if (typeof info.ip !== 'string' || isIP(info.ip) === 0) {
    throw errors.invalidOption(`${field}.ip`, 'a numeric IPv4 or IPv6 address', info.ip)
  }
  const announcedAddress = info.announcedAddress ?? info.announcedIp
  if (announcedAddress !== undefined) checkString(`${field}.announcedAddress`, announcedAddress)
  const exposeInternalIp = booleanOr(`${field}.exposeInternalIp`, info.exposeInternalIp, undefined)
  const port = integerOr(`${field}.port`, info.port, 0, 0, MAX_PORT)
  const portRange = info.portRange ?? (port === 0 ? defaultPortRange : undefined)
  const sendBufferSize = integerOr(`${field}.sendBufferSize`, info.sendBufferSize, undefined, 0)
  const recvBufferSize = integerOr(`${field}.recvBufferSize`, info.recvBufferSize, undefined, 0)
  return {
    protocol,
    ip: info.ip,
    // A range outranks a port.
    port: portRange === undefined ? port : 0,
    ...(announcedAddress === undefined ? {} : { announcedAddress }),
    ...(exposeInternalIp === undefined ? {} : { exposeInternalIp }),
    ...(portRange === undefined ? {} : { portRange: portRangeOf(`${field}.portRange`, portRange) }),
    ...(info.flags === undefined ? {} : { flags: flagsOf(`${field}.flags`, info.flags) }),
    ...(sendBufferSize === undefined ? {} : { sendBufferSize }),
    ...(recvBufferSize === undefined ? {} : { recvBufferSize }),
  }
}

/** @throws TypeError unless both ends are ports, in order */
export function portRangeOf(field: string, range: TransportPortRange): { min: number; max: number } {
  checkObject(field, range)
  const min = integerIn(`${field}.min`, range.min, 1, MAX_PORT)
  return { min, max: integerIn(`${field}.max`, range.max, min, MAX_PORT) }
}

function flagsOf(
  field: string,
  flags: NonNullable<TransportListenInfo['flags']>,
): NonNullable<ListenInfo['flags']> {
  checkObject(field, flags)
  return {
    ipv6Only: booleanOr(`${field}.ipv6Only`, flags.ipv6Only, false),
    udpReusePort: booleanOr(`${field}.udpReusePort`, flags.udpReusePort, false),
  }
}
