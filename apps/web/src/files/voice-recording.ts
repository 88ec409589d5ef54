import { waveformOf } from './waveform.ts'

/** Formats in the order of preference; browsers that know no WebM know MP4. */
const FORMATS = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'] as const
const LEVEL_EVERY_MS = 50

/** A voice note that is being recorded. */
export interface VoiceRecording {
  elapsedMs(): number
  /** Ends it; resolves with the file and what is known of it. */
  finish(): Promise<{ file: File; durationMs: number; waveform: readonly number[] }>
  /** Throws it away; harmless after `finish`. */
  cancel(): void
}

/** Begins to record the microphone. Rejects when the person or the browser does not allow it. */
export async function startRecording(): Promise<VoiceRecording> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
  const format = FORMATS.find((one) => MediaRecorder.isTypeSupported(one)) ?? ''
  const recorder = new MediaRecorder(stream, { ...(format === '' ? {} : { mimeType: format }) })
  const pieces: Blob[] = []
  recorder.ondataavailable = ({ data }) => pieces.push(data)
  const listening = listen(stream)
  const beganMs = performance.now()
  recorder.start()
  const release = (): void => {
    listening.stop()
    for (const track of stream.getTracks()) track.stop()
  }
  return {
    elapsedMs: () => performance.now() - beganMs,
    finish: async () => {
      const durationMs = Math.round(performance.now() - beganMs)
      const stopped = new Promise((resolve) => recorder.addEventListener('stop', resolve, { once: true }))
      recorder.stop()
      await stopped
      release()
      const type = recorder.mimeType.split(';')[0] ?? 'audio/webm'
      const file = new File(pieces, `voice note.${type.split('/')[1] ?? 'webm'}`, { type })
      return { file, durationMs, waveform: waveformOf(listening.levels) }
    },
    cancel: () => {
      if (recorder.state === 'inactive') return
      recorder.stop()
      release()
    },
  }
}

/** Notes how loud it is, 0 to 1, twenty times a second. */
function listen(stream: MediaStream): { readonly levels: readonly number[]; stop(): void } {
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  analyser.fftSize = 1024
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const levels: number[] = []
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length
    levels.push(Math.min(1, Math.sqrt(power) * 4))
  }, LEVEL_EVERY_MS)
  return {
    levels,
    stop: () => {
      clearInterval(timer)
      void context.close()
    },
  }
}
