import { Mic, Paperclip, Square, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { lengthInWords } from './file-words.ts'
import { startRecording, type VoiceRecording } from './voice-recording.ts'

const BUTTON =
  'grid size-10 shrink-0 place-items-center rounded-full text-ink-faint hover:bg-sunken hover:text-ink'

/** Chooses files of this device. */
export function AttachButton({ onFiles }: { readonly onFiles: (files: readonly File[]) => void }) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-testid="file-input"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])])
          event.target.value = ''
        }}
      />
      <button
        type="button"
        aria-label="Attach files"
        data-testid="attach"
        className={BUTTON}
        onClick={() => input.current?.click()}
      >
        <Paperclip size={20} aria-hidden />
      </button>
    </>
  )
}

interface VoiceButtonProps {
  readonly onVoice: (file: File, facts: { durationMs: number; waveform: readonly number[] }) => void
  readonly onError: (error: unknown) => void
}

/** Records a voice note: once to begin, once to end; the cross throws it away. */
export function VoiceButton({ onVoice, onError }: VoiceButtonProps) {
  const [recording, setRecording] = useState<VoiceRecording>()
  const [elapsedMs, setElapsedMs] = useState(0)
  useEffect(() => {
    if (recording === undefined) return
    const timer = setInterval(() => setElapsedMs(recording.elapsedMs()), 200)
    return () => {
      clearInterval(timer)
      recording.cancel()
    }
  }, [recording])
  const begin = () => {
    setElapsedMs(0)
    startRecording().then(setRecording, onError)
  }
  const end = () => {
    recording?.finish().then(({ file, ...facts }) => onVoice(file, facts), onError)
    setRecording(undefined)
  }
  if (recording === undefined) {
    return (
      <button
        type="button"
        aria-label="Record a voice note"
        data-testid="voice"
        className={BUTTON}
        onClick={begin}
      >
        <Mic size={20} aria-hidden />
      </button>
    )
  }
  return (
    <>
      <span role="timer" className="tabular self-center px-1 text-danger-ink text-sm">
        {lengthInWords(elapsedMs)}
      </span>
      <button
        type="button"
        aria-label="Throw the voice note away"
        className={BUTTON}
        onClick={() => setRecording(undefined)}
      >
        <X size={20} aria-hidden />
      </button>
      <button
        type="button"
        aria-label="End the voice note"
        data-testid="voice-end"
        className={BUTTON}
        onClick={end}
      >
        <Square size={18} aria-hidden className="text-danger-ink" />
      </button>
    </>
  )
}
