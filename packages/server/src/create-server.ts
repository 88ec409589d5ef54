import { networkInterfaces } from 'node:os'
import type { ChatStore } from './chat/store.ts'
import { readConfigFile, resolveSettings } from './config/load-settings.ts'
import { type LocalAddresses, localAddresses } from './config/network-addresses.ts'
import { type Settings, settingNames } from './config/settings.ts'
import { defaultEngine } from './media/default-engine.ts'
import { createLog, type LogDestination } from './observability/log.ts'
import type { Clock } from './ports.ts'
import type { TargetCheck } from './previews/fetch-page.ts'
import { type Sangam, SangamServer } from './server.ts'
import { keepMessagesYoung } from './v8-flags.ts'

/** Settings, which win over environment and file, and what else an application may bring. */
export type ServerOptions = Partial<Settings> & {
  /** A module with the mediasoup v3 API to carry the media; default is `@sangam/sfu`. */
  readonly engine?: unknown
  /** Environment to read settings from; default is the process's. */
  readonly env?: { readonly [name: string]: string | undefined }
  /** Configuration file; default is `sangam.config.ts`, `.js` or `.json` in the working folder. `false`: none. */
  readonly configFile?: string | false
  /** Where log lines go; default is standard output. */
  readonly logDestination?: LogDestination
  /** Milliseconds since 1970; default is the system's clock. */
  readonly now?: Clock
  /** Addresses of this machine to listen on and to announce; default are those of its interfaces. */
  readonly network?: LocalAddresses
  /** Opens a chat store of the application's own, instead of the one that `DATABASE_URL` or `DATA_DIR` names. */
  readonly openStore?: () => Promise<ChatStore>
  /** Where previews of links may be fetched from; default is the public web. For tests, which have no other place than loopback. */
  readonly previewTarget?: TargetCheck
}

const settingKeys: ReadonlySet<string> = new Set(settingNames)
const otherKeys: ReadonlySet<string> = new Set([
  'engine',
  'env',
  'configFile',
  'logDestination',
  'now',
  'network',
  'openStore',
  'previewTarget',
])

const settingsIn = (options: ServerOptions): { [name: string]: unknown } =>
  Object.fromEntries(Object.entries(options).filter(([key]) => settingKeys.has(key) || !otherKeys.has(key)))

/**
 * Reads the settings and opens the data folder. The server takes connections once `listen()` was called.
 * @throws SettingError (`invalidSetting`), StartError (`dataDirReadOnly`, `dataDirInUse`, `storeUnavailable`, `engineUnavailable`):
 *   each with one sentence for the operator
 */
export const createServer = async (options: ServerOptions = {}): Promise<Sangam> => {
  keepMessagesYoung()
  const env = options.env ?? process.env
  const file =
    options.configFile === false ? undefined : await readConfigFile(process.cwd(), options.configFile)
  const settings = resolveSettings({ options: settingsIn(options), env, file })
  const engine = options.engine ?? (settings.mediaWorkers === 0 ? undefined : await defaultEngine())
  return SangamServer.open({
    settings,
    engine,
    network: options.network ?? localAddresses(networkInterfaces()),
    log: createLog(settings.logLevel, options.logDestination),
    now: options.now ?? Date.now,
    openStore: options.openStore,
    previewTarget: options.previewTarget,
  })
}
