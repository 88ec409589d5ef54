/** Seconds: two soft tones, then a pause, over and over. */
const PERIOD_S = 2.4
const TONES = [
  { atS: 0, hz: 523.25 },
  { atS: 0.22, hz: 659.25 },
] as const
const LOUDNESS = 0.12

/** Rings until the returned function is called. Silent where the browser allows no sound yet. */
export function startRinging(): () => void {
  if (typeof AudioContext === 'undefined') return () => {}
  const audio = new AudioContext()
  const ringOnce = () => {
    for (const { atS, hz } of TONES) playTone(audio, audio.currentTime + atS, hz)
  }
  ringOnce()
  const timer = setInterval(ringOnce, PERIOD_S * 1000)
  return () => {
    clearInterval(timer)
    void audio.close()
  }
}

function playTone(audio: AudioContext, startS: number, hz: number): void {
  const oscillator = audio.createOscillator()
  const gain = audio.createGain()
  oscillator.frequency.value = hz
  gain.gain.setValueAtTime(0, startS)
  gain.gain.linearRampToValueAtTime(LOUDNESS, startS + 0.02)
  gain.gain.exponentialRampToValueAtTime(0.001, startS + 0.7)
  oscillator.connect(gain).connect(audio.destination)
  oscillator.start(startS)
  oscillator.stop(startS + 0.75)
}
