import { parseStunMessage, StunMessage, StunType, stunUsername } from '@sangam/rtp'
import { ADDRESS_BYTES } from './packet-port/packet-port.ts'
import type { UsernameFragments } from './transport/webrtc-transport.ts'

/** Hands STUN binding requests to the transport that their USERNAME names; everything else is dropped and counted. */
export class StunPath {
  /** Malformed, no request, or for nobody here. */
  dropped = 0
  readonly #usernameFragments: UsernameFragments
  readonly #message = new StunMessage()

  constructor(usernameFragments: UsernameFragments) {
    this.#usernameFragments = usernameFragments
  }

  handle(memory: Uint8Array, offset: number, length: number, addresses: Uint8Array, row: number): void {
    const message = this.#message
    if (!parseStunMessage(memory, offset, length, message) || message.type !== StunType.bindingRequest) {
      this.dropped++
      return
    }
    // USERNAME is "receiver's fragment:sender's fragment" (RFC 8445 section 7.2.2).
    const fragment = stunUsername(memory, message).split(':')[0] ?? ''
    const transport = this.#usernameFragments.get(fragment)
    if (transport === undefined) this.dropped++
    else transport.handleBindingRequest(fragment, memory, message, addresses, row * ADDRESS_BYTES)
  }
}
