import { limits } from './limits.ts'

/**
 * Messages that may get lost, over data channels (RFC 8831) without order and without retransmission: cursors, pointers,
 * anything whose next value makes the last one worthless.
 *
 *      0               1
 *     +---------------+------- ... ---+---------------+---- ... ----+
 *     | topic length  | topic, UTF-8  | kind          | payload     |      from a client
 *     +---------------+------- ... ---+---------------+---- ... ----+
 *
 *     +---------------+------- ... ---+---- ... ----+
 *     | sender length | sender, UTF-8 | as it came  |                      from the server
 *     +---------------+------- ... ---+---- ... ----+
 *
 * Kind 0: bytes. Kind 1: JSON, UTF-8. The sender is a participantId, and the server's word, not the client's.
 */

/** What a message carries: bytes, or whatever JSON can say. */
export type LossyPayload = Uint8Array | LossyJson
/** A JSON value. */
export type LossyJson =
  | string
  | number
  | boolean
  | null
  | readonly LossyJson[]
  | { readonly [name: string]: LossyJson }

/** A message that may get lost. */
export type LossyMessage = { readonly topic: string; readonly payload: LossyPayload }
/** One that arrived. */
export type ReceivedLossyMessage = LossyMessage & { readonly participantId: string }

const bytesKind = 0
const jsonKind = 1
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Bytes of the largest frame that a client may send. */
export const longestLossyFrame = 2 + limits.lossyTopicBytes + limits.lossyPayloadBytes

/**
 * What a client sends.
 * @throws RangeError when topic or payload are empty or too long
 */
export const encodeLossy = ({ topic, payload }: LossyMessage): Uint8Array<ArrayBuffer> => {
  const isBytes = payload instanceof Uint8Array
  const name = encoder.encode(topic)
  const body = isBytes ? payload : encoder.encode(JSON.stringify(payload))
  if (name.length < 1 || name.length > limits.lossyTopicBytes)
    throw new RangeError(`a topic has 1 to ${limits.lossyTopicBytes} bytes`)
  if (body.length > limits.lossyPayloadBytes)
    throw new RangeError(`a payload has at most ${limits.lossyPayloadBytes} bytes`)
  const frame = new Uint8Array(2 + name.length + body.length)
  frame[0] = name.length
  frame.set(name, 1)
  frame[1 + name.length] = isBytes ? bytesKind : jsonKind
  frame.set(body, 2 + name.length)
  return frame
}

/** Whether bytes are what {@link encodeLossy} makes, as far as the server looks at them: lengths and kind. */
export const isLossyFrame = (frame: Uint8Array): boolean => {
  const topicLength = frame[0] ?? 0
  const kind = frame[1 + topicLength]
  return (
    frame.length <= longestLossyFrame &&
    topicLength >= 1 &&
    topicLength <= limits.lossyTopicBytes &&
    (kind === bytesKind || kind === jsonKind) &&
    frame.length - 2 - topicLength <= limits.lossyPayloadBytes
  )
}

/** What the server passes on: a client's frame behind the name of its sender. */
export const addSender = (participantId: string, frame: Uint8Array): Uint8Array<ArrayBuffer> => {
  const name = encoder.encode(participantId)
  const whole = new Uint8Array(1 + name.length + frame.length)
  whole[0] = name.length
  whole.set(name, 1)
  whole.set(frame, 1 + name.length)
  return whole
}

/** What a client receives; undefined when it is not such a message. */
export const decodeLossy = (whole: Uint8Array): ReceivedLossyMessage | undefined => {
  const senderEnd = 1 + (whole[0] ?? 0)
  const frame = whole.subarray(senderEnd)
  if (senderEnd < 2 || senderEnd > whole.length || !isLossyFrame(frame)) return undefined
  const topicEnd = 1 + (frame[0] ?? 0)
  const body = frame.subarray(topicEnd + 1)
  try {
    const participantId = decoder.decode(whole.subarray(1, senderEnd))
    const topic = decoder.decode(frame.subarray(1, topicEnd))
    const payload =
      frame[topicEnd] === bytesKind ? body.slice() : (JSON.parse(decoder.decode(body)) as LossyJson)
    return { participantId, topic, payload }
  } catch {
    return undefined
  }
}
