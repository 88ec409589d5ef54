import { isIP } from 'node:net'
import type { DtlsParameters, Fingerprint, ListenInfo, Requests } from '../channel/messages.ts'
import { sctpRequestOf } from './data-options.ts'
import { errors } from './errors.ts'
import { listenInfosOf } from './listen-info.ts'
import { booleanOr, checkArray, checkObject, checkString, integerOr, oneOf } from './option-checks.ts'
import type { TransportListenInfo, TransportPortRange } from './transport-types.ts'
import type {
  DtlsParameters as PublicDtlsParameters,
  WebRtcTransportOptions,
} from './webrtc-transport-types.ts'

const DEFAULT_CONSENT_TIMEOUT_S = 30
const DEFAULT_OUTGOING_BPS = 600_000
const MAX_PORT = 65535
const FINGERPRINT_BYTES = { 'sha-1': 20, 'sha-224': 28, 'sha-256': 32, 'sha-384': 48, 'sha-512': 64 } as const

type Request = Omit<
  Requests['router.createWebRtcTransport']['request'],
  'routerId' | 'transportId' | 'webRtcServerId'
>

/**
 * Checks the options of a WebRtcTransport and fills in what is left out; without the `webRtcServer` itself.
 * @throws TypeError that names the option
 */
export function webRtcTransportRequestOf(
  options: WebRtcTransportOptions,
  defaultPortRange: TransportPortRange | undefined,
): Request {
  checkObject('options', options)
  const enableUdp = booleanOr('enableUdp', options.enableUdp, true)
  const enableTcp = booleanOr('enableTcp', options.enableTcp, options.webRtcServer !== undefined)
  const sctp = sctpRequestOf(options)
  const listenInfos = listenInfosOfOptions(options, enableUdp, enableTcp, defaultPortRange)
  return {
    ...(listenInfos === undefined ? {} : { listenInfos }),
    ...(sctp === undefined ? {} : { sctp }),
    enableUdp,
    enableTcp,
    preferUdp: booleanOr('preferUdp', options.preferUdp, false),
    preferTcp: booleanOr('preferTcp', options.preferTcp, false),
    iceConsentTimeoutSeconds: integerOr(
      'iceConsentTimeout',
      options.iceConsentTimeout,
      DEFAULT_CONSENT_TIMEOUT_S,
      0,
    ),
    initialAvailableOutgoingBitrate: integerOr(
      'initialAvailableOutgoingBitrate',
      options.initialAvailableOutgoingBitrate,
      DEFAULT_OUTGOING_BPS,
      0,
    ),
  }
}

function listenInfosOfOptions(
  options: WebRtcTransportOptions,
  enableUdp: boolean,
  enableTcp: boolean,
  defaultPortRange: TransportPortRange | undefined,
): ListenInfo[] | undefined {
  const given = [options.webRtcServer, options.listenInfos, options.listenIps].filter(
    (way) => way !== undefined,
  )
  if (given.length !== 1) {
    throw errors.optionConflict(
      'options',
      'exactly one of webRtcServer, listenInfos and listenIps must be given',
    )
  }
  if (options.listenInfos !== undefined)
    return listenInfosOf('listenInfos', options.listenInfos, defaultPortRange)
  if (options.listenIps !== undefined) {
    const infos = infosOfListenIps(options, enableUdp, enableTcp)
    return listenInfosOf('listenIps', infos, defaultPortRange)
  }
  return undefined
}

/** The deprecated way: bare addresses, each with every enabled protocol. */
function infosOfListenIps(
  options: WebRtcTransportOptions,
  enableUdp: boolean,
  enableTcp: boolean,
): TransportListenInfo[] {
  checkArray('listenIps', options.listenIps, 1)
  const port = integerOr('port', options.port, 0, 0, MAX_PORT)
  const protocols = [...(enableUdp ? (['udp'] as const) : []), ...(enableTcp ? (['tcp'] as const) : [])]
  if (protocols.length === 0) throw errors.optionConflict('enableUdp', 'neither UDP nor TCP is enabled')
  return options.listenIps.flatMap((entry, index) => {
    const listenIp = typeof entry === 'string' ? { ip: entry } : entry
    checkObject(`listenIps[${index}]`, listenIp)
    if (isIP(String(listenIp.ip)) === 0) {
      throw errors.invalidOption(`listenIps[${index}].ip`, 'a numeric IPv4 or IPv6 address', listenIp.ip)
    }
    return protocols.map((protocol) => ({ ...listenIp, protocol, port }))
  })
}

/**
 * Checks the peer's DTLS parameters; the fingerprints come back in upper case.
 * @throws TypeError that names the field
 */
export function dtlsParametersOf(parameters: PublicDtlsParameters): DtlsParameters {
  checkObject('dtlsParameters', parameters)
  const role = oneOf('dtlsParameters.role', parameters.role ?? 'auto', ['auto', 'client', 'server'])
  checkArray('dtlsParameters.fingerprints', parameters.fingerprints, 1)
  return { role, fingerprints: parameters.fingerprints.map(fingerprintOf) }
}

function fingerprintOf(fingerprint: Fingerprint, index: number): Fingerprint {
  const field = `dtlsParameters.fingerprints[${index}]`
  checkObject(field, fingerprint)
  const algorithm = oneOf(`${field}.algorithm`, fingerprint.algorithm, [
    'sha-1',
    'sha-224',
    'sha-256',
    'sha-384',
    'sha-512',
  ])
  checkString(`${field}.value`, fingerprint.value)
  const bytes = FINGERPRINT_BYTES[algorithm]
  if (!new RegExp(`^[0-9a-f]{2}(:[0-9a-f]{2}){${bytes - 1}}$`, 'i').test(fingerprint.value)) {
    throw errors.invalidOption(`${field}.value`, `${bytes} hexadecimal bytes with colons`, fingerprint.value)
  }
  return { algorithm, value: fingerprint.value.toUpperCase() }
}
