import type { LogLevel } from '../channel/messages.ts'
import { errors } from './errors.ts'
import { portRangeOf } from './listen-info.ts'
import { checkObject, checkString, listOf, oneOf } from './option-checks.ts'
import type { TransportPortRange } from './transport-types.ts'
import type { WorkerLogTag, WorkerSettings, WorkerUpdateableSettings } from './worker-types.ts'

const LOG_LEVELS: readonly LogLevel[] = ['debug', 'warn', 'error', 'none']
const LOG_TAGS: readonly WorkerLogTag[] = [
  'info',
  'ice',
  'dtls',
  'rtp',
  'srtp',
  'rtcp',
  'rtx',
  'bwe',
  'score',
  'simulcast',
  'svc',
  'sctp',
  'message',
]

/** What a worker process is told when it starts, as JSON in the environment variable `SANGAM_WORKER_SETTINGS`. */
export interface WorkerProcessSettings {
  readonly logLevel: LogLevel
  readonly logTags: readonly WorkerLogTag[]
  readonly dtlsCertificateFile?: string
  readonly dtlsPrivateKeyFile?: string
}

/** Checks the settings that the process is told. @throws TypeError that names the setting */
export function workerProcessSettingsOf(settings: WorkerSettings): WorkerProcessSettings {
  checkObject('settings', settings)
  const { dtlsCertificateFile, dtlsPrivateKeyFile } = settings
  if (dtlsCertificateFile !== undefined) checkString('dtlsCertificateFile', dtlsCertificateFile)
  if (dtlsPrivateKeyFile !== undefined) checkString('dtlsPrivateKeyFile', dtlsPrivateKeyFile)
  if ((dtlsCertificateFile === undefined) !== (dtlsPrivateKeyFile === undefined)) {
    throw errors.optionConflict('dtlsCertificateFile', 'it goes together with dtlsPrivateKeyFile')
  }
  const { logLevel = 'error', logTags = [] } = workerUpdateOf(settings)
  return {
    logLevel,
    logTags,
    ...(dtlsCertificateFile === undefined ? {} : { dtlsCertificateFile }),
    ...(dtlsPrivateKeyFile === undefined ? {} : { dtlsPrivateKeyFile }),
  }
}

/** Checks the settings that can change while the worker runs. @throws TypeError that names the setting */
export function workerUpdateOf(settings: WorkerUpdateableSettings): {
  logLevel?: LogLevel
  logTags?: WorkerLogTag[]
} {
  checkObject('settings', settings)
  const { logLevel, logTags } = settings
  return {
    ...(logLevel === undefined ? {} : { logLevel: oneOf('logLevel', logLevel, LOG_LEVELS) }),
    ...(logTags === undefined ? {} : { logTags: listOf('logTags', logTags, LOG_TAGS) }),
  }
}

/** The range of the deprecated settings `rtcMinPort` and `rtcMaxPort`, if either is given. @throws TypeError */
export function defaultPortRangeOf(settings: WorkerSettings): TransportPortRange | undefined {
  const { rtcMinPort, rtcMaxPort } = settings
  if (rtcMinPort === undefined && rtcMaxPort === undefined) return undefined
  return portRangeOf('rtcMinPort/rtcMaxPort', { min: rtcMinPort ?? 10000, max: rtcMaxPort ?? 59999 })
}
