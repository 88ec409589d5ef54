import type { SctpSettings, WorkerEvents } from '../channel/messages.ts'
import type { SctpNegotiatedCapabilities, SctpParameters, SctpState } from './transport-types.ts'

/** RFC 8841: the port that WebRTC always uses; RFC 8831 section 6.2: all streams. */
const SCTP_PORT = 5000
const SCTP_STREAMS = 65535

/** A transport's end of an SCTP association, as the application sees it. */
export class SctpEnd {
  /** Undefined where the transport was made without SCTP. */
  readonly parameters: SctpParameters | undefined
  #state: SctpState = 'new'
  #negotiated: SctpNegotiatedCapabilities | undefined

  /** @param isDataChannel whether its streams are data channels of a browser (RFC 8831) */
  constructor(settings: SctpSettings | undefined, isDataChannel: boolean) {
    if (settings === undefined) return
    const { bufferedAmountLowThreshold: _, ...sizes } = settings
    this.parameters = {
      port: SCTP_PORT,
      OS: SCTP_STREAMS,
      MIS: SCTP_STREAMS,
      maxMessageSize: sizes.maxReceiveMessageSize,
      isDataChannel,
      ...sizes,
    }
  }

  /** The state to be told; undefined without SCTP. */
  stateOf(transport: { readonly closed: boolean }): SctpState | undefined {
    if (this.parameters === undefined) return undefined
    return transport.closed ? 'closed' : this.#state
  }

  /** Undefined until connected. */
  get negotiatedCapabilities(): SctpNegotiatedCapabilities | undefined {
    return this.#negotiated
  }

  /** The worker tells of it. */
  changed({ sctpState, negotiated }: WorkerEvents['transport.sctpState']): SctpState {
    this.#state = sctpState
    this.#negotiated =
      negotiated === undefined
        ? undefined
        : {
            negotiatedMaxOutboundStreams: negotiated.outboundStreams,
            negotiatedMaxInboundStreams: negotiated.inboundStreams,
          }
    return sctpState
  }
}
