import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
import type { TransportListenInfo } from './transport-types.ts'
import type { WebRtcTransport } from './webrtc-transport-types.ts'

/** Where a WebRtcServer listens. */
export type WebRtcServerListenInfo = TransportListenInfo

/** Options of `worker.createWebRtcServer()`. */
export type WebRtcServerOptions<WebRtcServerAppData extends AppData = AppData> = {
  /** At least one; in order of preference. */
  listenInfos: TransportListenInfo[]
  appData?: WebRtcServerAppData | undefined
}

/** A numeric address and a port. */
export type IpPort = { ip: string; port: number }

/** By which a WebRtcTransport is found: the first half of the user name in a binding request (RFC 8445 section 7.2.2). */
export type IceUserNameFragment = { localIceUsernameFragment: string; webRtcTransportId: string }

/** Answer of `webRtcServer.dump()`. */
export type WebRtcServerDump = {
  id: string
  udpSockets: IpPort[]
  tcpServers: IpPort[]
  webRtcTransportIds: string[]
  localIceUsernameFragments: IceUserNameFragment[]
}

/** Events of a WebRtcServer. */
export type WebRtcServerEvents = { workerclose: [] }

/** Events of a WebRtcServer's observer. */
export type WebRtcServerObserverEvents = {
  close: []
  webrtctransporthandled: [transport: WebRtcTransport]
  webrtctransportunhandled: [transport: WebRtcTransport]
}
/** Observer of a WebRtcServer. */
export type WebRtcServerObserver = EnhancedEventEmitter<WebRtcServerObserverEvents>

/** One set of ports that all WebRtcTransports of a worker can share. */
export interface WebRtcServer<WebRtcServerAppData extends AppData = AppData>
  extends EnhancedEventEmitter<WebRtcServerEvents> {
  get id(): string
  get closed(): boolean
  get appData(): WebRtcServerAppData
  set appData(appData: WebRtcServerAppData)
  get observer(): WebRtcServerObserver
  /** Closes the ports, and with them each transport on it. */
  close(): void
  dump(): Promise<WebRtcServerDump>
}
