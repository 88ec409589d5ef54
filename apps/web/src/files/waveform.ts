/** Bars of a waveform: as many as the server takes. */
const MOST_BARS = 100

/** Loudness over time as up to 100 bars from 0 to 100: each the loudest of its share of the levels (0 to 1). */
export function waveformOf(levels: readonly number[]): readonly number[] {
  const bars = Math.min(MOST_BARS, levels.length)
  return Array.from({ length: bars }, (_, bar) => {
    const from = Math.floor((bar * levels.length) / bars)
    const to = Math.floor(((bar + 1) * levels.length) / bars)
    return Math.round(Math.max(0, ...levels.slice(from, to)) * 100)
  })
}
