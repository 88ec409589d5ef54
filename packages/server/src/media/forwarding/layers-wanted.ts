// What a publisher needs to encode (dynacast). Pure: what receivers want and the time go in.

/** A layer that nobody wants any more is kept for this long: people scroll back. */
export const keepMs = 2000
/** Nobody wants any of it. */
export const nobody = -1

/** What is remembered of one producer. */
export type WantedLayer = {
  /** The highest spatial layer that its publisher was told of. */
  readonly told: number
  /** What receivers want, when that is less; and since when. */
  readonly lower: { readonly layer: number; readonly sinceMs: number } | undefined
}

/** Nobody was told anything: the publisher encodes as it likes. */
export const untold: WantedLayer = { told: Number.POSITIVE_INFINITY, lower: undefined }

/**
 * What follows from the highest layer that anybody wants now. More is told at once, less only when it lasts: ask again at
 * {@link lowersAtMs}.
 */
export const nextWantedLayer = (before: WantedLayer, wanted: number, nowMs: number): WantedLayer => {
  if (before.told === Number.POSITIVE_INFINITY || wanted > before.told)
    return { told: wanted, lower: undefined }
  if (wanted === before.told) return { told: wanted, lower: undefined }
  const sinceMs = before.lower?.sinceMs ?? nowMs
  if (nowMs - sinceMs < keepMs) return { told: before.told, lower: { layer: wanted, sinceMs } }
  return { told: wanted, lower: undefined }
}

/** When time alone would change something; undefined: never. */
export const lowersAtMs = ({ lower }: WantedLayer): number | undefined =>
  lower === undefined ? undefined : lower.sinceMs + keepMs
