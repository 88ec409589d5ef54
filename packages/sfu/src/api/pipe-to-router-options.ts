import { errors } from './errors.ts'
import { notBuiltYet } from './not-built-yet.ts'
import { booleanOr, checkObject, checkString } from './option-checks.ts'
import type { PipeTransportOptions } from './pipe-transport-types.ts'
import type { PipeToRouterOptions } from './router-types.ts'

/** The options of `router.pipeToRouter()`, checked. */
export interface PipeRequest {
  readonly producerId: string
  /** Not checked to be a router. */
  readonly router: unknown
  readonly keepId: boolean
  readonly pipeTransport: PipeTransportOptions
}

/**
 * Checks the options and fills in what is left out.
 * @throws TypeError that names the option; UnsupportedError for data
 */
export function pipeRequestOf(options: PipeToRouterOptions): PipeRequest {
  checkObject('options', options)
  const { producerId, dataProducerId, listenInfo, listenIp } = options
  if ((producerId === undefined) === (dataProducerId === undefined))
    throw errors.optionConflict('options', 'exactly one of producerId and dataProducerId must be given')
  if (dataProducerId !== undefined) throw notBuiltYet('router.pipeToRouter() with dataProducerId')
  checkString('producerId', producerId)
  if (booleanOr('enableSctp', options.enableSctp, false)) throw notBuiltYet('enableSctp')
  if (listenInfo !== undefined && listenIp !== undefined)
    throw errors.optionConflict('options', 'at most one of listenInfo and listenIp may be given')
  return {
    producerId,
    router: options.router,
    keepId: booleanOr('keepId', options.keepId, true),
    pipeTransport: {
      ...(listenIp === undefined
        ? { listenInfo: listenInfo ?? { protocol: 'udp', ip: '127.0.0.1' } }
        : { listenIp }),
      enableRtx: booleanOr('enableRtx', options.enableRtx, false),
      enableSrtp: booleanOr('enableSrtp', options.enableSrtp, false),
    },
  }
}
