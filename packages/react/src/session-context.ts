import type { Session } from '@sangam/client'
import { createContext, createElement, type ReactNode, useContext } from 'react'

const SessionContext = createContext<Session | undefined>(undefined)

/** Gives a session to every hook below it. */
export function SangamProvider(props: {
  readonly session: Session
  readonly children?: ReactNode
}): ReactNode {
  return createElement(SessionContext.Provider, { value: props.session }, props.children)
}

/** The session of the nearest `SangamProvider`. Throws without one. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (session === undefined) throw new Error('This hook needs a <SangamProvider session={…}> above it.')
  return session
}
