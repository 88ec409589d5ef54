import type { SctpStreamParameters } from '@sangam/ortc'
import type { SctpSettings } from '../channel/messages.ts'
import { errors } from './errors.ts'
import { booleanOr, checkArray, checkObject, integerIn, integerOr } from './option-checks.ts'
import type { SctpOptions } from './transport-types.ts'

const MAX_STREAM_ID = 65534
const MAX_16 = 65535
const MAX_PPID = 0xffffffff
const DEFAULT_MESSAGE_BYTES = 262_144
const DEFAULT_SEND_BUFFER_BYTES = 2_000_000
const DEFAULT_WINDOW_BYTES = 5_242_880
const DEFAULT_LOW_THRESHOLD_BYTES = 1024
/** RFC 8831 section 8. */
const PPID = { string: 51, binary: 53, emptyString: 56, emptyBinary: 57 } as const

/** Reliability as the options of `produceData()` and `consumeData()` give it. */
export interface ReliabilityOptions {
  readonly ordered?: boolean | undefined
  readonly maxPacketLifeTime?: number | undefined
  readonly maxRetransmits?: number | undefined
}

/** Checks message sizes and fills in what is left out. @throws TypeError that names the option */
export function messageSizesOf(
  options: Pick<SctpOptions, 'maxSendMessageSize' | 'maxReceiveMessageSize'>,
): Pick<SctpSettings, 'maxSendMessageSize' | 'maxReceiveMessageSize'> {
  const bytes = (field: 'maxSendMessageSize' | 'maxReceiveMessageSize'): number =>
    integerOr(field, options[field], DEFAULT_MESSAGE_BYTES, 0)
  return {
    maxSendMessageSize: bytes('maxSendMessageSize'),
    maxReceiveMessageSize: bytes('maxReceiveMessageSize'),
  }
}

/** Checks the SCTP options of a transport and fills in what is left out. @throws TypeError that names the option */
function sctpSettingsOf(options: SctpOptions): SctpSettings {
  const bytes = (field: keyof SctpOptions, fallback: number): number =>
    integerOr(field, options[field], fallback, 0)
  return {
    ...messageSizesOf(options),
    sendBufferSize: bytes('sctpSendBufferSize', DEFAULT_SEND_BUFFER_BYTES),
    perStreamSendQueueLimit: bytes('sctpPerStreamSendQueueLimit', DEFAULT_SEND_BUFFER_BYTES),
    maxReceiverWindowBufferSize: bytes('sctpMaxReceiverWindowBufferSize', DEFAULT_WINDOW_BYTES),
    bufferedAmountLowThreshold: bytes(
      'sctpDefaultStreamBufferedAmountLowThreshold',
      DEFAULT_LOW_THRESHOLD_BYTES,
    ),
  }
}

/** The association that `enableSctp` asks for; undefined where it is off. @throws TypeError that names the option */
export function sctpRequestOf(
  options: SctpOptions & { readonly enableSctp?: boolean | undefined },
): SctpSettings | undefined {
  return booleanOr('enableSctp', options.enableSctp, false) ? sctpSettingsOf(options) : undefined
}

/** Checks stream parameters and normalises `ordered`. @throws TypeError that names the field */
export function sctpStreamParametersOf(parameters: unknown): SctpStreamParameters {
  const field = 'sctpStreamParameters'
  checkObject(field, parameters)
  const { streamId } = parameters
  return {
    streamId: integerIn(`${field}.streamId`, streamId, 0, MAX_STREAM_ID),
    ...reliabilityOf(`${field}.`, parameters),
  }
}

/**
 * Checks reliability; `ordered` is false where a limit is given, otherwise true by default.
 * @param prefix of the fields' names in errors
 * @throws TypeError that names the field
 */
export function reliabilityOf(
  prefix: string,
  options: ReliabilityOptions,
): { ordered: boolean; maxPacketLifeTime?: number; maxRetransmits?: number } {
  const ordered = booleanOr(`${prefix}ordered`, options.ordered, undefined)
  const lifeTime = integerOr(`${prefix}maxPacketLifeTime`, options.maxPacketLifeTime, undefined, 0, MAX_16)
  const retransmits = integerOr(`${prefix}maxRetransmits`, options.maxRetransmits, undefined, 0, MAX_16)
  if (lifeTime !== undefined && retransmits !== undefined) {
    throw errors.optionConflict(`${prefix}maxRetransmits`, 'it can not be given with maxPacketLifeTime')
  }
  const isLimited = lifeTime !== undefined || retransmits !== undefined
  if (ordered === true && isLimited) {
    throw errors.optionConflict(
      `${prefix}ordered`,
      'it can not be true with maxPacketLifeTime or maxRetransmits',
    )
  }
  return {
    ordered: isLimited ? false : (ordered ?? true),
    ...(lifeTime === undefined ? {} : { maxPacketLifeTime: lifeTime }),
    ...(retransmits === undefined ? {} : { maxRetransmits: retransmits }),
  }
}

/** A message as bytes with its identifier. SCTP has no empty message: one byte stands for it. @throws TypeError */
export function messageOf(message: unknown, ppid: unknown): { message: Uint8Array; ppid: number } {
  if (typeof message !== 'string' && !(message instanceof Uint8Array)) {
    throw errors.invalidOption('message', 'a string or a Buffer', message)
  }
  const isText = typeof message === 'string'
  const isEmpty = message.length === 0
  const fallback = isText
    ? isEmpty
      ? PPID.emptyString
      : PPID.string
    : isEmpty
      ? PPID.emptyBinary
      : PPID.binary
  const bytes = isText ? Buffer.from(isEmpty ? ' ' : message) : isEmpty ? new Uint8Array(1) : message
  return { message: bytes, ppid: integerOr('ppid', ppid, fallback, 0, MAX_PPID) }
}

/** Checks a subchannel. @throws TypeError that names the field */
export function subchannelOf(field: string, subchannel: unknown): number {
  return integerIn(field, subchannel, 0, MAX_16)
}

/** Checks a list of subchannels; each is there once. @throws TypeError that names the field */
export function subchannelsOf(field: string, subchannels: unknown): number[] {
  checkArray(field, subchannels)
  return [...new Set(subchannels.map((value, index) => subchannelOf(`${field}[${index}]`, value)))]
}
