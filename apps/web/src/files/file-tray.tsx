import { useStore } from '@sangam/react'
import { File as FileIcon, RotateCw, X } from 'lucide-react'
import { errorWords } from '../session/error-words.ts'
import { sizeInWords } from './file-words.ts'
import type { DraftedFile, DraftedFiles } from './use-drafted-files.ts'

/** The files that will go with the next message, each with how far it is. */
export function FileTray({ drafted }: { readonly drafted: DraftedFiles }) {
  if (drafted.files.length === 0) return null
  return (
    <ul aria-label="Files to send" className="mb-1 flex flex-wrap gap-1.5" data-testid="file-tray">
      {drafted.files.map((file) => (
        <Chip
          key={file.key}
          file={file}
          onRemove={() => drafted.remove(file.key)}
          onRetry={() => drafted.retry(file.key)}
        />
      ))}
    </ul>
  )
}

interface ChipProps {
  readonly file: DraftedFile
  readonly onRemove: () => void
  readonly onRetry: () => void
}

function Chip({ file, onRemove, onRetry }: ChipProps) {
  const { status, sentBytes, totalBytes, error } = useStore(file.upload.state)
  const percent = Math.floor((sentBytes / Math.max(1, totalBytes)) * 100)
  const small = 'grid size-7 shrink-0 place-items-center rounded-full text-ink-faint hover:bg-pressed'
  return (
    <li
      data-testid="drafted-file"
      data-status={status}
      className="flex max-w-64 items-center gap-2 rounded-xl border border-line bg-sunken py-1 pr-1 pl-2.5 text-sm"
    >
      <FileIcon size={16} aria-hidden className="shrink-0 text-ink-soft" />
      <div className="min-w-0 flex-1">
        <p className="truncate">{file.name}</p>
        {status === 'failed' ? (
          <p role="alert" className="truncate text-danger-ink text-xs">
            {errorWords(error)}
          </p>
        ) : status === 'done' ? (
          <p className="text-ink-faint text-xs">{sizeInWords(totalBytes)}</p>
        ) : (
          <progress
            aria-label={`${file.name}: ${percent} %`}
            value={sentBytes}
            max={totalBytes}
            className="block h-1 w-full accent-(--color-accent)"
          />
        )}
      </div>
      {status === 'failed' && (
        <button type="button" aria-label={`Try ${file.name} again`} className={small} onClick={onRetry}>
          <RotateCw size={14} aria-hidden />
        </button>
      )}
      <button type="button" aria-label={`Remove ${file.name}`} className={small} onClick={onRemove}>
        <X size={14} aria-hidden />
      </button>
    </li>
  )
}
