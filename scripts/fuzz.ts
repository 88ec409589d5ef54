import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packCorpus, targetNames, unpackCorpus } from './fuzz/corpus.ts'
import { compilerFlags, FUZZ, fuzzedSources, hasOpensslHeaders, LIBRARIES } from './fuzz/sources.ts'
import { fromRoot } from './paths.ts'
import { runProcess } from './process.ts'

const USAGE = `usage: npm run fuzz -- TARGET [--seconds 60] [--keep]
  --seconds  how long to look for new inputs
  --keep     write the corpus back, reduced to the inputs that reach something of their own
targets: ${targetNames().join(', ')}`

const CLANGS = ['clang++', 'clang++-19', 'clang++-16', 'clang++-14']
const PROGRAM = fromRoot('build/fuzz/libfuzzer')

function fail(sentence: string): never {
  console.error(sentence)
  process.exit(1)
}

async function findClang(): Promise<string> {
  for (const name of CLANGS) if ((await runProcess(name, ['--version'])).code === 0) return name
  return fail(
    'clang with libFuzzer is needed; on Debian: apt-get install clang libclang-rt-14-dev libssl-dev',
  )
}

async function build(): Promise<void> {
  if (!hasOpensslHeaders()) fail("OpenSSL's headers are needed; on Debian: apt-get install libssl-dev")
  console.log('Building the fuzz targets')
  mkdirSync(fromRoot('build/fuzz'), { recursive: true })
  const sources = [...fuzzedSources(), join(FUZZ, 'libfuzzer_main.cc')]
  const args = [...compilerFlags('fuzzer,address,undefined'), ...sources, ...LIBRARIES, '-o', PROGRAM]
  const { code } = await runProcess(await findClang(), args, { toTerminal: true })
  if (code !== 0) fail('The fuzz targets could not be built; the messages stand above.')
}

/** Runs libFuzzer over a working copy of the corpus. Ends the process where it found something. */
async function search(target: string, seconds: number, corpus: string, findings: string): Promise<void> {
  const args = [corpus, `-max_total_time=${seconds}`, '-max_len=4096', `-artifact_prefix=${findings}/`]
  const { code } = await runProcess(PROGRAM, [...args, '-print_final_stats=1'], {
    toTerminal: true,
    env: { SANGAM_FUZZ_TARGET: target },
  })
  if (code !== 0) {
    fail(
      `Found something: the input lies in ${findings}. Mend it, then add the input to packages/sfu/fuzz/corpus/${target}.hex`,
    )
  }
}

/** Keeps the inputs that together reach everything, and writes them back. */
async function keep(target: string, corpus: string): Promise<void> {
  const merged = `${corpus}.merged`
  rmSync(merged, { recursive: true, force: true })
  mkdirSync(merged)
  // What is covered counts, not how often: the corpus stays small enough to be replayed with every test run.
  const args = ['-set_cover_merge=1', '-max_len=4096', merged, corpus]
  const { code, output } = await runProcess(PROGRAM, args, { env: { SANGAM_FUZZ_TARGET: target } })
  if (code !== 0) fail(output)
  rmSync(corpus, { recursive: true })
  renameSync(merged, corpus)
  console.log(`${packCorpus(target, corpus)} inputs kept`)
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, keep: { type: 'boolean', default: false } },
})
const [target = ''] = positionals
const seconds = Number(values.seconds)
if (!targetNames().includes(target) || !Number.isInteger(seconds) || seconds < 1) fail(USAGE)
const corpus = fromRoot('build/fuzz/corpus', target)
const findings = fromRoot('build/fuzz/findings', target)
await build()
if (!existsSync(findings)) mkdirSync(findings, { recursive: true })
unpackCorpus(target, corpus)
await search(target, seconds, corpus, findings)
if (values.keep) await keep(target, corpus)
