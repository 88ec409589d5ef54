#!/usr/bin/env node
import { parseArgs } from 'node:util'
import manifest from '../package.json' with { type: 'json' }

const USAGE = `Usage: sangam <command>

  start     serve chat, calls and rooms (settings: docs/operations.md)
  workers   show the media workers of the server on this machine; drain INDEX, undrain INDEX
  explain   say what somebody may do, and why: IDENTITY [ACTION] [--room ID] (sangam explain: all options)
  load      run bots against a server of its own and report (sangam load: lists scenarios)
  version   print the version
  help      print this`

/** Runs the command line `args` (without node and script). Sets the exit code instead of throwing for a wrong use. */
export async function main(args: readonly string[]): Promise<void> {
  if (args[0] === 'load') {
    const { load } = await import('./load/load.ts')
    return load(args.slice(1))
  }
  if (args[0] === 'explain') {
    const { explain } = await import('./explain.ts')
    return explain(args.slice(1))
  }
  if (args[0] === 'workers') {
    const { workers } = await import('./workers.ts')
    return workers(args.slice(1))
  }
  const [command, ...surplus] = readCommand(args)
  if (surplus.length > 0 || command === undefined) return misuse(args)
  if (command === 'start') {
    // Loaded when it is wanted: the server takes longer than the other commands need.
    const { start } = await import('./start.ts')
    return start(manifest.version)
  }
  console.log(command === 'version' ? manifest.version : USAGE)
}

/** The words of the command line: `--help` and `--version` stand for their commands, nothing for `help`. */
function readCommand(args: readonly string[]): readonly (string | undefined)[] {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
    })
    if (values.help) return ['help']
    if (values.version) return ['version']
    const [command = 'help'] = positionals
    return ['start', 'version', 'help'].includes(command) ? [command, ...positionals.slice(1)] : [undefined]
  } catch {
    return [undefined]
  }
}

function misuse(args: readonly string[]): void {
  console.error(`sangam: can't read "${args.join(' ')}"\n\n${USAGE}`)
  process.exitCode = 2
}

if (import.meta.main) await main(process.argv.slice(2))
