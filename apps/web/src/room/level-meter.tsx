import { useEffect, useRef } from 'react'

const BARS = ['first', 'second', 'third', 'fourth', 'fifth'] as const
const EVERY_MS = 80

/** A microphone's loudness as a few bars, drawn past React: it moves many times a second. */
export function LevelMeter({ track }: { readonly track: MediaStreamTrack }) {
  const meter = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    const audio = new AudioContext()
    const source = audio.createMediaStreamSource(new MediaStream([track]))
    const analyser = audio.createAnalyser()
    analyser.fftSize = 512
    source.connect(analyser)
    const samples = new Float32Array(analyser.fftSize)
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples)
      const lit = litBars(samples)
      meter.current?.childNodes.forEach((bar, index) => {
        if (bar instanceof HTMLElement) bar.dataset.lit = String(index < lit)
      })
    }, EVERY_MS)
    return () => {
      clearInterval(timer)
      void audio.close()
    }
  }, [track])
  return (
    <span ref={meter} aria-hidden="true" className="flex h-4 items-end gap-0.5">
      {BARS.map((bar) => (
        <span
          key={bar}
          className="h-full w-1 rounded-full bg-white/35 transition-colors data-[lit=true]:bg-ok"
        />
      ))}
    </span>
  )
}

/** How many of the bars the loudness of these samples fills: -50 dBFS and less none, -10 dBFS and more all. */
function litBars(samples: Float32Array): number {
  const meanSquare = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length
  const dbfs = 10 * Math.log10(meanSquare + 1e-12)
  return Math.round(Math.min(1, Math.max(0, (dbfs + 50) / 40)) * BARS.length)
}
