import { existsSync } from 'node:fs'
import { runProcess } from './process.ts'

/** Whether this process may install Debian's packages. */
export function canInstallDebianPackages(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
}

/** Installs a Debian package without its recommendations. @returns what went wrong, or undefined */
export async function installDebianPackage(name: string): Promise<string | undefined> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', name],
  ]) {
    const { code, output } = await runProcess('apt-get', args, { env })
    if (code !== 0) return `${output.trimEnd()}\napt-get ${args[0]} failed (exit code ${code})`
  }
  return undefined
}
