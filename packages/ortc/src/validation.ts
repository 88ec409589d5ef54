/**
 * Validation of what applications and clients pass. Each function checks the given object, fills defaults into it, and
 * throws a TypeError that names the field and what it should be.
 */

import type { Fields } from './field-checks.ts'
import {
  arrayField,
  booleanField,
  choiceField,
  integerField,
  invalid,
  mandatoryArrayField,
  objectAt,
  optionalIntegerField,
  optionalStringField,
  stringField,
} from './field-checks.ts'
import type { RouterRtpCapabilities, RtpCapabilities, RtpParameters } from './rtp-parameters.ts'
import type { SctpStreamParameters } from './sctp-parameters.ts'

const MAX_PAYLOAD_TYPE = 127
const MAX_EXTENSION_ID = 255
const MAX_UINT32 = 0xffffffff
const MAX_CLOCK_RATE = 10_000_000
const MAX_CHANNELS = 255
const MIME_TYPE = /^(audio|video)\/.+/i
const KINDS = ['audio', 'video'] as const
const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const

/**
 * Validates RTP capabilities and fills defaults in place; a codec's `kind` follows from its MIME type.
 * @throws TypeError
 */
export function validateAndNormalizeRtpCapabilities(
  capabilities: RtpCapabilities | RouterRtpCapabilities,
): void {
  const fields = objectAt(capabilities, 'rtpCapabilities')
  arrayField(fields, 'codecs', 'rtpCapabilities').forEach((codec, i) => {
    validateCodecCapability(codec, `rtpCapabilities.codecs[${i}]`)
  })
  arrayField(fields, 'headerExtensions', 'rtpCapabilities').forEach((extension, i) => {
    validateHeaderExtension(extension, `rtpCapabilities.headerExtensions[${i}]`)
  })
}

/**
 * Validates RTP parameters and fills defaults in place.
 * @throws TypeError
 */
export function validateAndNormalizeRtpParameters(parameters: RtpParameters): void {
  const path = 'rtpParameters'
  const fields = objectAt(parameters, path)
  optionalStringField(fields, 'mid', path)
  optionalStringField(fields, 'msid', path)
  const codecs = mandatoryArrayField(fields, 'codecs', path)
  codecs.forEach((codec, i) => {
    const at = `${path}.codecs[${i}]`
    validateCodec(objectAt(codec, at), at)
    integerField(objectAt(codec, at), 'payloadType', at, 0, MAX_PAYLOAD_TYPE)
  })
  rejectDuplicates(codecs, 'payloadType', `${path}.codecs`)
  const extensions = arrayField(fields, 'headerExtensions', path)
  extensions.forEach((extension, i) => {
    validateHeaderExtensionParameters(extension, `${path}.headerExtensions[${i}]`)
  })
  rejectDuplicates(extensions, 'id', `${path}.headerExtensions`)
  arrayField(fields, 'encodings', path).forEach((encoding, i) => {
    validateEncoding(encoding, `${path}.encodings[${i}]`)
  })
  fields.rtcp ??= {}
  const rtcp = objectAt(fields.rtcp, `${path}.rtcp`)
  // A browser that sends simulcast by rid names no SSRC in its description, and so no CNAME: clients then say ''.
  if (rtcp.cname === '') delete rtcp.cname
  optionalStringField(rtcp, 'cname', `${path}.rtcp`)
  booleanField(rtcp, 'reducedSize', `${path}.rtcp`, true)
}

/**
 * Validates the parameters of a data channel's SCTP stream and fills defaults in place.
 * @throws TypeError
 */
export function validateAndNormalizeSctpStreamParameters(parameters: SctpStreamParameters): void {
  const path = 'sctpStreamParameters'
  const fields = objectAt(parameters, path)
  integerField(fields, 'streamId', path, 0, 65534)
  optionalIntegerField(fields, 'maxPacketLifeTime', path, 0, 65535)
  optionalIntegerField(fields, 'maxRetransmits', path, 0, 65535)
  const limited = fields.maxPacketLifeTime !== undefined || fields.maxRetransmits !== undefined
  if (fields.maxPacketLifeTime !== undefined && fields.maxRetransmits !== undefined) {
    throw invalid(`${path}.maxRetransmits`, 'absent where maxPacketLifeTime is given')
  }
  if (fields.ordered === true && limited) {
    throw invalid(`${path}.ordered`, 'false or absent where maxPacketLifeTime or maxRetransmits is given')
  }
  booleanField(fields, 'ordered', path, !limited)
}

