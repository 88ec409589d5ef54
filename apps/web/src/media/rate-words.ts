/** A bitrate as people read it: 0 kbit/s, 84 kbit/s, 1.2 Mbit/s, 23 Mbit/s (1 kbit = 1000 bit). */
export function rateWords(bitrateBps: number): string {
  const kbps = Math.max(0, bitrateBps) / 1000
  if (kbps < 999.5) return `${Math.round(kbps)} kbit/s`
  const mbps = kbps / 1000
  return mbps < 9.95 ? `${mbps.toFixed(1)} Mbit/s` : `${Math.round(mbps)} Mbit/s`
}
