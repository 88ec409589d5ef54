import { type Knock, policyReasonOf, type Room, type Session } from '@sangam/client'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useNotify } from '../design/toasts.tsx'
import { errorWords } from '../session/error-words.ts'
import { closedWords } from './room-words.ts'

/** Where one stands before a room. */
export type RoomEntry =
  | { readonly at: 'door' }
  | { readonly at: 'joining' }
  | { readonly at: 'waiting'; readonly knock: Knock }
  | { readonly at: 'refused'; readonly reason: string }

interface RoomEntryOptions {
  readonly session: Session
  readonly roomId: string
  readonly name: string
  readonly invite: string | undefined
  readonly onJoined: (room: Room) => void
}

/** Joins a room, by way of its lobby where it has one. */
export function useRoomEntry({ session, roomId, name, invite, onJoined }: RoomEntryOptions) {
  const [entry, setEntry] = useState<RoomEntry>({ at: 'door' })
  const notify = useNotify()
  const latest = useRef({ onJoined })
  latest.current = { onJoined }
  const waiting = useRef<Knock>(undefined)
  const gone = useRef(false)
  useEffect(() => {
    gone.current = false
    return () => {
      gone.current = true
      void waiting.current?.leave()
    }
  }, [])

  const join = useCallback(async () => {
    const passed = invite === undefined ? {} : { invite }
    const refused = (error: unknown): void => {
      const reason = policyReasonOf(error)
      if (reason !== undefined && closedWords(reason) !== undefined) setEntry({ at: 'refused', reason })
      else {
        notify(errorWords(error))
        setEntry({ at: 'door' })
      }
    }
    const wait = async (): Promise<void> => {
      const knock = await session.knock(roomId, passed)
      waiting.current = knock
      if (gone.current) {
        await knock.leave()
        return
      }
      if (knock.state.get().state === 'open') return enter()
      setEntry({ at: 'waiting', knock })
      knock.once('admitted', () => void enter())
      knock.once('turnedAway', (reason) => setEntry({ at: 'refused', reason }))
    }
    const enter = async (): Promise<void> => {
      setEntry((before) => (before.at === 'waiting' ? before : { at: 'joining' }))
      try {
        latest.current.onJoined(await session.join(roomId, { name, ...passed }))
      } catch (error) {
        if (policyReasonOf(error) === 'waitInLobby') await wait().catch(refused)
        else refused(error)
      }
    }
    await enter()
  }, [session, roomId, name, invite, notify])

  const leave = useCallback(() => {
    void waiting.current?.leave()
    setEntry({ at: 'door' })
  }, [])
  const again = useCallback(() => setEntry({ at: 'door' }), [])
  return { entry, join, leave, again }
}
