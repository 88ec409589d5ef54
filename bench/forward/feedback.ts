import { HeaderExtensionLocator, HeaderExtensionUri, readTransportSequenceNumber } from '@sangam/rtp'
import type { types } from '@sangam/sfu'
import type { MediaPeer } from '@sangam/testkit'
import { ArrivalFeedback } from '@sangam/testkit/bots'

const SLOT = 0
/** Receivers take turns, so that their messages do not come all at once. */
const STEP_MS = 10
const MESSAGE_BYTES = 68
/** A browser spends a twentieth of what it receives on feedback, and sends it every 50 to 250 ms (libwebrtc). */
const SHARE = 0.05
const FASTEST_MS = 50
const SLOWEST_MS = 250

/** A format of transport-layer feedback (RFC 4585 section 6.2) that nobody knows. */
const UNKNOWN_FORMAT = 31

/**
 * Has receivers send transport-cc feedback as often as browsers do that receive `bps` each; where it `isIgnored`, as a format
 * that the other side does not know: then it costs what receiving and decrypting it costs.
 */
export class FeedbackTraffic {
  readonly #timer: NodeJS.Timeout
  #next = 0

  constructor(
    receivers: readonly { readonly peer: MediaPeer; readonly consumer: types.Consumer }[],
    bps: number,
    isIgnored: boolean,
  ) {
    const sources = receivers.map(({ peer, consumer }) => ({ peer, feedback: feedbackOf(peer, consumer) }))
    const intervalMs = Math.min(SLOWEST_MS, Math.max(FASTEST_MS, (MESSAGE_BYTES * 8000) / (bps * SHARE)))
    const perStep = (sources.length * STEP_MS) / intervalMs
    this.#timer = setInterval(() => {
      const end = this.#next + perStep
      for (let i = Math.ceil(this.#next); i < end; i++) {
        const { peer, feedback } = sources[i % sources.length] as (typeof sources)[number]
        const message = feedback.take(0)
        if (message === undefined) continue
        if (isIgnored) message[0] = ((message[0] as number) & 0xe0) | UNKNOWN_FORMAT
        peer.sendRtcp(message)
      }
      this.#next = end
    }, STEP_MS)
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

function feedbackOf(peer: MediaPeer, consumer: types.Consumer): ArrivalFeedback {
  const feedback = new ArrivalFeedback()
  const locator = new HeaderExtensionLocator(1)
  const extension = consumer.rtpParameters.headerExtensions?.find(
    ({ uri }) => uri === HeaderExtensionUri.transportSequenceNumber,
  )
  if (extension === undefined) throw new Error('the receiver has not negotiated transport-cc')
  locator.register(extension.id, SLOT)
  peer.on('rtp', ({ header, memory }) => {
    locator.locate(memory, header)
    const at = locator.offsets[SLOT] as number
    if (at !== 0) feedback.received(readTransportSequenceNumber(memory, at), performance.now() * 1000)
  })
  return feedback
}
