import { X509Certificate } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { writePrivateFile } from '../config/data-folder.ts'
import type { Settings } from '../config/settings.ts'
import { startErrors } from '../start-errors.ts'

/** A certificate for https, in PEM, with the SHA-256 fingerprint that a person can compare. */
export type Certificate = { readonly cert: string; readonly key: string; readonly fingerprint: string }

const lifeMs = 825 * 86_400_000
const renewBeforeMs = 30 * 86_400_000

const readPem = (setting: string, path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw startErrors.invalidSetting(setting, path, 'the path of a PEM file that can be read')
  }
}

const certificateOf = (setting: string, cert: string, key: string): Certificate => {
  try {
    return { cert, key, fingerprint: new X509Certificate(cert).fingerprint256 }
  } catch {
    throw startErrors.invalidSetting(setting, '…', 'a PEM file that holds a certificate')
  }
}

/** Whether a stored certificate still serves: not about to expire, and made for all these names. */
const serves = (cert: string, names: readonly string[], nowMs: number): boolean => {
  try {
    const parsed = new X509Certificate(cert)
    if (Date.parse(parsed.validTo) - nowMs < renewBeforeMs) return false
    return names.every(
      (name) => (isIP(name) === 0 ? parsed.checkHost(name) : parsed.checkIP(name)) !== undefined,
    )
  } catch {
    return false
  }
}

/**
 * Gives the certificate of the settings, or a self-signed one for these names, made once in `data/tls` (0600) and kept
 * while it serves, so that a browser has to accept it once.
 * @throws SettingError when TLS_CERT or TLS_KEY cannot be read, StartError `dataDirReadOnly`
 */
export const loadCertificate = async (
  settings: Pick<Settings, 'tlsCert' | 'tlsKey'>,
  dataDir: string,
  names: readonly string[],
  nowMs: number,
): Promise<Certificate> => {
  if (settings.tlsCert !== '') {
    return certificateOf(
      'TLS_CERT',
      readPem('TLS_CERT', settings.tlsCert),
      readPem('TLS_KEY', settings.tlsKey),
    )
  }
  const folder = join(dataDir, 'tls')
  const certPath = join(folder, 'cert.pem')
  const keyPath = join(folder, 'key.pem')
  if (existsSync(certPath) && existsSync(keyPath)) {
    const cert = readFileSync(certPath, 'utf8')
    if (serves(cert, names, nowMs)) {
      chmodSync(keyPath, 0o600)
      return certificateOf(certPath, cert, readFileSync(keyPath, 'utf8'))
    }
  }
  const made = await generate([{ name: 'commonName', value: 'Sangam' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - 86_400_000),
    notAfterDate: new Date(nowMs + lifeMs),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })),
      },
    ],
  })
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writePrivateFile(keyPath, made.private)
    writePrivateFile(certPath, made.cert)
  } catch (cause) {
    throw startErrors.dataDirReadOnly(dataDir, cause)
  }
  return certificateOf(certPath, made.cert, made.private)
}
