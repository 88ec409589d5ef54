import { type RtpPacketFields, rtpPacketBytes, writeRtpPacket } from '@sangam/rtp'
import type { ProducerCodec } from '../producer/codecs.ts'
import type { ReceiveStream } from '../producer/receive-stream.ts'

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
