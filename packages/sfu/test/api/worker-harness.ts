import { once } from 'node:events'
import { WorkerImpl } from '../../src/api/worker.ts'
import { type StartWorkerProcess, startWorkerProcess, workerBin } from '../../src/api/worker-process.ts'
import { FakeWorker } from './fake-worker.ts'

/** A worker to test against, with what crosses to it written down. */
export interface WorkerHarness {
  readonly worker: WorkerImpl
  /** Takes the methods and events that were sent to it since the last call. */
  takeSent(): string[]
  /** Ends its process at once, as a crash would. */
  kill(): void
}

/** Starts a worker of a kind: in memory, or the real process. */
export async function startHarness(kind: 'fake' | 'real'): Promise<WorkerHarness> {
  const sent: string[] = []
  let kill = (): void => {}
  const start = kind === 'fake' ? new FakeWorker().start : startWorkerProcess(workerBin, quietSettings)
  const recording: StartWorkerProcess = (handlers) => {
    const process = start(handlers)
    kill = process.kill
    return {
      ...process,
      send: (frame) => {
        sent.push('method' in frame ? frame.method : frame.event)
        process.send(frame)
      },
    }
  }
  const worker = await WorkerImpl.start({ startProcess: recording, appData: {} })
  return { worker, takeSent: () => sent.splice(0), kill: () => kill() }
}

/** Ends a worker and waits for the end of its process. */
export async function stopWorker(worker: WorkerImpl): Promise<void> {
  if (worker.subprocessClosed) return
  const ended = once(worker, 'subprocessclose')
  worker.close()
  await ended
}

/** What a test's worker process is told. */
export const quietSettings = { logLevel: 'none', logTags: [] } as const
