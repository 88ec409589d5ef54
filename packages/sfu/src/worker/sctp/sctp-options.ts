import type { SctpState } from '../../channel/messages.ts'

/** What an association is made with. */
export interface SctpOptions {
  readonly localPort: number
  readonly remotePort: number
  /** Bytes of the largest packet; a multiple of four. */
  readonly maxPacketBytes: number
  /** Streams that each side may use, 1-65535. */
  readonly streams: number
  /** Bytes that may wait for their first transmission, over all streams and per stream. */
  readonly sendBufferBytes: number
  readonly perStreamSendBytes: number
  readonly maxReceiveMessageBytes: number
  /** Bytes of messages that are incomplete or out of order. */
  readonly receiveWindowBytes: number
  /** What a stream's buffered amount falls to for `bufferedAmountLow`, until told otherwise. */
  readonly lowThresholdBytes: number
  /** DTLS protects the packets: the checksum may be left out if the peer agrees (RFC 9653). */
  readonly protectedByDtls: boolean
  /** A random integer from 0 to `below - 1`, fit for secrets. */
  readonly random: (below: number) => number
}

/** What an association does to the world. Called during its methods; may call `send()`. */
export interface SctpHandler {
  /** Sends the first `length` bytes of `bytes`, which are reused afterwards. */
  transmit(bytes: Uint8Array, length: number): void
  stateChanged(state: SctpState): void
  /** A whole message; `payload` is the receiver's to keep. */
  message(streamId: number, ppid: number, payload: Uint8Array): void
  /** The peer started these streams again: for data channels, it closed them (RFC 8831 section 6.7). No ids mean all. */
  streamsReset(streamIds: readonly number[]): void
}

/** What became of a message that was to be sent. */
export type SendResult = 'queued' | 'empty' | 'buffer-full' | 'no-such-stream' | 'not-connected'
