/**
 * Wire formats: RTP, RTCP, STUN, header extensions, payload descriptors. Pure functions over a `Uint8Array` that the
 * caller owns; parsers return false for malformed input, never throw, and never read outside the given range.
 */
export {
  readUint16,
  readUint24,
  readUint32,
  readUint64,
  writeUint16,
  writeUint24,
  writeUint32,
  writeUint64,
} from './bytes.ts'
export { crc32 } from './crc32.ts'
export type { AbsCaptureTime, PlayoutDelay, VideoOrientation } from './header-extension-values.ts'
export {
  ABS_CAPTURE_TIME_BYTES,
  ABS_CAPTURE_TIME_WITH_OFFSET_BYTES,
  ABS_SEND_TIME_BYTES,
  AUDIO_LEVEL_BYTES,
  equalsTextExtension,
  HeaderExtensionUri,
  PLAYOUT_DELAY_BYTES,
  readAbsCaptureTime,
  readAbsSendTime,
  readAudioLevel,
  readCaptureNtpSeconds,
  readPlayoutDelay,
  readTextExtension,
  readTransmissionOffset,
  readTransportSequenceNumber,
  readVideoOrientation,
  readVoiceActivity,
  TRANSMISSION_OFFSET_BYTES,
  TRANSPORT_SEQUENCE_NUMBER_BYTES,
  textExtensionData,
  VIDEO_ORIENTATION_BYTES,
  writeAbsCaptureTime,
  writeAbsSendTime,
  writeAudioLevel,
  writePlayoutDelay,
  writeTransmissionOffset,
  writeTransportSequenceNumber,
  writeVideoOrientation,
} from './header-extension-values.ts'
export type { HeaderExtensionBlock, HeaderExtensionElement } from './header-extensions.ts'
export {
  findHeaderExtension,
  HeaderExtensionCursor,
  HeaderExtensionLocator,
  headerExtensionBlockBytes,
  ONE_BYTE_PROFILE,
  TWO_BYTE_PROFILE,
  writeHeaderExtensionBlock,
} from './header-extensions.ts'
export {
  absSendTimeToMicroseconds,
  durationUsToNtpMiddle,
  microsecondsToAbsSendTime,
  microsecondsToNtpFraction,
  microsecondsToNtpMiddle,
  microsecondsToNtpSeconds,
  NTP_UNIX_OFFSET_SECONDS,
  ntpMiddle,
  ntpMiddleToDurationUs,
  ntpToMicroseconds,
  roundTripTimeUs,
  unixMsToNtpUs,
} from './ntp.ts'
export { Av1AggregationHeader, parseAv1AggregationHeader } from './payload/av1.ts'
export {
  DEPENDENCY_DESCRIPTOR_MANDATORY_BYTES,
  DependencyDescriptor,
  parseDependencyDescriptor,
} from './payload/dependency-descriptor.ts'
export {
  DependencyFrame,
  DependencyStructure,
  Dti,
  MAX_DECODE_TARGETS,
  MAX_FRAME_DIFFS,
  parseDependencyFrame,
} from './payload/dependency-structure.ts'
export { H264NalType, H264Payload, parseH264Payload } from './payload/h264.ts'
export { H265NalType, H265Payload, parseH265Payload } from './payload/h265.ts'
export { isOpusDtx, isOpusStereo, opusDurationUs } from './payload/opus.ts'
export type { PictureSize } from './payload/vp8.ts'
export { parseVp8Descriptor, patchVp8Descriptor, Vp8Descriptor, vp8KeyFrameSize } from './payload/vp8.ts'
export { parseVp9Descriptor, Vp9Descriptor, vp9LayerSize } from './payload/vp9.ts'
export {
  DelaySinceLastReceiverReport,
  ExtendedReportBlock,
  ExtendedReportCursor,
  ReceiverReferenceTime,
  readDelaySinceLastReceiverReport,
  readExtendedReportSender,
  readReceiverReferenceTime,
  writeDelaySinceLastReceiverReport,
  writeReceiverReferenceTime,
} from './rtcp/extended-report.ts'
export {
  FEEDBACK_HEADER_BYTES,
  FEEDBACK_SSRC_BYTES,
  readFeedbackMedia,
  readFeedbackSender,
  writeFeedbackHeader,
} from './rtcp/feedback.ts'
export { firEntryCount, readFirCommandNumber, readFirSsrc, writeFir } from './rtcp/fir.ts'
export { readGoodbyeSsrc, writeGoodbye } from './rtcp/goodbye.ts'
export {
  forEachNackedSequenceNumber,
  nackPairCount,
  readNackBlp,
  readNackPid,
  writeNack,
} from './rtcp/nack.ts'
export { PLI_BYTES, writePli } from './rtcp/pli.ts'
export {
  readReceiverReportBlock,
  readReceiverReportSender,
  writeReceiverReport,
} from './rtcp/receiver-report.ts'
export { isRemb, readRembBitrateBps, readRembSsrc, rembSsrcCount, writeRemb } from './rtcp/remb.ts'
export {
  MAX_REPORT_BLOCKS,
  REPORT_BLOCK_BYTES,
  ReportBlock,
  readReportBlock,
  writeReportBlock,
} from './rtcp/report-block.ts'
export {
  PayloadFeedbackFormat,
  parseRtcpPacket,
  RTCP_HEADER_BYTES,
  RtcpHeader,
  RtcpType,
  TransportFeedbackFormat,
  writeRtcpHeader,
} from './rtcp/rtcp-packet.ts'
export {
  readSenderReport,
  readSenderReportBlock,
  SenderReport,
  writeSenderReport,
} from './rtcp/sender-report.ts'
export type { SourceDescription } from './rtcp/source-description.ts'
export { MAX_CNAME_BYTES, readSourceDescriptions, writeSourceDescription } from './rtcp/source-description.ts'
export {
  NOT_RECEIVED,
  RECEIVE_DELTA_US,
  REFERENCE_TIME_US,
  readTransportFeedback,
  TransportFeedback,
  writeTransportFeedback,
} from './rtcp/transport-feedback.ts'
export { MAX_BUILDER_STATUSES, TransportFeedbackBuilder } from './rtcp/transport-feedback-builder.ts'
export type { RtpPacketFields } from './rtp-packet.ts'
export {
  parseRtpPacket,
  RTP_FIXED_HEADER_BYTES,
  RtpHeader,
  readCsrc,
  rtpPacketBytes,
  setRtpMarker,
  setRtpPayloadType,
  setRtpSequenceNumber,
  setRtpSsrc,
  setRtpTimestamp,
  writeRtpPacket,
} from './rtp-packet.ts'
export { crc32c } from './sctp/crc32c.ts'
export type { DataChannelOpen } from './sctp/data-channel-message.ts'
export {
  DATA_CHANNEL_ACK,
  DataChannelPpid,
  dataChannelOpen,
  parseDataChannelOpen,
} from './sctp/data-channel-message.ts'
export {
  parseSctpData,
  SCTP_DATA_HEADER_BYTES,
  SctpData,
  SctpDataFlag,
  writeSctpData,
} from './sctp/data-chunk.ts'
export {
  forEachSctpSkippedStream,
  sctpForwardTsn,
  writeSctpForwardTsn,
} from './sctp/forward-tsn-chunk.ts'
export type { SctpInit } from './sctp/init-chunk.ts'
export { parseSctpInit, writeSctpInit } from './sctp/init-chunk.ts'
export type { SctpReConfig } from './sctp/re-config-chunk.ts'
export { parseSctpReConfig, SctpReConfigResult, writeSctpReConfig } from './sctp/re-config-chunk.ts'
export {
  parseSctpSack,
  SCTP_SACK_HEADER_BYTES,
  SctpSack,
  sctpGapEnd,
  sctpGapStart,
  writeSctpSack,
} from './sctp/sack-chunk.ts'
export {
  nextSctpChunk,
  SCTP_CHUNK_HEADER_BYTES,
  SCTP_HEADER_BYTES,
  SctpChunk,
  SctpChunkType,
  sctpChecksumIsRight,
  sctpChecksumIsZero,
  sctpDestinationPort,
  sctpPadded,
  sctpSourcePort,
  sctpVerificationTag,
  writeSctpChecksum,
  writeSctpChunkHeader,
  writeSctpHeader,
} from './sctp/sctp-packet.ts'
export {
  isNewerSequenceNumber,
  isNewerTimestamp,
  SequenceNumberUnwrapper,
  sequenceNumberDelta,
  TimestampUnwrapper,
  timestampDelta,
} from './sequence-number.ts'
export type { StunAddress } from './stun.ts'
export {
  parseStunMessage,
  readStunTieBreaker,
  STUN_HEADER_BYTES,
  STUN_INTEGRITY_BYTES,
  STUN_MAGIC_COOKIE,
  STUN_TRANSACTION_ID_BYTES,
  StunAttributeType,
  StunMessage,
  StunType,
  stunUsername,
  stunXorMappedAddress,
} from './stun.ts'
export type { HmacSha1 } from './stun-integrity.ts'
export {
  stunFingerprint,
  stunIntegrity,
  verifyStunFingerprint,
  verifyStunIntegrity,
} from './stun-integrity.ts'
export type { StunAttribute, StunMessageFields } from './stun-writer.ts'
export { writeStunMessage } from './stun-writer.ts'
