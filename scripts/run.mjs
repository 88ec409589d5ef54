// The only script that a machine's own Node runs. It needs nothing installed: it installs what package-lock.json
// lists, then hands the command to the Node 24 that came with it. Everything else is TypeScript in this folder.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const commands = ['start', 'dev', 'build', 'check', 'test', 'bench', 'fuzz', 'format']

/** Prints one sentence and ends the process. */
function fail(sentence) {
  console.error(`sangam: ${sentence}`)
  process.exit(1)
}

/** True if `version` ("v20.19.0") is at least `major.minor`. */
function isAtLeast(version, major, minor) {
  const [ownMajor = 0, ownMinor = 0] = version.replace('v', '').split('.').map(Number)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}

/** The `packages` table of a lock file, or undefined if there is no such file. */
function readLock(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined
}

/**
 * True if node_modules holds what package-lock.json asks for. npm writes `.package-lock.json` as its last act, so an
 * install that was broken off counts as none. Optional packages may be absent: they are for other systems.
 */
function isInstalled() {
  const wanted = readLock(join(root, 'package-lock.json'))
  const present = readLock(join(modules, '.package-lock.json'))
  if (!present) return false
  if (!wanted) return true
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const found = present[path]
    if (!found) return entry.optional === true || entry.devOptional === true
    return found.version === entry.version && found.link === entry.link
  })
}

/** PATH without this project's .bin, so that npm isn't run by a Node that the same install is about to replace. */
function pathOutside() {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((dir) => dir !== join(modules, '.bin'))
    .join(delimiter)
}

/**
 * Runs npm with visible progress; ends the process if it fails. Not `npm ci`: that refuses a lock file which leaves out
 * the optional packages of other systems. `--no-save` keeps the lock file as it is, and what it pins is what comes.
 */
async function install() {
  console.log('Installing dependencies; this takes a minute the first time')
  const startedMs = Date.now()
  const elapsed = () => `${Math.round((Date.now() - startedMs) / 1000)} s`
  const ticker = setInterval(() => console.log(`  still installing: ${elapsed()}`), 5_000)
  const args = [
    'install',
    '--no-save',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--loglevel=error',
  ]
  const { npm_execpath: npmCli, npm_node_execpath: npmNode } = process.env
  const [file, ...rest] =
    npmCli && npmNode && existsSync(npmNode) && !npmNode.startsWith(modules)
      ? [npmNode, npmCli, ...args]
      : ['npm', ...args]
  const code = await run(file, rest, { PATH: pathOutside() })
  clearInterval(ticker)
  if (code !== 0) fail(`npm install failed (exit code ${code}); its messages stand above.`)
  console.log(`Installed in ${elapsed()}`)
}

/** Runs a program on this terminal, passes ending signals on, resolves with its exit code (128 + n for signal n). */
function run(file, args, env) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
    // A terminal sends SIGINT to the whole group already; a supervisor sends it to this process alone.
    const passOn = (signal) => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal))
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, passOn)
    child.on('error', (error) => fail(`${file} could not be started (${error.code}). Is npm installed?`))
    child.on('exit', (code, signal) => {
      for (const name of signals) process.off(name, passOn)
      resolve(signal ? 128 + constants.signals[signal] : code)
    })
  })
}

/** The Node 24 that the install brought; on systems without one, this process's own if it is new enough. */
function findNode() {
  const bundled = join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node')
  if (existsSync(bundled)) return bundled
  if (isAtLeast(process.version, 24, 0)) return process.execPath
  return fail(
    `there is no bundled Node for ${process.platform}-${process.arch}; install Node 24 or later (this is ${process.version}).`,
  )
}

if (!isAtLeast(process.version, 20, 19))
  fail(`Node 20.19 or later is needed to start; this is ${process.version}.`)
const [command = '', ...args] = process.argv.slice(2)
if (!commands.includes(command)) fail(`usage: node scripts/run.mjs ${commands.join('|')} [arguments]`)
if (!isInstalled()) await install()

const node = findNode()
const path = [dirname(node), join(modules, '.bin'), pathOutside()].join(delimiter)
// Halves the time that the server and its media workers take to load their sources.
const cache = process.env.NODE_COMPILE_CACHE ?? join(modules, '.cache', 'node')
const env = { PATH: path, NODE_COMPILE_CACHE: cache }
process.exit(await run(node, [join(root, 'scripts', `${command}.ts`), ...args], env))
