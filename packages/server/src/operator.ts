import { resolve } from 'node:path'
import { signOperatorToken } from './access/operator-token.ts'
import { loadTokenSecret } from './config/data-folder.ts'
import { readConfigFile, resolveSettings } from './config/load-settings.ts'

/** How an operator's command reaches the server on this machine. */
export type OperatorAccess = {
  /** Address of its http. */
  readonly url: string
  /** Bearer token for `/api/v1/operator`, valid for a minute. */
  readonly token: string
}

/**
 * Reads the same settings as the server (environment and configuration file) and signs a token with the secret in its data folder: who can read that
 * may operate the server.
 * @throws SettingError, StartError `dataDirReadOnly`
 */
export const operatorAccess = async (env: {
  readonly [name: string]: string | undefined
}): Promise<OperatorAccess> => {
  const file = await readConfigFile(process.cwd())
  const settings = resolveSettings({ options: {}, env, file })
  const host = settings.host === '0.0.0.0' ? '127.0.0.1' : settings.host
  return {
    url: `http://${host}:${settings.port}`,
    token: await signOperatorToken(loadTokenSecret(resolve(settings.dataDir)), Date.now()),
  }
}
