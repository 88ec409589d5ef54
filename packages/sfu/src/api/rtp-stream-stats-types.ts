/** What is counted of any RTP stream. `timestamp` in milliseconds, `jitter` in RTP ticks, `roundTripTime` in milliseconds, `fractionLost` of 256. */
export type BaseRtpStreamStats = {
  timestamp: number
  ssrc: number
  rtxSsrc?: number
  rid?: string
  kind: string
  mimeType: string
  packetsLost: number
  fractionLost: number
  jitter: number
  packetsDiscarded: number
  packetsRetransmitted: number
  packetsRepaired: number
  nackCount: number
  nackPacketCount: number
  pliCount: number
  firCount: number
  roundTripTime?: number
  rtxPacketsDiscarded?: number
  score: number
}

/** Bits per second by layer; a key is `spatial.temporal`. */
export type BitrateByLayer = { [layer: string]: number }

/** Statistics of a received stream; `type` is `'inbound-rtp'`. `bitrate` in bits per second. */
export type RtpStreamRecvStats = BaseRtpStreamStats & {
  type: string
  packetCount: number
  byteCount: number
  bitrate: number
  bitrateByLayer: BitrateByLayer
}

/** Statistics of a sent stream; `type` is `'outbound-rtp'`. `bitrate` in bits per second. */
export type RtpStreamSendStats = BaseRtpStreamStats & {
  type: string
  packetCount: number
  byteCount: number
  bitrate: number
}
