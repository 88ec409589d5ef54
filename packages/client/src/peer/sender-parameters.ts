/** Quality and layers of what is sent, through `RTCRtpSender.setParameters()` (W3C WebRTC 1.0 section 5.2). */
import type { SendEncoding } from './local-answer.ts'
import type { PeerSender } from './peer-connection.ts'

/** A change begins with what the one before it left: `setParameters()` refuses anything older. */
const queues = new WeakMap<PeerSender, Promise<void>>()

/** Sets the quality of each stream, and switches off those above `highest`. */
export function setEncodings(
  sender: PeerSender,
  encodings: readonly SendEncoding[],
  highest: number,
): Promise<void> {
  return change(sender, (parameters) => {
    parameters.encodings.forEach((encoding, index) => {
      const { rid: _, ...wanted } = encodings[index] ?? {}
      Object.assign(encoding, wanted, { active: index <= highest })
    })
  })
}

/** Switches simulcast streams: those up to `highest` are encoded, the others not; -1 switches all off. */
export function setHighestLayer(sender: PeerSender, highest: number): Promise<void> {
  return change(sender, ({ encodings }) => {
    encodings.forEach((encoding, index) => {
      encoding.active = index <= highest
    })
  })
}

/** What gives way when there is not enough of network or CPU (W3C mst-content-hint section 4). */
export function setDegradation(sender: PeerSender, preference: RTCDegradationPreference): Promise<void> {
  return change(sender, (parameters) => {
    parameters.degradationPreference = preference
  })
}

function change(sender: PeerSender, apply: (parameters: RTCRtpSendParameters) => void): Promise<void> {
  const run = async (): Promise<void> => {
    const parameters = sender.getParameters()
    if (parameters.encodings === undefined || parameters.encodings.length === 0) return
    apply(parameters)
    await sender.setParameters(parameters)
  }
  const before = queues.get(sender)
  // Nothing under way: at once, in the task that asked.
  const done = (before === undefined ? run() : before.then(run)).finally(() => {
    if (queues.get(sender) === settled) queues.delete(sender)
  })
  const settled = done.catch(() => undefined)
  queues.set(sender, settled)
  return done
}
