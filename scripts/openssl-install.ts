import { installDebianPackages } from './debian-install.ts'
import { hasOpensslHeaders } from './fuzz/sources.ts'
import { resultOf, type StepResult } from './steps.ts'

/** Installs OpenSSL's headers when they are missing and this process may; else the corpora are not replayed, and a line says so. */
export async function ensureOpensslHeaders(): Promise<StepResult> {
  if (hasOpensslHeaders()) return resultOf([])
  console.log("Installing OpenSSL's headers from the Debian packages")
  const problem = await installDebianPackages('libssl-dev')
  if (problem !== undefined) {
    console.log(`The fuzz corpora are not replayed (${problem}); on Debian: apt-get install libssl-dev`)
  }
  return resultOf([])
}
