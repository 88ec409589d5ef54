/** The layers that a scalability mode names. */
export type ScalabilityMode = {
  /** Spatial layers of one encoding (L), or simulcast-like independent ones (S). */
  spatialLayers: number
  temporalLayers: number
  /** Upper spatial layers depend on lower ones at key frames only (`_KEY`). */
  ksvc: boolean
}

const PATTERN = /^[LS]([1-9]\d?)T([1-9]\d?)(_KEY)?/

/**
 * Reads a scalability mode identifier (W3C webrtc-svc section 6): `L1T3`, `S3T3`, `L3T3_KEY`, `L2T2h`, `L2T2_KEY_SHIFT`.
 * @returns one layer each where it is absent or unknown
 */
export function parseScalabilityMode(scalabilityMode?: string): ScalabilityMode {
  const match = PATTERN.exec(scalabilityMode ?? '')
  if (match === null) return { spatialLayers: 1, temporalLayers: 1, ksvc: false }
  return {
    spatialLayers: Number(match[1]),
    temporalLayers: Number(match[2]),
    ksvc: match[3] !== undefined,
  }
}
