import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startErrors } from '../start-errors.ts'

/** Writes a file that only its owner may read, whole or not at all. */
export const writePrivateFile = (path: string, content: string): void => {
  const temporary = `${path}.${randomBytes(4).toString('hex')}`
  writeFileSync(temporary, content, { mode: 0o600, flag: 'wx' })
  renameSync(temporary, path)
}

/**
 * Makes the data folder (0700) and proves that it can be written.
 * @returns its absolute path
 * @throws StartError `dataDirReadOnly`
 */
export const openDataFolder = (dataDir: string): string => {
  const path = resolve(dataDir)
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const probe = join(path, `.probe-${randomBytes(4).toString('hex')}`)
    writeFileSync(probe, '', { mode: 0o600 })
    rmSync(probe)
    return path
  } catch (cause) {
    throw startErrors.dataDirReadOnly(path, cause)
  }
}

/**
 * Takes the data folder for this process alone: a lock of the kernel on an empty file, held through SQLite, which Node
 * contains and which knows how to on every system. It falls with the process, however that ends.
 * @returns a function that gives it back
 * @throws StartError `dataDirInUse` when another server has held it for 2 s, `dataDirReadOnly`
 */
export const lockDataFolder = (dataDir: string): (() => void) => {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(join(dataDir, 'lock'), { timeout: 2000 })
    database.exec('BEGIN EXCLUSIVE')
    const held = database
    return () => held.close()
  } catch (cause) {
    database?.close()
    const isHeld = cause instanceof Error && /locked|busy/i.test(cause.message)
    throw isHeld ? startErrors.dataDirInUse(dataDir) : startErrors.dataDirReadOnly(dataDir, cause)
  }
}

/**
 * Reads the 256-bit secret that signs tokens, making it at the first start. The file is 0600.
 * @throws StartError `dataDirReadOnly` when it cannot be read or written, SettingError when it is damaged
 */
export const loadTokenSecret = (dataDir: string): Uint8Array => {
  const path = join(dataDir, 'token-secret')
  try {
    if (!existsSync(path)) writePrivateFile(path, `${randomBytes(32).toString('base64url')}\n`)
    chmodSync(path, 0o600)
    const secret = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64url')
    if (secret.length < 32) throw startErrors.invalidSetting(path, '…', 'at least 32 bytes in base64url')
    return new Uint8Array(secret)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'invalidSetting') throw cause
    throw startErrors.dataDirReadOnly(dataDir, cause)
  }
}
