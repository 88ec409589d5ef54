import { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import { type AppData, appDataOf, checkObject, checkString } from './option-checks.ts'
import { WorkerImpl } from './worker.ts'
import { startWorkerProcess, workerBin } from './worker-process.ts'
import { defaultPortRangeOf, workerProcessSettingsOf } from './worker-settings.ts'
import type { Worker, WorkerSettings } from './worker-types.ts'

/** Events of the module's observer. */
export type ObserverEvents = { newworker: [worker: Worker] }

/** The module's observer. */
export type Observer = EnhancedEventEmitter<ObserverEvents>

/** Tells of every worker that is created in this process. */
export const observer: Observer = new EnhancedEventEmitter<ObserverEvents>()

/**
 * Starts a worker: a child process that carries media.
 * @returns the worker, once it is ready
 * @throws TypeError that names a wrong setting; WorkerClosedError (code `workerNotStarted`) that says why the process ended
 */
export async function createWorker<WorkerAppData extends AppData = AppData>(
  settings: WorkerSettings<WorkerAppData> = {},
): Promise<Worker<WorkerAppData>> {
  checkObject('settings', settings)
  if (settings.workerBin !== undefined) checkString('workerBin', settings.workerBin)
  const worker = await WorkerImpl.start<WorkerAppData>({
    startProcess: startWorkerProcess(settings.workerBin ?? workerBin, workerProcessSettingsOf(settings)),
    appData: appDataOf(settings.appData),
    defaultPortRange: defaultPortRangeOf(settings),
  })
  observer.safeEmit('newworker', worker)
  return worker
}
