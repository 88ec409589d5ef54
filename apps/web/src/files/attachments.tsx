import type { Attachment } from '@sangam/client'
import { useSession } from '@sangam/react'
import { Download, File as FileIcon } from 'lucide-react'
import { useEffect, useState } from 'react'
import { lengthInWords, sizeInWords } from './file-words.ts'

/** Types that the server serves to be shown in place. */
const SHOWN =
  /^(image\/(png|jpeg|gif|webp|avif)|audio\/(mpeg|mp4|ogg|webm|wav|aac|flac)|video\/(mp4|webm|ogg))$/
const WIDEST_PX = 320
const TALLEST_PX = 360

/** The files of a message. */
export function Attachments({ attachments }: { readonly attachments: readonly Attachment[] }) {
  return (
    <ul aria-label="Files" className="my-1 flex flex-col gap-1.5">
      {attachments.map((attachment) => (
        <li key={attachment.fileId} data-testid="attachment" data-type={attachment.type}>
          <Shown attachment={attachment} />
        </li>
      ))}
    </ul>
  )
}

function Shown({ attachment }: { readonly attachment: Attachment }) {
  const [kind] = SHOWN.test(attachment.type) ? attachment.type.split('/') : ['file']
  if (kind === 'image') return <Picture attachment={attachment} />
  if (kind === 'video') return <Film attachment={attachment} />
  if (kind === 'audio') return <Sound attachment={attachment} />
  return <Plain attachment={attachment} />
}

/** The address of a file once it is known; `failed` when it is gone. */
function useFileUrl(
  fileId: string,
  variant: 'content' | 'thumbnail' | undefined,
): string | 'failed' | undefined {
  const session = useSession()
  const [url, setUrl] = useState<string>()
  useEffect(() => {
    let isOver = false
    if (variant === undefined) return
    session.fileUrl(fileId, variant).then(
      (found) => !isOver && setUrl(found),
      () => !isOver && setUrl('failed'),
    )
    return () => {
      isOver = true
    }
  }, [session, fileId, variant])
  return url
}

/** The room that a picture or a film takes, before it is there. */
function boxOf({ width = WIDEST_PX, height = 200 }: Attachment): { width: number; height: number } {
  const scale = Math.min(1, WIDEST_PX / width, TALLEST_PX / height)
  return { width: Math.round(width * scale), height: Math.round(height * scale) }
}

function Picture({ attachment }: { readonly attachment: Attachment }) {
  const shown = useFileUrl(attachment.fileId, attachment.thumbnail === true ? 'thumbnail' : 'content')
  const full = useFileUrl(attachment.fileId, 'content')
  const box = boxOf(attachment)
  if (shown === 'failed') return <Plain attachment={attachment} />
  return (
    <a
      href={full === 'failed' ? undefined : full}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={`Picture ${attachment.name}: open`}
      className="block max-w-full overflow-hidden rounded-lg bg-pressed"
      style={{ width: box.width, aspectRatio: `${box.width} / ${box.height}` }}
    >
      {shown !== undefined && (
        <img src={shown} alt={attachment.name} className="size-full object-contain" loading="lazy" />
      )}
    </a>
  )
}

function Film({ attachment }: { readonly attachment: Attachment }) {
  const url = useFileUrl(attachment.fileId, 'content')
  const poster = useFileUrl(attachment.fileId, attachment.thumbnail === true ? 'thumbnail' : undefined)
  const box = boxOf(attachment)
  if (url === 'failed') return <Plain attachment={attachment} />
  return (
    // What people send has no captions of its own.
    // biome-ignore lint/a11y/useMediaCaption: see above
    <video
      controls
      preload="none"
      aria-label={`Film ${attachment.name}`}
      src={url}
      poster={poster === 'failed' ? undefined : poster}
      className="max-w-full rounded-lg bg-pressed"
      style={{ width: box.width, aspectRatio: `${box.width} / ${box.height}` }}
    />
  )
}

function Sound({ attachment }: { readonly attachment: Attachment }) {
  const url = useFileUrl(attachment.fileId, 'content')
  const { name, waveform, durationMs } = attachment
  if (url === 'failed') return <Plain attachment={attachment} />
  return (
    <figure className="w-72 max-w-full">
      {waveform === undefined ? (
        <figcaption className="truncate text-ink-soft text-sm">{name}</figcaption>
      ) : (
        <figcaption className="flex items-center gap-2 text-ink-soft text-xs">
          <Waveform levels={waveform} />
          <span className="tabular">{lengthInWords(durationMs ?? 0)}</span>
        </figcaption>
      )}
      {/* biome-ignore lint/a11y/useMediaCaption: what people say has no captions of its own */}
      <audio controls preload="none" aria-label={name} src={url} className="mt-1 h-10 w-full" />
    </figure>
  )
}

function Waveform({ levels }: { readonly levels: readonly number[] }) {
  return (
    <svg
      aria-hidden
      viewBox={`0 0 ${levels.length * 3} 24`}
      preserveAspectRatio="none"
      className="h-6 min-w-0 flex-1 text-accent"
    >
      {levels.map((level, index) => {
        const height = Math.max(1, (level / 100) * 22)
        return (
          <rect
            // The levels of one sound never change their order.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            key={index}
            x={index * 3}
            y={12 - height / 2}
            width={2}
            height={height}
            fill="currentColor"
          />
        )
      })}
    </svg>
  )
}

function Plain({ attachment }: { readonly attachment: Attachment }) {
  const { fileId, name, size } = attachment
  const url = useFileUrl(fileId, 'content')
  const row = 'flex max-w-72 items-center gap-2.5 rounded-lg border border-line bg-surface px-3 py-2 text-sm'
  if (url === undefined || url === 'failed') {
    return (
      <p className={row}>
        <FileIcon size={18} aria-hidden className="shrink-0 text-ink-faint" />
        <span className="truncate">{url === 'failed' ? `${name} is not available` : name}</span>
      </p>
    )
  }
  return (
    <a href={url} download={name} className={`${row} hover:bg-sunken`}>
      <FileIcon size={18} aria-hidden className="shrink-0 text-ink-soft" />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{name}</span>
        <span className="block text-ink-faint text-xs">{sizeInWords(size)}</span>
      </span>
      <Download size={16} aria-hidden className="shrink-0 text-ink-faint" />
    </a>
  )
}
