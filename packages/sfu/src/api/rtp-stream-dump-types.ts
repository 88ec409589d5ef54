/** One RTP stream in a dump: what was negotiated for it, its score (0 to 10), and the stream that repairs it. */
export type RtpStreamDump = { params: RtpStreamParametersDump; score: number; rtxStream?: RtxStreamDump }

/** What was negotiated for an RTP stream. */
export type RtpStreamParametersDump = {
  encodingIdx: number
  ssrc: number
  payloadType: number
  mimeType: string
  /** Hertz. */
  clockRate: number
  rid?: string
  cname: string
  rtxSsrc?: number
  rtxPayloadType?: number
  useNack: boolean
  usePli: boolean
  useFir: boolean
  useInBandFec: boolean
  useDtx: boolean
  spatialLayers: number
  temporalLayers: number
}

/** The RTX stream (RFC 4588) beside an RTP stream. */
export type RtxStreamDump = { params: RtxStreamParameters }

/** What was negotiated for an RTX stream. */
export type RtxStreamParameters = {
  ssrc: number
  payloadType: number
  mimeType: string
  /** Hertz. */
  clockRate: number
  rrid?: string
  cname: string
}
