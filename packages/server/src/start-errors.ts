/** Why a server cannot start. */
export type StartErrorCode =
  | 'portInUse'
  | 'portForbidden'
  | 'dataDirReadOnly'
  | 'dataDirInUse'
  | 'invalidSetting'
  | 'storeUnavailable'
  | 'engineUnavailable'

/** A reason why the server cannot start. `message` is one sentence for the operator; no stack is needed to act on it. */
export class StartError extends Error {
  override readonly name: string = 'StartError'
  readonly code: StartErrorCode
  constructor(code: StartErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** A setting that does not hold what it should. */
export class SettingError extends StartError {
  override readonly name = 'SettingError'
  /** Name of the setting, as the operator wrote it (environment variable or key of the file). */
  readonly setting: string
  constructor(setting: string, message: string) {
    super('invalidSetting', message)
    this.setting = setting
  }
}

const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? String(value))
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** The only makers of start errors: one table. */
export const startErrors = {
  invalidSetting: (setting: string, got: unknown, expected: string): SettingError =>
    new SettingError(setting, `${setting} is ${shown(got)}, but it should be ${expected}.`),
  unknownSetting: (setting: string, where: string): SettingError =>
    new SettingError(setting, `${where} sets ${setting}, but there is no such setting.`),
  unreadableConfig: (file: string, cause: unknown): SettingError =>
    new SettingError(file, `The configuration ${file} cannot be read: ${reasonOf(cause)}`),
  portInUse: (setting: string, host: string, port: number): StartError =>
    new StartError(
      'portInUse',
      `Port ${port} on ${host} is in use; stop what holds it or set ${setting} to another one.`,
    ),
  mediaPortInUse: (first: number, count: number): StartError =>
    new StartError(
      'portInUse',
      `Media port ${count === 1 ? first : `${first} to ${first + count - 1}`} is in use; stop what holds it or set MEDIA_PORT to another one.`,
    ),
  portForbidden: (setting: string, host: string, port: number): StartError =>
    new StartError(
      'portForbidden',
      `Port ${port} on ${host} may not be opened by this user; set ${setting} to another one.`,
    ),
  addressUnknown: (setting: string, host: string): SettingError =>
    new SettingError(setting, `${setting} is "${host}", but this machine has no such address.`),
  dataDirReadOnly: (dataDir: string, cause: unknown): StartError =>
    new StartError(
      'dataDirReadOnly',
      `The data folder ${dataDir} cannot be written (${reasonOf(cause)}); mend its rights or set DATA_DIR to another one.`,
      cause,
    ),
  dataDirInUse: (dataDir: string): StartError =>
    new StartError(
      'dataDirInUse',
      `Another server uses the data folder ${dataDir}; stop it or set DATA_DIR to another one.`,
    ),
  storeUnavailable: (path: string, cause: unknown): StartError =>
    new StartError('storeUnavailable', `The database ${path} cannot be opened: ${reasonOf(cause)}`, cause),
  engineUnavailable: (cause: unknown): StartError =>
    new StartError('engineUnavailable', `The media engine cannot start: ${reasonOf(cause)}`, cause),
} as const