/** Validates one `mediaCodecs` entry or capability. @throws TypeError */
export function validateCodecCapability(codec: unknown, path: string): void {
  const fields = objectAt(codec, path)
  validateCodec(fields, path)
  fields.kind = (fields.mimeType as string).slice(0, 5).toLowerCase()
  optionalIntegerField(fields, 'preferredPayloadType', path, 0, MAX_PAYLOAD_TYPE)
}

function validateCodec(fields: Fields, path: string): void {
  const mimeType = stringField(fields, 'mimeType', path)
  if (!MIME_TYPE.test(mimeType)) throw invalid(`${path}.mimeType`, 'audio/… or video/…')
  integerField(fields, 'clockRate', path, 1, MAX_CLOCK_RATE)
  if (mimeType.toLowerCase().startsWith('audio/')) {
    fields.channels ??= 1
    integerField(fields, 'channels', path, 1, MAX_CHANNELS)
  } else {
    delete fields.channels
  }
  fields.parameters ??= {}
  validateCodecParameters(objectAt(fields.parameters, `${path}.parameters`), `${path}.parameters`)
  arrayField(fields, 'rtcpFeedback', path).forEach((feedback, i) => {
    const at = `${path}.rtcpFeedback[${i}]`
    const feedbackFields = objectAt(feedback, at)
    stringField(feedbackFields, 'type', at)
    feedbackFields.parameter ??= ''
    if (typeof feedbackFields.parameter !== 'string') throw invalid(`${at}.parameter`, 'a string')
  })
}

function validateCodecParameters(parameters: Fields, path: string): void {
  for (const [key, value] of Object.entries(parameters)) {
    // A flag without a value, as SDP allows, is kept as an empty string.
    if (value === undefined || value === null) parameters[key] = ''
    else if (typeof value !== 'string' && typeof value !== 'number') {
      throw invalid(`${path}.${key}`, 'a string or a number')
    }
  }
  optionalIntegerField(parameters, 'apt', path, 0, MAX_PAYLOAD_TYPE)
}

function validateHeaderExtension(extension: unknown, path: string): void {
  const fields = objectAt(extension, path)
  choiceField(fields, 'kind', path, KINDS)
  stringField(fields, 'uri', path)
  integerField(fields, 'preferredId', path, 1, MAX_EXTENSION_ID)
  booleanField(fields, 'preferredEncrypt', path, false)
  fields.direction ??= 'sendrecv'
  choiceField(fields, 'direction', path, DIRECTIONS)
}

function validateHeaderExtensionParameters(extension: unknown, path: string): void {
  const fields = objectAt(extension, path)
  stringField(fields, 'uri', path)
  integerField(fields, 'id', path, 1, MAX_EXTENSION_ID)
  booleanField(fields, 'encrypt', path, false)
  fields.parameters ??= {}
  objectAt(fields.parameters, `${path}.parameters`)
}

function validateEncoding(encoding: unknown, path: string): void {
  const fields = objectAt(encoding, path)
  optionalIntegerField(fields, 'ssrc', path, 0, MAX_UINT32)
  optionalStringField(fields, 'rid', path)
  optionalIntegerField(fields, 'codecPayloadType', path, 0, MAX_PAYLOAD_TYPE)
  if (fields.rtx !== undefined) {
    integerField(objectAt(fields.rtx, `${path}.rtx`), 'ssrc', `${path}.rtx`, 0, MAX_UINT32)
  }
  booleanField(fields, 'dtx', path, false)
  optionalStringField(fields, 'scalabilityMode', path)
  optionalIntegerField(fields, 'maxBitrate', path, 0, Number.MAX_SAFE_INTEGER)
}

function rejectDuplicates(items: readonly unknown[], key: string, path: string): void {
  const seen = new Set<unknown>()
  for (const [i, item] of items.entries()) {
    const value = (item as Fields)[key]
    if (seen.has(value)) throw invalid(`${path}[${i}].${key}`, `unique (${String(value)} came before)`)
    seen.add(value)
  }
}
