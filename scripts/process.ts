import { spawn } from 'node:child_process'

/** How a child process ended. */
export interface ProcessResult {
  /** Exit code; 128 + n when signal n ended it, 127 when it could not be started. */
  readonly code: number
  /** stdout and stderr in the order in which they came; empty when they went to the terminal. */
  readonly output: string
}

/** Where to run a program, with what, and what to do with its output. */
export interface ProcessOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Show the output as it comes instead of collecting it. */
  readonly toTerminal?: boolean
  /** Called with each piece of output as it comes. */
  readonly onOutput?: (text: string) => void
}

/** Runs a program to its end. Never rejects: a program that can't be started gives code 127. */
export function runProcess(
  file: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  const { promise, resolve } = Promise.withResolvers<ProcessResult>()
  const chunks: string[] = []
  const child = spawn(file, args, {
    stdio: options.toTerminal ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      chunks.push(text)
      options.onOutput?.(text)
    })
  }
  child.on('error', (error) => resolve({ code: 127, output: error.message }))
  child.on('close', (code, signal) => {
    resolve({ code: code ?? (signal === 'SIGINT' ? 130 : 143), output: chunks.join('') })
  })
  return promise
}

/** The last `count` lines of a text, for the end of a log. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n')
}
