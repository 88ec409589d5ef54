import { isIP } from 'node:net'
import type { ListenInfo, PlainTuple, Requests, SrtpParameters, SrtpSuite } from '../channel/messages.ts'
import { sctpRequestOf } from './data-options.ts'
import { errors } from './errors.ts'
import { listenInfoOf } from './listen-info.ts'
import { booleanOr, checkObject, checkString, integerIn, integerOr, oneOf } from './option-checks.ts'
import type { PipeTransportOptions } from './pipe-transport-types.ts'
import type { PlainTransportConnectParameters, PlainTransportOptions } from './plain-transport-types.ts'
import type {
  TransportListenInfo,
  TransportListenIp,
  TransportPortRange,
  TransportTuple,
} from './transport-types.ts'

const MAX_PORT = 65535
const DEFAULT_SUITE: SrtpSuite = 'AES_CM_128_HMAC_SHA1_80'
const SUITES: readonly SrtpSuite[] = [
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
]

type Entity = 'routerId' | 'transportId'

/** Where a transport with ports of its own listens: `listenInfo`, or the deprecated `listenIp` and `port`. */
interface ListenOptions {
  listenInfo?: TransportListenInfo | undefined
  listenIp?: TransportListenIp | string | undefined
  port?: number | undefined
}

/**
 * Checks the options of a PlainTransport and fills in what is left out.
 * @throws TypeError that names the option
 */
export function plainTransportRequestOf(
  options: PlainTransportOptions,
  defaultPortRange: TransportPortRange | undefined,
): Omit<Requests['router.createPlainTransport']['request'], Entity> {
  checkObject('options', options)
  const sctp = sctpRequestOf(options)
  const rtcpMux = booleanOr('rtcpMux', options.rtcpMux, true)
  const listenInfo = udpListenInfoOf(options, defaultPortRange)
  const srtpCryptoSuite = oneOf('srtpCryptoSuite', options.srtpCryptoSuite ?? DEFAULT_SUITE, SUITES)
  return {
    listenInfo,
    ...(rtcpMux ? {} : { rtcpListenInfo: rtcpListenInfoOf(options, listenInfo, defaultPortRange) }),
    comedia: booleanOr('comedia', options.comedia, false),
    ...(booleanOr('enableSrtp', options.enableSrtp, false) ? { srtpCryptoSuite } : {}),
    ...(sctp === undefined ? {} : { sctp }),
  }
}

/**
 * Checks the options of a PipeTransport and fills in what is left out.
 * @throws TypeError that names the option
 */
export function pipeTransportRequestOf(
  options: PipeTransportOptions,
  defaultPortRange: TransportPortRange | undefined,
): Omit<Requests['router.createPipeTransport']['request'], Entity> {
  checkObject('options', options)
  const sctp = sctpRequestOf(options)
  return {
    listenInfo: udpListenInfoOf(options, defaultPortRange),
    enableRtx: booleanOr('enableRtx', options.enableRtx, false),
    enableSrtp: booleanOr('enableSrtp', options.enableSrtp, false),
    ...(sctp === undefined ? {} : { sctp }),
  }
}

/**
 * Checks what a transport is told of its peer. Whether it is complete, the transport itself knows.
 * @throws TypeError that names the field
 */
export function connectRequestOf(
  parameters: PlainTransportConnectParameters,
): Omit<Requests['transport.connectAddressed']['request'], 'transportId'> {
  checkObject('parameters', parameters)
  const { ip, port, rtcpPort, srtpParameters } = parameters
  if (ip !== undefined && (typeof ip !== 'string' || isIP(ip) === 0))
    throw errors.invalidOption('ip', 'a numeric IPv4 or IPv6 address', ip)
  return {
    ...(ip === undefined ? {} : { ip }),
    ...(port === undefined ? {} : { port: integerIn('port', port, 1, MAX_PORT) }),
    ...(rtcpPort === undefined ? {} : { rtcpPort: integerIn('rtcpPort', rtcpPort, 1, MAX_PORT) }),
    ...(srtpParameters === undefined ? {} : { srtpParameters: srtpParametersOf(srtpParameters) }),
  }
}

/** The public form of a tuple. */
export function publicTupleOf(tuple: PlainTuple): TransportTuple {
  return { localIp: tuple.localAddress, ...tuple }
}

function srtpParametersOf(parameters: SrtpParameters): SrtpParameters {
  checkObject('srtpParameters', parameters)
  const { keyBase64 } = parameters
  checkString('srtpParameters.keyBase64', keyBase64)
  return { cryptoSuite: oneOf('srtpParameters.cryptoSuite', parameters.cryptoSuite, SUITES), keyBase64 }
}

function udpListenInfoOf(
  options: ListenOptions,
  defaultPortRange: TransportPortRange | undefined,
): ListenInfo {
  const { listenInfo, listenIp } = options
  if ((listenInfo === undefined) === (listenIp === undefined))
    throw errors.optionConflict('options', 'exactly one of listenInfo and listenIp must be given')
  if (listenInfo !== undefined) return udpOnly('listenInfo', listenInfo, defaultPortRange)
  const bare = typeof listenIp === 'string' ? { ip: listenIp } : listenIp
  checkObject('listenIp', bare)
  const port = integerOr('port', options.port, 0, 0, MAX_PORT)
  return udpOnly('listenIp', { ...bare, protocol: 'udp', port } as TransportListenInfo, defaultPortRange)
}

/** Like RTP's, on a port of its own. */
function rtcpListenInfoOf(
  { rtcpListenInfo }: PlainTransportOptions,
  listenInfo: ListenInfo,
  defaultPortRange: TransportPortRange | undefined,
): ListenInfo {
  if (rtcpListenInfo !== undefined) return udpOnly('rtcpListenInfo', rtcpListenInfo, defaultPortRange)
  return { ...listenInfo, port: 0 }
}

function udpOnly(
  field: string,
  info: TransportListenInfo,
  defaultPortRange: TransportPortRange | undefined,
): ListenInfo {
  const checked = listenInfoOf(field, info, defaultPortRange)
  if (checked.protocol === 'udp') return checked
  throw errors.invalidOption(`${field}.protocol`, "'udp'", checked.protocol)
}
