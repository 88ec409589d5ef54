import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

const SUFFIX = '.bench.ts'
const RESULTS = join(import.meta.dirname, '..', 'bench-results')

/** What a file bench/NAME.bench.ts exports. */
export interface Benchmark {
  /** One line: what is measured. */
  readonly description: string
  /**
   * Measures, prints a table for people and returns the figures as plain data, which go to bench-results/NAME.json.
   * `args` are the command line's words after the name. Closes whatever it opened.
   */
  run(args: readonly string[]): Promise<unknown>
}

function isBenchmark(module: unknown): module is Benchmark {
  if (typeof module !== 'object' || module === null) return false
  const { description, run } = module as Partial<Benchmark>
  return typeof description === 'string' && typeof run === 'function'
}

function listNames(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort()
}

async function load(name: string): Promise<Benchmark> {
  const module: unknown = await import(`./${name}${SUFFIX}`)
  if (isBenchmark(module)) return module
  throw new TypeError(`bench/${name}${SUFFIX} must export a string \`description\` and a function \`run\``)
}

async function list(): Promise<void> {
  const names = listNames()
  const width = Math.max(0, ...names.map(({ length }) => length))
  for (const name of names) console.log(`${name.padEnd(width)}  ${(await load(name)).description}`)
  console.log(
    names.length === 0 ? 'There is no benchmark yet' : '\nRun one with: npm run bench -- NAME [options]',
  )
}

/** Writes bench-results/NAME.json: the figures with the time and the machine they belong to. Returns its path. */
function save(name: string, args: readonly string[], figures: unknown): string {
  const file = join(RESULTS, `${name}.json`)
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version }
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(
    file,
    `${JSON.stringify({ name, args, at: new Date().toISOString(), machine, figures }, null, 2)}\n`,
  )
  return file
}

/** `npm run bench`: lists all benchmarks, or runs the one that the first argument names. */
export async function main([name, ...args]: readonly string[]): Promise<void> {
  if (name === undefined) return list()
  if (!listNames().includes(name)) {
    console.error(`There is no benchmark "${name}"; npm run bench lists them`)
    process.exitCode = 1
    return
  }
  const { run } = await load(name)
  console.log(`Results: ${save(name, args, await run(args))}`)
}
