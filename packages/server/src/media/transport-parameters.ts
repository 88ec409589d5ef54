import type { TransportParameters } from '@sangam/protocol'
import type { EngineTransport } from './engine.ts'

/** What a client needs to know of its transport. The engine is reachable itself, so it needs no further ICE server. */
export const transportParametersOf = (transport: EngineTransport): TransportParameters => {
  const { sctpParameters: sctp } = transport
  const maxMessageSize = sctp?.maxReceiveMessageSize ?? sctp?.maxMessageSize
  return {
    transportId: transport.id,
    iceParameters: transport.iceParameters,
    iceCandidates: [...transport.iceCandidates],
    dtlsParameters: transport.dtlsParameters,
    ...(sctp === undefined || maxMessageSize === undefined
      ? {}
      : { sctpParameters: { port: sctp.port, maxMessageSize } }),
    iceServers: [],
  }
}
