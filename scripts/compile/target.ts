import { mkdirSync, writeFileSync } from 'node:fs'
import { fromRoot } from '../paths.ts'
import { lastLines, type ProcessResult } from '../process.ts'
import { fingerprintFiles, isUpToDate, writeStamp } from './fingerprint.ts'

/** A build that can't go on. Its message is one or more lines for a person; no stack is wanted. */
export class BuildError extends Error {
  override readonly name = 'BuildError'
}

/** Something that has to be built, and how to see whether it was. All paths are absolute. */
export interface BuildTarget {
  readonly name: string
  /** The file that proves the build. */
  readonly result: string
  /** Holds the fingerprint of the inputs that `result` was built from. */
  readonly stampFile: string
  /** Files and folders that the result depends on. */
  readonly inputs: readonly string[]
  /** Whatever else it depends on, such as the version of Node. */
  readonly salt: string
  /** Builds; may throw BuildError when a tool is missing. */
  build(onOutput: (text: string) => void): Promise<ProcessResult>
}

/** Environment for builds whose output goes to a log: no colours in it. */
export const PLAIN_LOG: NodeJS.ProcessEnv = { NO_COLOR: '1', FORCE_COLOR: '0' }

const PROGRESS_EVERY_MS = 10_000
const LOG_LINES_SHOWN = 30

/** Builds `target` unless its result is up to date. @throws BuildError with the end of the log when it fails */
export async function buildTarget(target: BuildTarget): Promise<void> {
  const fingerprint = fingerprintFiles(target.inputs, target.salt)
  if (isUpToDate(target.stampFile, target.result, fingerprint)) return
  console.log(`Building the ${target.name}`)
  const startedMs = Date.now()
  const elapsedS = (): string => ((Date.now() - startedMs) / 1000).toFixed(0)
  const ticker = setInterval(() => console.log(`  still building: ${elapsedS()} s`), PROGRESS_EVERY_MS)
  const log: string[] = []
  try {
    const { code } = await target.build((text) => log.push(text))
    if (code !== 0) throw new BuildError(describeFailure(target, code, log.join('')))
  } finally {
    clearInterval(ticker)
  }
  writeStamp(target.stampFile, fingerprint)
  console.log(`Built the ${target.name} in ${elapsedS()} s`)
}

function describeFailure(target: BuildTarget, code: number, log: string): string {
  const logFile = fromRoot('build', `${target.name.replaceAll(' ', '-')}.log`)
  mkdirSync(fromRoot('build'), { recursive: true })
  writeFileSync(logFile, log)
  return `${lastLines(log, LOG_LINES_SHOWN)}\nThe ${target.name} could not be built (exit code ${code}); the whole log is in ${logFile}`
}
