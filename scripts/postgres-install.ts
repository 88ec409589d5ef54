import { existsSync } from 'node:fs'
import { installDebianPackages } from './debian-install.ts'
import { resultOf, type StepResult } from './steps.ts'

/** Where Debian's package puts the programs; POSTGRES_BIN names another folder. */
const DEBIAN_PLACE = '/usr/lib/postgresql'

/**
 * Installs Debian's PostgreSQL when it is missing and this process may. Without it the tests of the PostgreSQL store are
 * skipped by name, and one line says how to get it.
 */
export async function ensurePostgres(): Promise<StepResult> {
  const own = process.env.POSTGRES_BIN
  if ((own !== undefined && own !== '') || existsSync(DEBIAN_PLACE)) return resultOf([])
  console.log('Installing PostgreSQL from the Debian packages (about 60 MB)')
  const problem = await installDebianPackages('postgresql')
  if (problem !== undefined) {
    console.log(
      `The tests of the PostgreSQL store are skipped (${problem}); on Debian: apt-get install postgresql, elsewhere set POSTGRES_BIN`,
    )
  }
  return resultOf([])
}
