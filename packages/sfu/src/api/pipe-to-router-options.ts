import { errors } from './errors.ts'
import { booleanOr, checkObject, checkString } from './option-checks.ts'
import type { PipeTransportOptions } from './pipe-transport-types.ts'
import type { PipeToRouterOptions } from './router-types.ts'

/** What is to come out at the other end. */
export type PipedNoun = 'producer' | 'dataProducer'

/** The options of `router.pipeToRouter()`, checked. */
export interface PipeRequest {
  readonly noun: PipedNoun
  /** Of the producer or DataProducer. */
  readonly id: string
  /** Not checked to be a router. */
  readonly router: unknown
  readonly keepId: boolean
  readonly pipeTransport: PipeTransportOptions
}

/**
 * Checks the options and fills in what is left out.
 * @throws TypeError that names the option
 */
export function pipeRequestOf(options: PipeToRouterOptions): PipeRequest {
  checkObject('options', options)
  const { producerId, dataProducerId, listenInfo, listenIp } = options
  if ((producerId === undefined) === (dataProducerId === undefined))
    throw errors.optionConflict('options', 'exactly one of producerId and dataProducerId must be given')
  const [noun, id] =
    dataProducerId === undefined
      ? (['producer', producerId] as const)
      : (['dataProducer', dataProducerId] as const)
  checkString(`${noun}Id`, id)
  if (listenInfo !== undefined && listenIp !== undefined)
    throw errors.optionConflict('options', 'at most one of listenInfo and listenIp may be given')
  return {
    noun,
    id,
    router: options.router,
    keepId: booleanOr('keepId', options.keepId, true),
    pipeTransport: {
      ...(listenIp === undefined
        ? { listenInfo: listenInfo ?? { protocol: 'udp', ip: '127.0.0.1' } }
        : { listenIp }),
      enableSctp: booleanOr('enableSctp', options.enableSctp, true),
      // Checked where the transports are made.
      maxSendMessageSize: options.maxSendMessageSize,
      maxReceiveMessageSize: options.maxReceiveMessageSize,
      sctpSendBufferSize: options.sctpSendBufferSize,
      sctpPerStreamSendQueueLimit: options.sctpPerStreamSendQueueLimit,
      sctpMaxReceiverWindowBufferSize: options.sctpMaxReceiverWindowBufferSize,
      sctpDefaultStreamBufferedAmountLowThreshold: options.sctpDefaultStreamBufferedAmountLowThreshold,
      enableRtx: booleanOr('enableRtx', options.enableRtx, false),
      enableSrtp: booleanOr('enableSrtp', options.enableSrtp, false),
    },
  }
}
