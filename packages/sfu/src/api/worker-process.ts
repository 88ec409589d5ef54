import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ToApplication, ToWorker } from '../channel/messages.ts'
import type { WorkerProcessSettings } from './worker-settings.ts'

/** Path of the program that a worker process runs. */
export const workerBin: string =
  process.env.SANGAM_WORKER_BIN ?? fileURLToPath(new URL('../worker/main.ts', import.meta.url))

/** Characters of the worker's error output that are kept to explain a failed start. */
const KEPT_OUTPUT = 4096

/** How long a worker that cut its channel may take to end. */
const DISCONNECTED_MS = 1000

/** What is called as the process speaks and ends. */
export interface WorkerProcessHandlers {
  onFrame(frame: ToApplication): void
  /** The process has ended, or could not be started. `how` is for people: `exit code 1`, `signal SIGKILL`. */
  onExit(how: string): void
  /** After `onExit`: its output is read to the end. `lastWords` is the last line of what it wrote to its error output before it ran. */
  onClose(lastWords: string): void
}

/**
 * A worker makes little garbage. V8 would let it grow to a hundred megabytes before it looks, and then look for long: with a
 * small young generation its memory stays level and each collection short.
 */
const NODE_OPTIONS = ['--max-semi-space-size=2']

/** A running worker process: the seam behind which tests put a fake. */
export interface WorkerProcess {
  readonly pid: number
  send(frame: ToWorker): void
  /** The worker runs: its error output goes to the application's own from now on. */
  started(): void
  /** Ends it by SIGKILL. */
  kill(): void
}

/** Starts a process and connects it with the handlers. */
export type StartWorkerProcess = (handlers: WorkerProcessHandlers) => WorkerProcess

/** Starts the worker program with this Node, as a child process with an IPC channel. */
export function startWorkerProcess(program: string, settings: WorkerProcessSettings): StartWorkerProcess {
  return (handlers) => {
    const child = spawn(process.execPath, [...NODE_OPTIONS, program], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      serialization: 'advanced',
      env: { ...process.env, SANGAM_WORKER_SETTINGS: JSON.stringify(settings) },
    })
    const output = captureErrorOutput(child)
    connect(child, handlers, output)
    return {
      pid: child.pid ?? 0,
      // A pipe that broke is told by the end of the process.
      send: (frame) => void child.send(frame, () => {}),
      started: output.passOn,
      kill: () => void child.kill('SIGKILL'),
    }
  }
}

interface ErrorOutput {
  passOn(): void
  lastLine(): string
}

/** Keeps the error output until the worker runs, so that a failed start is told once, by the error; later passes it on. */
function captureErrorOutput(child: ChildProcess): ErrorOutput {
  let kept = ''
  let passing = false
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (passing) process.stderr.write(text)
    else kept = (kept + text).slice(-KEPT_OUTPUT)
  })
  return {
    passOn: () => {
      if (kept !== '') process.stderr.write(kept)
      passing = true
      kept = ''
    },
    lastLine: () => kept.trim().split('\n').at(-1) ?? '',
  }
}

function connect(child: ChildProcess, handlers: WorkerProcessHandlers, output: ErrorOutput): void {
  let ended = false
  const end = (how: string): void => {
    if (ended) return
    ended = true
    handlers.onExit(how)
  }
  child.on('message', (frame) => handlers.onFrame(frame as ToApplication))
  child.on('error', (error) => {
    end(error.message)
    // Without a process there is no output to wait for.
    if (child.pid === undefined) handlers.onClose('')
  })
  // A worker that cut its channel can't be reached any more. It is about to end, as a rule.
  child.on('disconnect', () => setTimeout(() => child.kill('SIGKILL'), DISCONNECTED_MS).unref())
  child.on('exit', (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`))
  child.on('close', () => handlers.onClose(output.lastLine()))
}
