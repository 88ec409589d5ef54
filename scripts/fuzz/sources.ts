import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fromRoot } from '../paths.ts'

const NATIVE = fromRoot('packages/sfu/native')

/** The folder of the fuzz targets and their corpora. */
export const FUZZ = fromRoot('packages/sfu/fuzz')

/** A source that needs Node or a running event loop; the rest is bytes in, bytes out. */
const SHELL = /^#include "(napi_support|port|port_object|bench_floor)\.h"$/m

const MAINS = /_main\.cc$/

function sourcesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.cc'))
    .map((file) => join(folder, file))
}

/** Every source of a fuzzing program but its main. */
export function fuzzedSources(): string[] {
  const native = sourcesIn(NATIVE).filter((file) => !SHELL.test(readFileSync(file, 'utf8')))
  return [...native, ...sourcesIn(FUZZ).filter((file) => !MAINS.test(file))]
}

/** What a compiler is told for every fuzzing program. Node's own headers bring uv.h; Debian's OpenSSL comes before. */
export function compilerFlags(sanitizers: string): string[] {
  const nodeHeaders = join(dirname(dirname(process.execPath)), 'include', 'node')
  return [
    '-std=c++17',
    '-g',
    '-O1',
    '-fno-omit-frame-pointer',
    '-DOPENSSL_SUPPRESS_DEPRECATED',
    `-fsanitize=${sanitizers}`,
    '-fno-sanitize-recover=undefined',
    '-idirafter',
    nodeHeaders,
  ]
}

/** The libraries, after the sources. Debian's OpenSSL: the one inside Node can't be linked to another program. */
export const LIBRARIES = ['-lssl', '-lcrypto']

/** Whether OpenSSL can be compiled against. */
export function hasOpensslHeaders(): boolean {
  return existsSync('/usr/include/openssl/ssl.h') || existsSync('/usr/local/include/openssl/ssl.h')
}
