import { createContext, createElement, useContext, useSyncExternalStore } from 'react'
import type { Session, Store } from '@sangam/client'
const C = createContext<Session | undefined>(undefined)
export const SangamProvider = (p: any) => createElement(C.Provider, { value: p.session }, p.children)
const s = (st: Store<any>) => useSyncExternalStore((f) => st.subscribe(f), () => st.get())
export const useSession = () => useContext(C)!
export const usePeople = () => s(useSession().people)
export const useConversations = () => s(useSession().conversationList)
export const useRooms = () => s(useSession().rooms)
export const useCall = (c: any) => s(c.state)
export const useRoom = (c: any) => s(c.state)
export const useTrack = (c: any) => s(c.state)
