import type { ListenInfo } from '../../channel/messages.ts'
import type { WorkerContext } from '../context.ts'
import { type Listener, listen } from './listening.ts'
import type { WebRtcTransport } from './webrtc-transport.ts'

/** Ports that all WebRTC transports of a worker may share. */
export class WebRtcServer {
  readonly id: string
  readonly listeners: readonly Listener[]
  readonly transports = new Set<WebRtcTransport>()
  readonly #context: WorkerContext

  constructor(context: WorkerContext, id: string, listenInfos: readonly ListenInfo[]) {
    this.#context = context
    this.id = id
    this.listeners = listen(context.port, listenInfos)
  }

  close(): void {
    for (const listener of this.listeners) this.#context.port.closeSocket(listener.socket)
  }

  dump(): Readonly<Record<string, unknown>> {
    return {
      id: this.id,
      udpSockets: this.listeners.map(({ ip, port }) => ({ ip, port })),
      tcpServers: [],
      webRtcTransportIds: [...this.transports].map((transport) => transport.id),
    }
  }
}
