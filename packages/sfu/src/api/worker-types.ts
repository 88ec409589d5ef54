import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
import type { Router, RouterOptions } from './router-types.ts'
import type { WebRtcServer, WebRtcServerOptions } from './webrtc-server-types.ts'

/** How much a worker logs: everything, warnings and errors, errors, or nothing. */
export type WorkerLogLevel = 'debug' | 'warn' | 'error' | 'none'

/** Subjects that a worker logs at level `debug`. */
export type WorkerLogTag =
  | 'info'
  | 'ice'
  | 'dtls'
  | 'rtp'
  | 'srtp'
  | 'rtcp'
  | 'rtx'
  | 'bwe'
  | 'score'
  | 'simulcast'
  | 'svc'
  | 'sctp'
  | 'message'

/** Options of `createWorker()`. */
export type WorkerSettings<WorkerAppData extends AppData = AppData> = {
  /** Default `'error'`. */
  logLevel?: WorkerLogLevel | undefined
  logTags?: WorkerLogTag[] | undefined
  /** @deprecated Lowest port for transports that name none; give `portRange` in a TransportListenInfo instead. */
  rtcMinPort?: number | undefined
  /** @deprecated Highest port for transports that name none; give `portRange` in a TransportListenInfo instead. */
  rtcMaxPort?: number | undefined
  /** Path of a PEM file. Without it each worker makes a certificate of its own. */
  dtlsCertificateFile?: string | undefined
  /** Path of a PEM file; goes with `dtlsCertificateFile`. */
  dtlsPrivateKeyFile?: string | undefined
  /** Path of another worker program, run by the same Node. Outranks the environment variable `SANGAM_WORKER_BIN`. */
  workerBin?: string | undefined
  /** Accepted for the sake of applications that set it: there is no libwebrtc in this engine. */
  libwebrtcFieldTrials?: string | undefined
  appData?: WorkerAppData | undefined
}

/** Settings that a running worker takes. */
export type WorkerUpdateableSettings = Pick<WorkerSettings, 'logLevel' | 'logTags'>

/** What the worker's process has used; fields as in getrusage(2). `ru_utime` and `ru_stime` are milliseconds of CPU time. */
export type WorkerResourceUsage = {
  ru_utime: number
  ru_stime: number
  ru_maxrss: number
  ru_ixrss: number
  ru_idrss: number
  ru_isrss: number
  ru_minflt: number
  ru_majflt: number
  ru_nswap: number
  ru_inblock: number
  ru_oublock: number
  ru_msgsnd: number
  ru_msgrcv: number
  ru_nsignals: number
  ru_nvcsw: number
  ru_nivcsw: number
}

/** Answer of `worker.dump()`. */
export type WorkerDump = {
  pid: number
  webRtcServerIds: string[]
  routerIds: string[]
  /** Ids of everything in the worker that takes requests, and of what takes packets or messages of the application. */
  channelMessageHandlers: { channelRequestHandlers: string[]; channelNotificationHandlers: string[] }
  /** Packets and datagrams of the packet port by what became of them, and what the engine dropped, by reason. */
  packetPort: Record<string, number>
  packetPath: Record<string, number>
  /** How many of each are open; sessions, sinks and addresses are the packet port's. */
  open: {
    transports: number
    producers: number
    consumers: number
    sessions: number
    sinks: number
    addresses: number
  }
}

/** Events of a Worker. `died`: its process ended without being asked. `subprocessclose`: its process has ended. */
export type WorkerEvents = { died: [error: Error]; subprocessclose: [] }

/** Events of a Worker's observer. */
export type WorkerObserverEvents = {
  close: []
  newwebrtcserver: [webRtcServer: WebRtcServer]
  newrouter: [router: Router]
}
/** Observer of a Worker. */
export type WorkerObserver = EnhancedEventEmitter<WorkerObserverEvents>

/** A process that carries media. Its methods reject with `WorkerClosedError` once it is closed or dead. */
export interface Worker<WorkerAppData extends AppData = AppData> extends EnhancedEventEmitter<WorkerEvents> {
  /** Id of the process. */
  get pid(): number
  get closed(): boolean
  get died(): boolean
  /** Whether the process has ended. */
  get subprocessClosed(): boolean
  get appData(): WorkerAppData
  set appData(appData: WorkerAppData)
  get observer(): WorkerObserver
  /** Closes the worker, all it holds, and its process. */
  close(): void
  dump(): Promise<WorkerDump>
  getResourceUsage(): Promise<WorkerResourceUsage>
  /** @throws TypeError */
  updateSettings(settings?: WorkerUpdateableSettings): Promise<void>
  /** @throws TypeError; Error when a port can't be had */
  createWebRtcServer<WebRtcServerAppData extends AppData = AppData>(
    options: WebRtcServerOptions<WebRtcServerAppData>,
  ): Promise<WebRtcServer<WebRtcServerAppData>>
  /** @throws TypeError, UnsupportedError for codecs */
  createRouter<RouterAppData extends AppData = AppData>(
    options?: RouterOptions<RouterAppData>,
  ): Promise<Router<RouterAppData>>
}
