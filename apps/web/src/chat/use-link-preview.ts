import { type Conversation, isSangamError, type SendOptions } from '@sangam/client'
import { useEffect, useRef, useState } from 'react'
import { firstLink } from './markdown.ts'

/** What is said of a link. */
export type LinkPreview = NonNullable<SendOptions['preview']>

/** One asks when a link stands as it is for so long. */
const PAUSE_MS = 500

/** A server that makes no previews is asked once. */
const withoutPreviews = new WeakSet<Conversation>()

/** The preview of the first link of a text that is being written, and how to leave it off. */
export function useLinkPreview(
  conversation: Conversation,
  text: string,
  initial: LinkPreview | undefined,
): { readonly preview: LinkPreview | undefined; readonly leaveOff: () => void } {
  const url = firstLink(text)
  const [found, setFound] = useState<LinkPreview | undefined>(initial)
  const [leftOff, setLeftOff] = useState<string>()
  const known = useRef(new Map(initial === undefined ? [] : [[initial.url, initial]]))
  useEffect(() => {
    if (url === undefined || withoutPreviews.has(conversation)) return
    const held = known.current.get(url)
    if (held !== undefined) {
      setFound(held)
      return
    }
    let current = true
    const timer = setTimeout(() => {
      conversation.previewLink(url).then(
        (preview) => {
          if (preview === undefined || !current) return
          known.current.set(url, preview)
          setFound(preview)
        },
        (error: unknown) => {
          // A message goes without a preview as well.
          if (isSangamError(error, 'unsupported')) withoutPreviews.add(conversation)
        },
      )
    }, PAUSE_MS)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [conversation, url])
  const isShown = found !== undefined && found.url === url && leftOff !== url
  return { preview: isShown ? found : undefined, leaveOff: () => setLeftOff(url) }
}
