import type { Conversation, ConversationSnapshot } from '@sangam/client'
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'

/** Closer to the bottom than this counts as reading the newest. */
const NEAR_PX = 48

const isNearEnd = (element: HTMLElement): boolean =>
  element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX

interface MessageScroll {
  readonly frame: RefObject<HTMLDivElement | null>
  /** Stands above the first message; when it comes into sight, an earlier page is loaded. */
  readonly top: RefObject<HTMLDivElement | null>
  readonly atNewest: boolean
  /** Messages by others that came below what is in sight. */
  readonly newBelow: number
  jump(): void
}

/**
 * Keeps the reader where they read: at the bottom it follows new messages, further up nothing moves, also when
 * earlier pages arrive above. Tells the conversation what has been read while the page is in sight.
 */
export function useMessageScroll(
  conversation: Conversation,
  snapshot: ConversationSnapshot,
  beginsAtUnread: boolean,
): MessageScroll {
  const frame = useRef<HTMLDivElement>(null)
  const top = useRef<HTMLDivElement>(null)
  // Where there is something unread, nothing counts as read before it is known what is in sight.
  const [atNewest, setAtNewest] = useState(!beginsAtUnread)
  const seenNumber = useRef(snapshot.lastNumber)
  const following = useRef(true)

  useAnchoring(frame, snapshot, following)
  useEarlierPages(frame, top, conversation, snapshot.hasEarlier)
  useReading(conversation, snapshot.lastNumber, atNewest)

  useEffect(() => {
    const element = frame.current
    if (element === null) return
    const onScroll = () => {
      const near = isNearEnd(element)
      following.current = near
      setAtNewest(near)
    }
    onScroll()
    element.addEventListener('scroll', onScroll, { passive: true })
    return () => element.removeEventListener('scroll', onScroll)
  }, [])

  if (atNewest) seenNumber.current = snapshot.lastNumber
  const newBelow = snapshot.messages.filter(
    ({ number, own }) => !own && (number ?? 0) > seenNumber.current,
  ).length

  const jump = useCallback(() => {
    const element = frame.current
    element?.scrollTo({ top: element.scrollHeight, behavior: 'smooth' })
  }, [])
  return { frame, top, atNewest, newBelow, jump }
}

function useAnchoring(
  frame: RefObject<HTMLDivElement | null>,
  { messages }: ConversationSnapshot,
  following: RefObject<boolean>,
): void {
  const before = useRef<{ firstKey: string | undefined; lastKey: string | undefined; heightPx: number }>(
    undefined,
  )
  useLayoutEffect(() => {
    const element = frame.current
    if (element === null) return
    const first = messages[0]
    const last = messages.at(-1)
    const previous = before.current
    const ownIsNew = last?.own === true && last.key !== previous?.lastKey
    const unreadLine = previous === undefined ? element.querySelector('[data-unread-line]') : null
    if (unreadLine !== null) {
      unreadLine.scrollIntoView({ block: 'start' })
      following.current = isNearEnd(element)
    } else if (previous === undefined || following.current || ownIsNew) {
      element.scrollTop = element.scrollHeight
    } else if (first?.key !== previous.firstKey && last?.key === previous.lastKey) {
      element.scrollTop += element.scrollHeight - previous.heightPx
    }
    before.current = { firstKey: first?.key, lastKey: last?.key, heightPx: element.scrollHeight }
  }, [frame, messages, following])

  // The frame shrinks when a phone's keyboard opens or the composer grows.
  useEffect(() => {
    const element = frame.current
    if (element === null) return
    const observer = new ResizeObserver(() => {
      if (following.current) element.scrollTop = element.scrollHeight
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [frame, following])
}

function useEarlierPages(
  frame: RefObject<HTMLDivElement | null>,
  top: RefObject<HTMLDivElement | null>,
  conversation: Conversation,
  hasEarlier: boolean,
): void {
  useEffect(() => {
    if (!hasEarlier || top.current === null) return
    let loading = false
    const load = (inSight: boolean) => {
      if (!inSight || loading) return
      loading = true
      // A page that failed to load is asked for again when the reader next scrolls to the top.
      conversation.loadEarlier().then(
        () => {
          loading = false
        },
        () => {
          loading = false
        },
      )
    }
    const observer = new IntersectionObserver(
      (entries) => load(entries.some((entry) => entry.isIntersecting)),
      {
        root: frame.current,
        rootMargin: '200px 0px 0px',
      },
    )
    observer.observe(top.current)
    return () => observer.disconnect()
  }, [frame, top, conversation, hasEarlier])
}

function useReading(conversation: Conversation, lastNumber: number, atNewest: boolean): void {
  useEffect(() => {
    const read = () => {
      if (!atNewest || lastNumber === 0 || document.visibilityState !== 'visible') return
      // A receipt that got lost is made good by the next one: it never goes backwards.
      conversation.markRead(lastNumber).catch(() => {})
    }
    read()
    document.addEventListener('visibilitychange', read)
    return () => document.removeEventListener('visibilitychange', read)
  }, [conversation, lastNumber, atNewest])
}
