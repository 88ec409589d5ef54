import type { ListenInfo } from '../../channel/messages.ts'
import type { WorkerContext } from '../context.ts'
import { ChannelTypeError } from '../errors.ts'
import { type CandidateChoice, type Listener, listen } from './listening.ts'
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

  /** What a transport with these protocols uses. @throws ChannelTypeError when that is nothing */
  listenersFor(choice: CandidateChoice): readonly Listener[] {
    const chosen = this.listeners.filter(({ protocol }) =>
      protocol === 'tcp' ? choice.enableTcp : choice.enableUdp,
    )
    if (chosen.length > 0) return chosen
    throw new ChannelTypeError(`WebRtcServer ${this.id} listens for none of the protocols that are enabled`)
  }

  close(): void {
    for (const listener of this.listeners) this.#context.port.closeSocket(listener.socket)
  }

  dump(): Readonly<Record<string, unknown>> {
    return {
      id: this.id,
      udpSockets: this.#boundOf('udp'),
      tcpServers: this.#boundOf('tcp'),
      webRtcTransportIds: [...this.transports].map((transport) => transport.id),
      localIceUsernameFragments: [...this.transports].flatMap(({ id, usernameFragments }) =>
        usernameFragments.map((fragment) => ({ localIceUsernameFragment: fragment, webRtcTransportId: id })),
      ),
    }
  }

  #boundOf(wanted: Listener['protocol']): { ip: string; port: number }[] {
    return this.listeners.filter(({ protocol }) => protocol === wanted).map(({ ip, port }) => ({ ip, port }))
  }
}
