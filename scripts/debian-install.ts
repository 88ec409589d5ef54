import { existsSync } from 'node:fs'
import { runProcess } from './process.ts'

/**
 * Installs packages of Debian when this process may.
 * @returns undefined when they are installed, else why not, in words for a person
 */
export async function installDebianPackages(...names: string[]): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return 'not root on Debian'
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...names],
  ]) {
    const { code, output } = await runProcess('apt-get', args, { env })
    if (code !== 0) return `${output.trimEnd()}\napt-get ${args[0]} failed (exit code ${code})`
  }
  return undefined
}
