import {
  parseVp8Descriptor,
  patchVp8Descriptor,
  type RtpPacketFields,
  rtpPacketBytes,
  Vp8Descriptor,
  writeRtpPacket,
} from '@sangam/rtp'
import type { ProducerCodec } from '../producer/codecs.ts'
import type { ReceiveStream } from '../producer/receive-stream.ts'
import type { Consumer } from './consumer.ts'

const vp8 = new Vp8Descriptor()

/** Gives a packet to the consumers of DirectTransports, as bytes of its own: the application may keep them. */
export function deliverDirectly(
  stream: ReceiveStream,
  codec: ProducerCodec,
  sequence: number,
  timestamp: number,
  marker: number,
  isKeyFrame: boolean,
  memory: Uint8Array,
  payloadOffset: number,
  payloadLength: number,
): void {
  for (const consumer of stream.taps) {
    if (consumer.tapStart < 0) {
      if (codec.isKeyFrame !== undefined && !isKeyFrame) continue
      consumer.tapStart = sequence
      consumer.tapShift = consumer.nextSequence - sequence
    }
    if (sequence < consumer.tapStart) continue
    const fields: RtpPacketFields = {
      payloadType: codec.mappedPayloadType,
      sequenceNumber: sequence + consumer.tapShift,
      timestamp,
      ssrc: consumer.ssrc,
      marker: marker !== 0,
      payload: memory.subarray(payloadOffset, payloadOffset + payloadLength),
    }
    const packet = new Uint8Array(rtpPacketBytes(fields))
    writeRtpPacket(packet, 0, fields)
    consumer.nextSequence = Math.max(consumer.nextSequence, sequence + consumer.tapShift + 1)
    consumer.packetsSent++
    consumer.bytesSent += payloadLength
    consumer.transport.context.emit('consumer.rtp', consumer.id, { packet })
  }
}

/**
 * Gives one consumer of a DirectTransport a packet with numbers of its own.
 * @param fields all but the SSRC; the payload is the consumer's to keep
 * @param vp8Patch `PlanWord.vp8Patch`, or -1 where the payload stays as it is
 */
export function deliverRewritten(
  consumer: Consumer,
  fields: Omit<RtpPacketFields, 'ssrc'> & { readonly payload: Uint8Array },
  vp8Patch: number,
): void {
  const { payload } = fields
  if (vp8Patch >= 0 && parseVp8Descriptor(payload, 0, payload.length, vp8)) {
    patchVp8Descriptor(payload, vp8, vp8Patch & 0x7fff, vp8Patch >> 16)
  }
  const packet = new Uint8Array(rtpPacketBytes({ ...fields, ssrc: consumer.ssrc }))
  writeRtpPacket(packet, 0, { ...fields, ssrc: consumer.ssrc })
  consumer.packetsSent++
  consumer.bytesSent += payload.length
  consumer.transport.context.emit('consumer.rtp', consumer.id, { packet })
}
